package record

import (
	"iter"
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// Age is when what happened before it is old, and when it is so old that nothing is measured any more of that time.
type Age struct{ Old, Unmeasured time.Time }

// Forget drops the changes that were complete before an instant, and the incidents that were resolved before it. It returns
// the ids of the changes. There stay, whatever their age:
//
//   - the last changes of each place: correlate.Lineage of them, of those of which nothing is measured the very last, and as
//     many as can be told apart of those that came not long before the last;
//   - changes that are observed, that one which stays took back, or that an incident which stays is held against;
//   - incidents that are held against a change which stays.
func (b *Book) Forget(what Age) (gone []string) {
	f := forgetting{b, what}
	for p, l := range b.places {
		old := f.old(l)
		for _, c := range old {
			f.drop(c, l)
			gone = append(gone, c.Record.ID)
		}
		if len(old) > 0 && l.all.len() <= correlate.Lineage {
			b.compact(l)
		}
		if l.all.empty() && l.incidents.empty() && l.forgotten == (key{}) {
			delete(b.places, p)
			delete(b.grouping.places, p)
		}
	}
	f.incidents()
	slices.Sort(gone)
	return gone
}

// forgetting is what of a Book may be dropped.
type forgetting struct {
	*Book
	Age
}

// incidents drops incidents, with the other reports of them.
func (f forgetting) incidents() {
	var old []*Incident
	for _, i := range f.Book.incidents {
		first := i
		if into := f.Book.incidents[i.Record.MergedInto]; into != nil {
			first = into
		}
		held := func(id string) bool { return f.changes[id] != nil }
		if f.over(first) && !held(first.Record.AttributedTo) && !slices.ContainsFunc(first.suspects, held) {
			old = append(old, i)
		}
	}
	for _, i := range old {
		delete(f.Book.incidents, i.Record.ID)
		f.unfileIncident(i)
		f.alerts.leave(i)
	}
}

// over: the incident was resolved before, or nobody says any more that there was one.
func (f forgetting) over(i *Incident) bool {
	at := i.Record.ResolvedAt
	return !at.IsZero() && at.Before(f.Old) || i.Record.Retracted && i.Record.MergedInto == ""
}

// old are the changes that may be dropped, see Forget.
func (f forgetting) old(l *lineup) (old []*Change) {
	for c, last := range f.droppable(l) {
		if !c.filed.at.Before(f.Old) {
			break
		}
		if !last || (c.filed.at.Before(f.Unmeasured) && !c.seenBeginning()) {
			old = append(old, c)
		}
	}
	return old
}

// Due is how old a place must be for Forget to drop something of it: a zero instant where it drops nothing for that.
func Due(b *Book, p correlate.Place) (due Age) {
	f := forgetting{Book: b}
	for c, last := range f.droppable(b.lineup(p)) {
		switch at := c.filed.at; {
		case !last && due.Old.IsZero():
			due.Old = at
		case last && due.Unmeasured.IsZero() && !c.seenBeginning():
			due.Unmeasured = at
		}
	}
	return due
}

// droppable yields the changes of a place that may be dropped once they are old, by completion, and whether each is one of the
// last correlate.Lineage.
func (f forgetting) droppable(l *lineup) iter.Seq2[*Change, bool] {
	return func(yield func(*Change, bool) bool) {
		left := l.all.len()
		recent := l.all.last().at.Add(-f.cfg.reach())
		for i := range l.all.all() {
			left--
			if left < 1 || (left < f.limits.nearby() && !i.at.Before(recent)) {
				return
			}
			if !f.needed(i.of) && !yield(i.of, left < correlate.Lineage) {
				return
			}
		}
	}
}

// seenBeginning: telemetry saw a rollout begin, and is waited for to tell when it ended.
func (c *Change) seenBeginning() bool {
	return c.own().Source == SourceTelemetry && c.own().Status == correlate.StatusStarted
}

// compact has what was live before the changes in memory of a place take little: it is what stays of those that left.
func (b *Book) compact(l *lineup) {
	var live line
	for i := range l.all.all() {
		c := i.of
		if c.past != nil {
			live = c.past.line.compact()
			c.past = &past{last: c.past.last, line: live}
		}
		if after, _ := c.step(live, b.limits.line); after.same(c.line) {
			c.line = after
		}
		live = c.line
	}
}

func (f forgetting) needed(c *Change) bool {
	return c.Record.Phase == correlate.PhaseObserving || f.changes[c.Record.RolledBackBy] != nil ||
		slices.ContainsFunc(c.objections.all(), func(id string) bool {
			i := f.Book.incidents[id]
			return i != nil && !f.over(i)
		})
}

func (f forgetting) drop(c *Change, l *lineup) {
	delete(f.changes, c.Record.ID)
	people{f.Book}.forgetNotes(c)
	c.gone = true
	if c.timed != nil {
		f.grouping.of(c).remove(c)
	}
	l.stand(c, aside)
	l.leave(c)
	l.all.remove(c.filed.key)
	if c.waits != nil {
		f.waiting.remove(*c.waits)
	}
}
