package history

import (
	"errors"
	"hash/fnv"
	"slices"
	"time"
)

// mostKnown bounds a Lookup: 16 bytes for each.
const mostKnown = 8_000_000

// Lookup remembers times by name, such as when commits were authored, in 16 bytes each. It is read when it is filled. Names are
// told apart by 64 bits of a hash: of eight million two are mistaken for each other with a chance of one in half a million.
type Lookup struct {
	known  []known
	sorted bool
}

type known struct {
	name uint64
	at   int64 // Unix time in microseconds
}

// Add notes a time; of several of one name the earliest counts.
func (l *Lookup) Add(name string, at time.Time) error {
	if len(l.known) == mostKnown {
		return errors.New("is too long to be remembered; join it to the other table in the export, see docs/import.md")
	}
	l.known, l.sorted = append(l.known, known{hashOf(name), at.UnixMicro()}), false
	return nil
}

// Find is the time of a name, the zero time when it isn't known.
func (l *Lookup) Find(name string) time.Time {
	if !l.sorted {
		slices.SortFunc(l.known, func(a, b known) int {
			if a.name != b.name {
				return order(a.name < b.name)
			}
			return order(a.at < b.at)
		})
		l.sorted = true
	}
	hash := hashOf(name)
	i, found := slices.BinarySearchFunc(l.known, hash, func(k known, hash uint64) int {
		if k.name == hash {
			return 0
		}
		return order(k.name < hash)
	})
	if !found {
		return time.Time{}
	}
	return time.UnixMicro(l.known[i].at).UTC()
}

func order(less bool) int {
	if less {
		return -1
	}
	return 1
}

func hashOf(name string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // a hash takes everything
	return h.Sum64()
}
