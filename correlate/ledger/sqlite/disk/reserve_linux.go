package disk

import (
	"errors"
	"math"
	"os"
	"syscall"
)

// allocate has the file system set space aside.
func allocate(file *os.File, size int64) error {
	err := syscall.Fallocate(int(file.Fd()), 0, 0, size)
	if errors.Is(err, syscall.EOPNOTSUPP) {
		return fill(file, size)
	}
	return err
}

// diskSize is the size of the file system of a directory, in bytes; 0 when it can't be had.
func diskSize(dir string) int64 {
	var s syscall.Statfs_t
	if syscall.Statfs(dir, &s) != nil {
		return 0
	}
	return int64(s.Blocks) * s.Bsize
}

// Free is the space of the file system of a directory that this user may still take, in bytes; math.MaxInt64 when that
// can't be had.
func Free(dir string) int64 {
	var s syscall.Statfs_t
	if syscall.Statfs(dir, &s) != nil {
		return math.MaxInt64
	}
	return int64(s.Bavail) * s.Bsize
}
