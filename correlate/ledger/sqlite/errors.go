package sqlite

import (
	"errors"
	"fmt"
	"syscall"

	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/shipwake/shipwake/correlate"
)

// errClosed answers writes after Close. It is worth another try: a reload opens the ledger again.
var errClosed = fmt.Errorf("%w: it is closed", correlate.ErrUnavailable)

// unavailable wraps what the disk or another process did to a write in correlate.ErrUnavailable, and leaves every
// other error as it is.
func unavailable(err error) error {
	switch code(err) {
	case lib.SQLITE_FULL:
		return fmt.Errorf("%w: the disk is full: %w", correlate.ErrUnavailable, err)
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED, lib.SQLITE_PROTOCOL:
		return fmt.Errorf("%w: another program holds the database: %w", correlate.ErrUnavailable, err)
	case lib.SQLITE_IOERR, lib.SQLITE_READONLY, lib.SQLITE_CANTOPEN, lib.SQLITE_NOMEM, lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		return fmt.Errorf("%w: %w", correlate.ErrUnavailable, err)
	}
	return err
}

// noRoom is a full disk, however SQLite or the system says it.
func noRoom(err error) bool {
	var e *driver.Error
	return full(err) || errors.Is(err, syscall.ENOSPC) || errors.As(err, &e) && e.Code() == lib.SQLITE_IOERR_SHMSIZE
}

func full(err error) bool { return code(err) == lib.SQLITE_FULL }

// damaged says whether SQLite found something that isn't a sound database.
func damaged(err error) bool {
	var found damage
	if errors.As(err, &found) {
		return true
	}
	c := code(err)
	return c == lib.SQLITE_CORRUPT || c == lib.SQLITE_NOTADB
}

// code is the primary result code of an error from SQLite, 0 for any other error.
func code(err error) int {
	var e *driver.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}
