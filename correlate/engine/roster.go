package engine

import (
	"cmp"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/record"
)

// roster is the changes in memory, and which of them are watched.
type roster struct {
	book    *record.Book
	changes map[string]*change
	watched []*change // whose time has not passed, or not for long, sorted by start
}

// changeOf is how far a change has been judged; one that is seen for the first time hasn't been.
func (r *roster) changeOf(c *record.Change) *change {
	known := r.changes[c.Record.ID]
	if known == nil {
		known = &change{Change: c, rec: &c.Record}
		r.changes[c.Record.ID] = known
	}
	return known
}

// lineup are the changes of a place by their completion.
func (r *roster) lineup(p place) []*change {
	var all []*change
	for c := range r.book.At(correlate.Place(p)) {
		all = append(all, r.changes[c.Record.ID])
	}
	return all
}

func (r *roster) unwatch(c *change) {
	if c.watched {
		c.watched = false
		r.watched = slices.DeleteFunc(r.watched, func(o *change) bool { return o == c })
	}
}

// byStart orders changes by when they began, then by id.
func byStart(a, b *change) int {
	return cmp.Or(cmp.Compare(a.start(), b.start()), cmp.Compare(a.rec.ID, b.rec.ID))
}

// observing are the changes with an open window, oldest first.
func (r *roster) observing() []*change {
	var open []*change
	for _, c := range r.watched {
		if c.rec.Phase == correlate.PhaseObserving {
			open = append(open, c)
		}
	}
	return open
}

// oldestWatched is when the oldest change began whose time has not passed.
func (r *roster) oldestWatched() int64 {
	if len(r.watched) == 0 {
		return never
	}
	return r.watched[0].start()
}

// windowEnd is when the window of a change closes.
func (r *roster) windowEnd(c *change) int64 { return r.book.WindowEnd(c.rec.Change) }
