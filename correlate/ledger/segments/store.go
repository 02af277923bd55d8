package segments

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/shipwake/shipwake/correlate/ledger/sqlite/disk"
)

const (
	suffix     = ".cells"
	marked     = ".marked" + suffix
	unfinished = ".tmp"
)

// Options say where segments are kept and how many.
type Options struct {
	// Dir is their directory; it is created, for this user only, if it isn't there.
	Dir string
	// Budget is how many bytes they may take together.
	Budget int64
	// Spare is how many bytes of the disk are left to others: segments are refused that would take of that.
	Spare int64

	free func(dir string) int64 // disk.Free; tests have others
}

// Segment is a file about the stretch [From, To) of time, in Unix seconds.
type Segment struct {
	From, To int64
	Bytes    int64
	Marked   bool // it is told apart from others, so that it is found without being read
}

func (s Segment) name() string {
	if s.Marked {
		return fmt.Sprintf("%d-%d%s", s.From, s.To, marked)
	}
	return fmt.Sprintf("%d-%d%s", s.From, s.To, suffix)
}

// Store is the segments of a directory. It is safe for concurrent use; no lock is held while a file is read or written.
type Store struct {
	options Options
	mu      sync.Mutex
	all     []Segment // by From
}

// State is how much there is.
type State struct {
	Bytes, Budget int64
	// From and To are the stretch that is there without a hole, up to the newest; zero when nothing is.
	From, To int64
}

// ErrNoSpace is returned while the disk has no more room than is to be left to others.
var ErrNoSpace = errors.New("the disk is nearly full")

// Open finds the segments of a directory. What was not written to its end is removed.
func Open(o Options) (*Store, error) {
	if o.free == nil {
		o.free = disk.Free
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(o.Dir)
	if err != nil {
		return nil, err
	}
	st := &Store{options: o}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), unfinished) {
			if err := st.remove(e.Name()); err != nil {
				return nil, err
			}
			continue
		}
		info, err := e.Info()
		if err != nil {
			return nil, err
		}
		s := Segment{Marked: strings.HasSuffix(e.Name(), marked)}
		if _, err := fmt.Sscanf(e.Name(), "%d-%d.", &s.From, &s.To); err == nil && s.name() == e.Name() {
			s.Bytes = info.Size()
			st.all = append(st.all, s)
		}
	}
	slices.SortFunc(st.all, func(a, b Segment) int { return cmp.Compare(a.From, b.From) })
	return st, nil
}

// Put keeps a blob about the stretch of a segment, which lies after all others. The oldest segments go that it takes to stay within the
// budget. The blob is durable when it returns without an error; else it is not there. Only one goroutine calls Put and
// Expire.
func (st *Store) Put(s Segment, blob []byte) error {
	s.Bytes = int64(len(blob))
	switch last := st.State().To; {
	case s.From < last:
		return fmt.Errorf("a segment from %d: what is before %d is there already", s.From, last)
	case s.Bytes > st.options.Budget:
		return fmt.Errorf("a segment of %d bytes: more than the budget of %d", s.Bytes, st.options.Budget)
	}
	if err := st.shrink(st.options.Budget - s.Bytes); err != nil {
		return err
	}
	if free := st.options.free(st.options.Dir); free-s.Bytes < st.options.Spare {
		return fmt.Errorf("%w: %d MiB are free in %s, and %d MiB of it are left to others",
			ErrNoSpace, free>>20, st.options.Dir, st.options.Spare>>20)
	}
	if err := st.write(s.name(), blob); err != nil {
		return errors.Join(err, st.remove(s.name()+unfinished))
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	st.all = append(st.all, s)
	return nil
}

func (st *Store) write(name string, blob []byte) error {
	path := filepath.Join(st.options.Dir, name)
	file, err := os.OpenFile(path+unfinished, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(blob)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+unfinished, path); err != nil {
		return err
	}
	return disk.SyncDir(st.options.Dir)
}

// shrink removes the oldest until the others take no more than so many bytes.
func (st *Store) shrink(most int64) error {
	return st.removeOldest(func(s State, _ Segment) bool { return s.Bytes > most })
}

// Expire removes what is only about the time before an instant.
func (st *Store) Expire(before int64) error {
	return st.removeOldest(func(_ State, oldest Segment) bool { return oldest.To <= before })
}

func (st *Store) removeOldest(which func(State, Segment) bool) error {
	for {
		all := st.Between(0, maxTime)
		if len(all) == 0 || !which(st.State(), all[0]) {
			return nil
		}
		if err := st.remove(all[0].name()); err != nil {
			return err
		}
		st.mu.Lock()
		st.all = st.all[1:]
		st.mu.Unlock()
	}
}

func (st *Store) remove(name string) error {
	err := os.Remove(filepath.Join(st.options.Dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// maxTime is later than every instant.
const maxTime = 1 << 62

// Between are the segments about any of the time in [from, to), oldest first.
func (st *Store) Between(from, to int64) (found []Segment) {
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, s := range st.all {
		if s.From < to && s.To > from {
			found = append(found, s)
		}
	}
	return found
}

// Read is the blob of a segment.
func (st *Store) Read(s Segment) ([]byte, error) {
	return os.ReadFile(filepath.Join(st.options.Dir, s.name()))
}

// State is how much there is.
func (st *Store) State() State {
	st.mu.Lock()
	defer st.mu.Unlock()
	s := State{Budget: st.options.Budget}
	for i := len(st.all) - 1; i >= 0; i-- {
		s.Bytes += st.all[i].Bytes
		switch {
		case s.To == 0:
			s.From, s.To = st.all[i].From, st.all[i].To
		case s.From == st.all[i].To:
			s.From = st.all[i].From
		}
	}
	return s
}
