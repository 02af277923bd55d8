package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// StandardReserve is the usual size, in bytes.
const StandardReserve = 64 << 20

const (
	// reserveShare bounds the reserve on a small disk: at most one part in so many of its size.
	reserveShare = 16
	// leastReserve is what SQLite needs to open a database, with some to spare, in bytes.
	leastReserve = 128 << 10
	// retakeEvery is how often space for the reserve is looked for once it is spent.
	retakeEvery = time.Second
)

// Reserve is a file that does nothing but take up space. When the disk is full and the daemon has to write what it knows
// (records, checkpoints, that a message was sent), the file makes way. From then on facts are refused, so that they don't
// Take that space too; when there is room for the file again, they are taken again.
//
// The zero value is no reserve. Only one goroutine calls Take, Spend and Retake.
type Reserve struct {
	path  string
	size  int64
	spent atomic.Bool
	tried time.Time
}

// NewReserve is the reserve of a data directory: size bytes, less on a small disk, 0 for none. Take makes the file.
func NewReserve(dir string, size int64) (*Reserve, error) {
	r := &Reserve{path: filepath.Join(dir, "reserve")}
	if size <= 0 {
		return r, r.remove()
	}
	r.size = size
	if disk := diskSize(dir); disk > 0 {
		r.size = min(r.size, disk/reserveShare)
	}
	return r, nil
}

// Take makes the file, or leaves the reserve spent when there is no room for it.
func (r *Reserve) Take() {
	if r.size == 0 {
		return
	}
	err := r.allocate(r.size)
	if err != nil {
		_ = r.remove()
	}
	r.spent.Store(err != nil)
	r.tried = time.Now()
}

// KeepSome leaves, of a reserve that was spent, as much as there is room for when the ledger is closed: the next start
// needs a little space even to read.
func (r *Reserve) KeepSome() {
	for size := r.size; r.spent.Load() && size >= leastReserve; size /= 2 {
		if r.allocate(size) == nil {
			return
		}
		_ = r.remove()
	}
}

func (r *Reserve) allocate(size int64) error {
	if info, err := os.Stat(r.path); err == nil && info.Size() == size {
		return nil
	}
	file, err := os.OpenFile(r.path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(allocate(file, size), file.Sync(), file.Close())
}

// Spend gives the space free, and says whether there was any to give.
func (r *Reserve) Spend() bool {
	if r.size == 0 || r.spent.Load() {
		return false
	}
	r.spent.Store(true)
	r.tried = time.Now()
	return r.remove() == nil
}

// Retake looks for space at times, as long as the reserve is spent.
func (r *Reserve) Retake() {
	if r.spent.Load() && time.Since(r.tried) >= retakeEvery {
		r.Take()
	}
}

func (r *Reserve) remove() error {
	if err := os.Remove(r.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Spent tells whether the space was given up and isn't there again.
func (r *Reserve) Spent() bool { return r.spent.Load() }

// Refusal is what facts are told while the reserve is spent.
func (r *Reserve) Refusal() error {
	return fmt.Errorf("%w: the disk is full; facts are taken again when %d MiB are free in %s", correlate.ErrUnavailable,
		(r.size+1<<20-1)>>20, filepath.Dir(r.path))
}

// fill writes zeros, where space can't be had by asking for it.
func fill(file *os.File, size int64) error {
	zeros := make([]byte, 1<<20)
	for at := int64(0); at < size; at += int64(len(zeros)) {
		if _, err := file.WriteAt(zeros[:min(int64(len(zeros)), size-at)], at); err != nil {
			return err
		}
	}
	return nil
}
