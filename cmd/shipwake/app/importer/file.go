package importer

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
)

// file is one that is read, with what it is compressed by taken off.
type file struct {
	io.Reader
	closers []io.Closer
}

// openFile opens a file; progress is told of its bytes as they lie on disk.
func openFile(name string, progress *Progress) (*file, error) {
	raw, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	f := &file{closers: []io.Closer{raw}}
	buffered := bufio.NewReaderSize(&counted{raw, progress}, 256<<10)
	f.Reader = buffered
	if magic, _ := buffered.Peek(2); string(magic) == "\x1f\x8b" {
		unzipped, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", name, err), raw.Close())
		}
		f.Reader = unzipped
		f.closers = append(f.closers, unzipped)
	}
	return f, nil
}

// Close implements io.Closer.
func (f *file) Close() error {
	var errs []error
	for _, c := range f.closers {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

type counted struct {
	io.Reader
	progress *Progress
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.progress.bytes(int64(n))
	return n, err
}
