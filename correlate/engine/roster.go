package engine

import (
	"cmp"
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/record"
	"github.com/shipwake/shipwake/correlate/window"
)

// roster is the changes in memory, and which of them are watched by how far event time is complete.
type roster struct {
	book      *record.Book
	changes   map[string]*change
	described map[place]*described // see subjects
	watched   []*change            // whose time has not passed, or not for long, sorted by start
	mark      window.Watermark
	reopenFor int64 // see Config.Reopen
	checkedTo int64 // up to when what checks say is said

	convictions convictions
	shelf       *shelf
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

// lasting are the changes whose time has not passed, and that were convicted in the end of a fault of their own service that
// hadn't recovered: the next rollout began, or they were given up. When it recovers is to be seen until their time has passed.
func (r *roster) lasting() []*change {
	var all []*change
	for _, c := range r.watched {
		if c.rec.Phase == correlate.PhaseClosed && lasting(c.verdict()) && c.judged < r.book.Config().WindowEnd(c.rec.Change) {
			all = append(all, c)
		}
	}
	return all
}

// oldestWatched is when the oldest change began whose time has not passed.
func (r *roster) oldestWatched() int64 {
	if len(r.watched) == 0 {
		return never
	}
	return r.watched[0].start()
}

// windowEnd is when the window of a change closes: at once when the rollout is given up.
func (r *roster) windowEnd(c *change) int64 { return windowEnd(r.book.Config(), c) }

func windowEnd(cfg record.Config, c *change) int64 {
	if c.tried() {
		return c.completed().Unix()
	}
	return cfg.WindowEnd(c.rec.Change)
}

// watch lists a change, by its start, among those whose verdict is to be given or may be gone into again.
func (r *roster) watch(c *change) {
	if !r.watchable(c) {
		return
	}
	if i, found := slices.BinarySearchFunc(r.watched, c, byStart); !found {
		r.watched = slices.Insert(r.watched, i, c)
		c.watched = true
	}
}

// watchable: the window is open, or it closed so lately that what comes late may still bear on it.
func (r *roster) watchable(c *change) bool {
	switch c.rec.Phase {
	case correlate.PhaseObserving:
		return true
	case correlate.PhaseClosed:
		return (c.live() || c.tried()) && r.mark.At > 0 && r.windowEnd(c) >= r.mark.At-r.reopenFor
	}
	return false
}

// watchNoMore lists no longer the changes whose time has passed.
func (r *roster) watchNoMore() {
	r.watched = slices.DeleteFunc(r.watched, func(c *change) bool {
		if c.watched = r.watchable(c); !c.watched {
			c.emitted, c.watch, c.seen = nil, nil, nil
		}
		return !c.watched
	})
}

// watchAgain lists, after a restart, the changes whose time has not passed. A rollout that was given up before there was any
// telemetry was told at once what nothing can be judged of: it wasn't watched, and its verdict has no inputs.
func (r *roster) watchAgain() {
	for _, c := range r.watched {
		c.watched = false
	}
	r.watched = nil
	for _, c := range r.changes {
		v := c.verdict()
		constant := c.rec.Phase == correlate.PhaseClosed && !c.live() && v != nil && v.Inputs == ""
		if c.watched = r.watchable(c) && !constant; c.watched {
			r.watched = append(r.watched, c)
		}
	}
	slices.SortFunc(r.watched, byStart)
}

// openPlaces are the places with an open window.
func (r *roster) openPlaces() map[place]bool {
	open := map[place]bool{}
	for _, c := range r.changes {
		if c.rec.Phase == correlate.PhaseObserving {
			open[c.place()] = true
		}
	}
	return open
}

// Watermark is how far event time is complete; zero before the first telemetry.
func (r *roster) Watermark() time.Time {
	if r.mark.At <= 0 {
		return time.Time{}
	}
	return at(r.mark.At)
}

// Idle says whether telemetry is silent.
func (r *roster) Idle() bool { return r.mark.Idle }

// OpenWindows is the number of changes under observation.
func (r *roster) OpenWindows() int {
	n := 0
	for _, c := range r.watched {
		if c.rec.Phase == correlate.PhaseObserving {
			n++
		}
	}
	return n
}

// Knows says whether the record of a change or an incident is in memory.
func (r *roster) Knows(id string) bool { return r.change(id) != nil || r.book.Incident(id) != nil }
