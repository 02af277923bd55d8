package counts

import "slices"

// Timeline is what was so from which instant on, in milliseconds. The zero value says that nothing is known.
type Timeline[T comparable] struct{ since []turn[T] }

type turn[T comparable] struct {
	at int64
	is T
}

// Note says what was so at an instant. Notes may come in any order.
func (l *Timeline[T]) Note(at int64, is T) {
	i, known := slices.BinarySearchFunc(l.since, at, func(t turn[T], at int64) int { return int(min(max(t.at-at, -1), 1)) })
	switch {
	case known:
		return
	case i > 0 && l.since[i-1].is == is:
		return // it went on
	case i < len(l.since) && l.since[i].is == is:
		l.since[i].at = at // it was so before
	default:
		l.since = slices.Insert(l.since, i, turn[T]{at, is})
	}
}

// At is what was so at an instant: what was noted last by then. It is not ok before the first note.
func (l *Timeline[T]) At(at int64) (is T, ok bool) {
	for i := len(l.since) - 1; i >= 0; i-- {
		if l.since[i].at <= at {
			return l.since[i].is, true
		}
	}
	return is, false
}

// Forget drops what nobody asks for who asks for no instant before the one given.
func (l *Timeline[T]) Forget(before int64) {
	n := 0
	for n+1 < len(l.since) && l.since[n+1].at <= before {
		n++
	}
	l.since = slices.Delete(l.since, 0, n)
}
