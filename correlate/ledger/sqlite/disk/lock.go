package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// errLocked is returned by lockFile when another process, or another Ledger of this one, holds the lock.
var errLocked = errors.New("locked")

// Acquire locks a data directory until the file is closed or the process dies. The file holds the process id.
func Acquire(dir string) (*os.File, error) {
	path := filepath.Join(dir, "lock")
	file, err := lockFile(path)
	switch {
	case errors.Is(err, errLocked):
		return nil, fmt.Errorf("the data directory %s is in use by %s: stop it, or choose another directory",
			dir, holder(path))
	case err != nil:
		return nil, fmt.Errorf("the data directory %s can't be locked: %w", dir, Inaccessible(path, err))
	}
	if err := writePID(file); err != nil && !errors.Is(err, syscall.ENOSPC) { // it is only there to be told
		return nil, errors.Join(fmt.Errorf("the data directory %s can't be locked: %w", dir, err), file.Close())
	}
	return file, nil
}

func writePID(file *os.File) error {
	if err := file.Truncate(0); err != nil {
		return err
	}
	_, err := file.WriteAt(fmt.Appendf(nil, "%d\n", os.Getpid()), 0)
	return err
}

func holder(path string) string {
	text, err := os.ReadFile(path)
	pid := strings.TrimSpace(string(text))
	if err != nil || pid == "" {
		return "another process"
	}
	return "process " + pid
}

// Inaccessible says what would be right where a file of the ledger can't be opened.
func Inaccessible(path string, err error) error {
	if info, failed := os.Stat(path); failed == nil && info.IsDir() {
		return fmt.Errorf("%s is a directory, and should be the file of the ledger: move it away, or choose another data directory", path)
	}
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w: this user must be able to read and write it; start the daemon as the user that owns the file, "+
			"or give it to this one (uid %d)", err, os.Getuid())
	}
	return err
}
