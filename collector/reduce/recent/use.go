package recent

import "sync/atomic"

// use is how often something was stored in a table, until it is used all over.
type use struct {
	n       atomic.Int64
	settled atomic.Bool
}

// A page of memory is written to when something is stored in it. Once so much was stored as manyTimes the pages, about one page in
// seven is left.
const (
	pageBytes = 4096
	manyTimes = 2
)

func (u *use) stored() {
	if !u.settled.Load() {
		u.n.Add(1)
	}
}

// settle is true once: when a table of so many bytes is used all over.
func (u *use) settle(bytes int) bool {
	return !u.settled.Load() && u.n.Load() >= int64(manyTimes*(bytes/pageBytes)) && u.settled.CompareAndSwap(false, true)
}
