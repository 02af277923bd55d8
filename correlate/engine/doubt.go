package engine

import (
	"cmp"
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// doubtFor is how late a change may be reported that still casts doubt on what was judged without it, in seconds.
const doubtFor = 7 * 24 * 3600

// doubt takes a conviction back that a change which is reported now, when nothing is left to judge by, makes uncertain: it
// was of the same service, and began before the fault did. Which of the two it was can't be found out any more, unless the
// late one is to be judged from what is on disk.
func (e *Engine) doubt(late *change) {
	if late.rec.Phase != correlate.PhaseHistory || late.rec.Rejudging || !late.live() || late.rec.Rollback ||
		late.rec.ReceivedAt.Unix()-late.start() > doubtFor {
		return
	}
	for _, c := range e.convictions.of(late.place()) {
		v := c.verdict()
		if from := late.start(); c == late || from > v.OnsetAt.Unix() || from < c.start()-e.cfg.Watch {
			continue
		}
		doubted := *v
		doubted.Outcome, doubted.Reason, doubted.Blame = correlate.Inconclusive, correlate.ReasonConfounded, v.Blame/2
		e.setCourse(c, append(slices.Clone(c.course[:len(c.course)-1]), doubted), late.rec.ID)
	}
}

// convictions are the changes of each place whose last verdict may be that they were at fault, so that a late change isn't
// compared with all that ever happened there.
type convictions map[place]map[*change]bool

// note keeps a change that is convicted in the end, where it is convicted.
func (k convictions) note(c *change) {
	if !convictedInTheEnd(c.verdict()) {
		return
	}
	if k[c.place()] == nil {
		k[c.place()] = map[*change]bool{}
	}
	k[c.place()][c] = true
}

// of are the changes of a place that are convicted, by their completion.
func (k convictions) of(p place) (all []*change) {
	for c := range k[p] {
		if c.place() == p && convictedInTheEnd(c.verdict()) {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b *change) int {
		return cmp.Or(a.completed().Compare(b.completed()), cmp.Compare(a.rec.ID, b.rec.ID))
	})
	return all
}

// drop forgets a change of a place.
func (k convictions) drop(p place, c *change) {
	if delete(k[p], c); len(k[p]) == 0 {
		delete(k, p)
	}
}

// convictedInTheEnd: a verdict is the last one, and says since when the own service of the change was at fault.
func convictedInTheEnd(v *correlate.Verdict) bool {
	return v != nil && v.Final && v.Outcome == correlate.Regressed && v.Reason != correlate.ReasonDownstream && v.OnsetAt != nil
}
