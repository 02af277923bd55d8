package record

import (
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// Forget drops the changes that were complete before an instant, and the incidents that were resolved before it. It returns
// the ids of the changes. There stay, whatever their age:
//
//   - the last changes of each place: correlate.Lineage of them, and as many as can be told apart of those that came not
//     long before the last;
//   - changes that are observed, that one which stays took back, or that an incident which stays is held against;
//   - incidents that are held against a change which stays.
func (b *Book) Forget(before time.Time) (gone []string) {
	f := forgetting{b, before}
	for p, l := range b.places {
		for _, c := range f.old(l) {
			f.drop(c, l)
			gone = append(gone, c.Record.ID)
		}
		if l.all.empty() && l.incidents.empty() {
			delete(b.places, p)
			delete(b.grouping.places, p)
		}
	}
	f.incidents()
	slices.Sort(gone)
	return gone
}

// forgetting is what of a Book may be dropped that was over before an instant.
type forgetting struct {
	*Book
	before time.Time
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
	return !at.IsZero() && at.Before(f.before) || i.Record.Retracted && i.Record.MergedInto == ""
}

// old are the changes that may be dropped, see Forget.
func (f forgetting) old(l *lineup) (old []*Change) {
	left := l.all.len()
	recent := l.all.last().at.Add(-f.cfg.reach())
	for i := range l.all.all() {
		left--
		if left < correlate.Lineage || !i.at.Before(f.before) || (left < f.limits.nearby() && !i.at.Before(recent)) {
			break
		}
		if !f.needed(i.of) {
			old = append(old, i.of)
		}
	}
	return old
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
