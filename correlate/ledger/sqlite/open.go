package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	driver "modernc.org/sqlite"

	"github.com/shipwake/shipwake/correlate/ledger"
	"github.com/shipwake/shipwake/correlate/ledger/sqlite/disk"
)

const (
	fileName = "ledger.db"
	magic    = "SQLite format 3\x00"
	pageSize = 4096
	// readConnections bounds how many reads run at once; each has a page cache of its own.
	readConnections = 4
	// readBytes is the page cache of each.
	readBytes = 2 << 20
	// PageCache is the most that all page caches of a ledger take, in bytes, outside of Go's heap.
	PageCache = cacheBytes + readConnections*readBytes
)

// Ledger is a ledger.Ledger in one file. Use Open.
type Ledger struct {
	options Options
	path    string
	lock    *os.File
	readers *sql.DB
	writer  *writer
	asked

	checking  sync.WaitGroup
	stopCheck context.CancelFunc // nil when nothing is checked beside
}

var _ ledger.Ledger = (*Ledger)(nil)

// Open opens the ledger of a data directory, or starts one. It refuses a directory that another process uses, a file
// that isn't a ledger, one that is damaged, and one with a schema newer than this program knows.
func Open(ctx context.Context, options Options) (*Ledger, error) {
	options = options.withDefaults()
	dir, err := filepath.Abs(options.Dir)
	if err != nil {
		return nil, fmt.Errorf("the data directory %s: %w", options.Dir, err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("the data directory %s can't be made: %w", dir, err)
	}
	lock, err := disk.Acquire(dir)
	if err != nil {
		return nil, err
	}
	l := &Ledger{options: options, path: filepath.Join(dir, fileName), lock: lock}
	if err := l.openWithin(ctx, dir); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// openWithin opens with the reserve at hand: a full disk must not keep the daemon from starting to be read.
func (l *Ledger) openWithin(ctx context.Context, dir string) error {
	r, err := disk.NewReserve(dir, l.options.Reserve)
	if err != nil {
		return err
	}
	err = l.open(ctx, dir, r)
	if noRoom(err) && r.Spend() {
		if err := l.close(); err != nil {
			return err
		}
		err = l.open(ctx, dir, r)
	}
	if noRoom(err) {
		return fmt.Errorf("the disk of %s is full, so full that the ledger can't even be read: free some space: %w", dir, err)
	}
	return explained(l.path, err)
}

func (l *Ledger) open(ctx context.Context, dir string, r *disk.Reserve) error {
	// Reading the header comes before SQLite has the file open: closing any descriptor of a file drops the process's
	// POSIX locks on it.
	if err := checkMagic(l.path); err != nil {
		return err
	}
	var err error
	if l.writer, err = newWriter(ctx, l.path, r, l.options); err != nil {
		return err
	}
	if l.readers, err = connect(l.path, "_query_only=1", fmt.Sprintf("_pragma=cache_size(-%d)", readBytes>>10)); err != nil {
		return err
	}
	l.asked = asked{l.readers}
	l.readers.SetMaxOpenConns(readConnections)
	l.readers.SetMaxIdleConns(readConnections)
	if err := disk.SyncDir(dir); err != nil {
		return err
	}
	small := bytesOf(l.path) <= l.options.checkFirst
	if small {
		if err := check(ctx, l.readers); err != nil {
			return err
		}
	}
	r.Take()
	l.writer.start()
	if !small {
		beside, stop := context.WithCancel(context.Background())
		l.stopCheck = stop
		l.checking.Go(func() { l.checkBeside(beside) })
	}
	return nil
}

// Close waits for the commit that is under way, refuses what comes after, and gives the directory free. Closing
// again changes nothing.
func (l *Ledger) Close() error {
	err := l.close()
	if unlock := l.lock.Close(); !errors.Is(unlock, os.ErrClosed) {
		err = errors.Join(err, unlock)
	}
	return err
}

// close closes readers first: the last connection to close folds the write-ahead log into the file.
func (l *Ledger) close() error {
	var errs []error
	if l.stopCheck != nil {
		l.stopCheck()
		l.checking.Wait()
	}
	if l.readers != nil {
		errs = append(errs, l.readers.Close())
	}
	if l.writer != nil {
		errs = append(errs, l.writer.close())
		l.writer.reserve.KeepSome()
	}
	return errors.Join(errs...)
}

// checkMagic refuses a file that isn't a SQLite database, and makes an empty one, for this user only, where none is.
func checkMagic(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return disk.Inaccessible(path, err)
	}
	head := make([]byte, len(magic))
	n, err := io.ReadFull(file, head)
	if closed := file.Close(); closed != nil {
		return closed
	}
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return err
	case string(head[:n]) != magic:
		return fmt.Errorf("%s is not a SQLite database: move it away, or choose another data directory", path)
	}
	return nil
}

// connect opens a pool with what every connection needs.
func connect(path string, extra ...string) (*sql.DB, error) {
	query := append([]string{
		"_busy_timeout=5000", "_synchronous=FULL", "_foreign_keys=1", "_dqs=0", "_defensive=1", "_error_rc=1",
		"_pragma=trusted_schema(0)",
	}, extra...)
	name := filepath.ToSlash(path)
	if !strings.HasPrefix(name, "/") {
		name = "/" + name
	}
	dsn := url.URL{Scheme: "file", Path: name, RawQuery: strings.Join(query, "&")}
	connector, err := driver.NewConnector(dsn.String())
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}
