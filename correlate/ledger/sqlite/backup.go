package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/shipwake/shipwake/correlate/ledger/sqlite/disk"
	"github.com/shipwake/shipwake/correlate/ledger/sqlite/migrations"
)

// partialSuffix marks a backup that isn't finished.
const partialSuffix = ".partial"

// Backup is what was written.
type Backup struct {
	Dir        string // the directory, on which a daemon can be started
	Bytes      int64  // of the database in it
	Deliveries int64  // that it holds
	Facts      int64
	Took       time.Duration
}

// BackUp copies the ledger of a data directory into a new one, whether a daemon is running on it or not. The copy is of
// one instant and holds every fact that was acknowledged before the call. It is read in one transaction, beside which
// the daemon goes on committing into its write-ahead log; that can't be folded into the file until the copy is done, and
// so grows meanwhile. The copy is checked and synced before it gets its name: a directory that is called as asked is
// whole. What is already at that name is never overwritten.
func BackUp(ctx context.Context, dir, to string) (Backup, error) {
	began := time.Now()
	dir, err := filepath.Abs(dir)
	if err != nil {
		return Backup{}, err
	}
	if to, err = filepath.Abs(to); err != nil {
		return Backup{}, err
	}
	if err := vacant(to); err != nil {
		return Backup{}, err
	}
	source := filepath.Join(dir, fileName)
	if _, err := os.Stat(source); errors.Is(err, fs.ErrNotExist) {
		return Backup{}, fmt.Errorf("there is no ledger in %s: name the data directory of the daemon", dir)
	} else if err != nil {
		return Backup{}, err
	}
	partial := to + partialSuffix
	if err := os.MkdirAll(partial, 0o700); err != nil {
		return Backup{}, fmt.Errorf("the backup can't be made: %w", err)
	}
	lock, err := disk.Acquire(partial)
	if err != nil {
		return Backup{}, err
	}
	defer lock.Close()
	b, err := copyTo(ctx, source, partial)
	if runtime.GOOS == "windows" {
		err = errors.Join(err, lock.Close()) // a directory with an open file can't be renamed there
	}
	if err == nil {
		err = publish(partial, to)
	}
	if err != nil {
		return Backup{}, errors.Join(err, os.RemoveAll(partial))
	}
	b.Dir, b.Took = to, time.Since(began)
	return b, nil
}

// vacant refuses a target that is already there. An empty directory will do.
func vacant(to string) error {
	entries, err := os.ReadDir(to)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && len(entries) == 0:
		return nil
	case err == nil:
		return fmt.Errorf("%s isn't empty, and a backup overwrites nothing: name a directory that doesn't exist yet", to)
	}
	return fmt.Errorf("a backup is a directory of its own, and %s can't be one: %w", to, err)
}

// copyTo writes the ledger of a file into a directory and compares. What an interrupted backup left there goes first.
func copyTo(ctx context.Context, source, into string) (Backup, error) {
	path := filepath.Join(into, fileName)
	for _, suffix := range []string{"", "-journal", "-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return Backup{}, err
		}
	}
	before, err := copyFile(ctx, source, path)
	if err != nil {
		return Backup{}, err
	}
	after, err := verify(ctx, path)
	if err != nil {
		return Backup{}, fmt.Errorf("the copy isn't sound: %w", err)
	}
	if after.Deliveries < before.Deliveries || after.Facts < before.Facts {
		return Backup{}, fmt.Errorf("the copy has %d deliveries and %d facts, fewer than the %d and %d there were when it was begun",
			after.Deliveries, after.Facts, before.Deliveries, before.Facts)
	}
	return after, syncFile(path)
}

// copyFile has SQLite write a compact copy, for this user alone, and says what there was just before.
func copyFile(ctx context.Context, source, path string) (held Backup, err error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return Backup{}, err
	}
	if err := file.Close(); err != nil {
		return Backup{}, err
	}
	err = reading(ctx, source, func(conn *sql.Conn) error {
		version, err := migrations.Schema(ctx, conn, source, "")
		if err != nil {
			return err
		}
		if version == 0 {
			return fmt.Errorf("%s is empty: a daemon has never been started on it", source)
		}
		if held, err = count(ctx, conn); err != nil {
			return err
		}
		_, err = conn.ExecContext(ctx, "VACUUM INTO ?", path)
		return err
	})
	switch {
	case damaged(err):
		err = fmt.Errorf("%s is damaged: %w", source, err)
	case full(err):
		err = fmt.Errorf("the disk of %s is full: %w", path, err)
	}
	return held, err
}

// verify has SQLite check every page, every index and every reference of a copy.
func verify(ctx context.Context, path string) (b Backup, err error) {
	err = reading(ctx, path, func(conn *sql.Conn) error {
		if _, err := migrations.Schema(ctx, conn, path, ""); err != nil {
			return err
		}
		findings, err := list(ctx, conn, scanText, "PRAGMA integrity_check(3)")
		if err != nil {
			return err
		}
		if len(findings) != 1 || findings[0] != "ok" {
			return fmt.Errorf("%s: %v", path, findings)
		}
		orphans, err := list(ctx, conn, scanInt, "SELECT count(*) FROM pragma_foreign_key_check")
		if err != nil {
			return err
		}
		if orphans[0] > 0 {
			return fmt.Errorf("%s: %d rows refer to rows that aren't there", path, orphans[0])
		}
		b, err = count(ctx, conn)
		return err
	})
	if err != nil {
		return Backup{}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return Backup{}, err
	}
	b.Bytes = info.Size()
	return b, nil
}

// reading opens a database that is there already, for reading only.
func reading(ctx context.Context, path string, use func(*sql.Conn) error) error {
	return readingBy(ctx, path, "mode=ro", use)
}

func readingBy(ctx context.Context, path, mode string, use func(*sql.Conn) error) (err error) {
	db, err := connect(path, mode)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	return use(conn)
}

func count(ctx context.Context, conn *sql.Conn) (b Backup, err error) {
	err = conn.QueryRowContext(ctx, "SELECT (SELECT count(*) FROM deliveries), (SELECT count(*) FROM facts)").Scan(&b.Deliveries, &b.Facts)
	return b, err
}

// publish gives a finished directory its name.
func publish(partial, to string) error {
	if err := disk.SyncDir(partial); err != nil {
		return err
	}
	if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) { // an empty directory
		return err
	}
	if err := os.Rename(partial, to); err != nil {
		return err
	}
	return disk.SyncDir(filepath.Dir(to))
}

func syncFile(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

func scanText(scan func(...any) error) (text string, err error) {
	err = scan(&text)
	return text, err
}
