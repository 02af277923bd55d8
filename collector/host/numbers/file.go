package numbers

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/correlate/ledger"
)

// fileName is the table in the data directory. It may be removed at any time: it is made again from the ledger.
const fileName = "dora.table"

// magic is what the file begins with. Its last byte is the version of what follows.
var magic = [8]byte{'s', 'h', 'i', 'p', 'd', 'o', 'r', dora.PartsVersion}

// of says which ledger a file is of, and how much of it.
type of struct {
	since time.Time // the beginning of its history
	mark  ledger.Mark
}

// The file is the magic, three numbers that say what it is of, the parts with their lengths, a length of 0, and the CRC-32C
// of all that. Numbers are eight bytes each.

// write leaves a table in a directory, in place of the one before.
func write(dir string, what of, table *dora.Table) (err error) {
	file, err := os.CreateTemp(dir, fileName+".*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, discard(file, err)) }()
	w := writer{bufio.NewWriterSize(file, 1<<18), crc32.New(crc32.MakeTable(crc32.Castagnoli))}
	w.bytes(magic[:])
	w.number(uint64(what.since.UnixMicro()))
	w.number(uint64(what.mark.Changes))
	w.number(uint64(what.mark.Incidents))
	for part := range table.Parts {
		w.number(uint64(len(part)))
		w.bytes(part)
	}
	w.number(0)
	w.number(uint64(w.sum.Sum32()))
	if err := errors.Join(w.to.Flush(), file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), filepath.Join(dir, fileName))
}

// discard removes a file that couldn't be written whole.
func discard(file *os.File, err error) error {
	if err == nil {
		return nil
	}
	_ = file.Close() // it may be closed already
	return os.Remove(file.Name())
}

// writer sums up what it writes. Errors come out of Flush.
type writer struct {
	to  *bufio.Writer
	sum hash.Hash32
}

func (w writer) bytes(b []byte) {
	w.sum.Write(b)
	w.to.Write(b)
}

func (w writer) number(n uint64) { w.bytes(binary.LittleEndian.AppendUint64(nil, n)) }

// read puts what was left in a directory into a table. After an error the table is of no use.
func read(dir string, into *dora.Table) (what of, err error) {
	file, err := os.Open(filepath.Join(dir, fileName))
	if err != nil {
		return of{}, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	is, err := file.Stat()
	if err != nil {
		return of{}, err
	}
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	r := &reader{from: bufio.NewReaderSize(file, 1<<18), most: uint64(is.Size()), sum: sum}
	if string(r.bytes(uint64(len(magic)))) != string(magic[:]) {
		return of{}, errors.Join(r.err, fmt.Errorf("%s is of another version", file.Name()))
	}
	what = of{since: time.UnixMicro(int64(r.number())).UTC()}
	what.mark.Changes, what.mark.Incidents = int64(r.number()), int64(r.number())
	for length := r.number(); length > 0 && r.err == nil; length = r.number() {
		if r.err = into.Restore(r.bytes(length)); r.err != nil {
			break
		}
	}
	if whole := uint64(sum.Sum32()); r.err == nil && r.number() != whole {
		r.err = fmt.Errorf("%s is damaged", file.Name())
	}
	return what, r.err
}

// reader sums up what it reads. After an error it reads nothing.
type reader struct {
	from io.Reader
	most uint64 // bytes at once
	sum  hash.Hash32
	buf  []byte
	err  error
}

// bytes are the next n, valid until the next call.
func (r *reader) bytes(n uint64) []byte {
	if r.err == nil && n > r.most {
		r.err = errors.New("a part is longer than the file")
	}
	if r.err != nil {
		return nil
	}
	if uint64(cap(r.buf)) < n {
		r.buf = make([]byte, n)
	}
	_, r.err = io.ReadFull(r.from, r.buf[:n])
	r.sum.Write(r.buf[:n])
	return r.buf[:n]
}

func (r *reader) number() uint64 {
	b := r.bytes(8)
	if r.err != nil {
		return 0
	}
	return binary.LittleEndian.Uint64(b)
}
