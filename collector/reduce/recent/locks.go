package recent

import (
	"sync"
	"sync/atomic"
)

// locks are those of a table, each for some of its sets.
type locks struct {
	all     [256]padded
	settled atomic.Bool
}

// padded is a lock that shares no cache line, with how often something was stored under it.
type padded struct {
	sync.Mutex
	stored uint32
	_      [52]byte
}

// of is the lock of a set.
func (l *locks) of(set uint64) *padded { return &l.all[set%uint64(len(l.all))] }

// A page of memory is written to when something is stored in it. Once so much was stored as manyTimes the pages, about one page in
// seven is left.
const (
	pageBytes = 4096
	manyTimes = 2
)

// settle is true once: when a table of so many bytes is used all over.
func (l *locks) settle(bytes int) bool {
	if l.settled.Load() {
		return false
	}
	stored := 0
	for i := range l.all {
		one := &l.all[i]
		one.Lock()
		stored += int(one.stored)
		one.Unlock()
	}
	return stored >= manyTimes*(bytes/pageBytes) && l.settled.CompareAndSwap(false, true)
}
