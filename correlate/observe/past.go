package observe

import (
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge"
	"github.com/shipwake/shipwake/correlate/window"
)

// Past is what the changes of a place say of the time before an instant.
type Past struct {
	Bad     []window.Span   // nothing to compare with, latest first
	Changed []int64         // when changes began in the day before, sorted
	Rolled  []judge.Rollout // the rollouts that say how the place warms up, see rolledOut
	Digest  int64           // of Bad and Changed
	of      uint64          // what it was derived from
}

// Past is remembered as long as the same is known of the changes of the place. The caller must not change it.
func (o *Observer) Past(v *View, p correlate.Place, start int64) *Past {
	known := o.past[p]
	if known == nil {
		known = map[int64]*Past{}
		o.past[p] = known
	}
	l := v.lineup(p)
	b := known[start]
	if b == nil || b.of != l.hash {
		b = o.derive(l, start)
		known[start] = b
	}
	return b
}

func (o *Observer) derive(l *lineup, start int64) *Past {
	b := &Past{Bad: o.bad(l, start), Rolled: o.rolledOut(l, start), of: l.hash}
	for _, s := range b.Bad {
		b.Digest = b.Digest*factor + s.From ^ s.To<<32
	}
	if o.cfg.Guards.On(guardChangedBefore) {
		b.Changed, b.Digest = l.order().changes(start-o.cfg.Judge.History, start, b.Digest)
	}
	return b
}

// bad are the stretches before an instant in which an earlier change of a place was judged bad: what was measured then is
// nothing to compare with. They begin with the change, since its grace time isn't judged, and end with the recovery, with
// the next rollout, or with the window.
func (o *Observer) bad(l *lineup, start int64) []window.Span {
	if l.order().rollsBack(start) && o.cfg.Guards.On(guardRollbackBaseline) {
		return nil // it is to end that time, and is compared with it
	}
	spans := l.order().badBefore(start)
	if len(spans) > 0 && !o.cfg.Guards.On(guardBadTime) {
		return nil
	}
	return spans
}

// firstOf is the earliest of an instant and of others, of which 0 hasn't come.
func firstOf(t int64, others ...int64) int64 {
	for _, o := range others {
		if o > 0 {
			t = min(t, o)
		}
	}
	return t
}

// Ongoing is when the fault of an earlier change of a place began that still lasted at an instant; ok is false when there
// was none. What shows after that isn't the doing of whoever changed the place next.
func (o *Observer) Ongoing(v *View, p correlate.Place, start int64) (onset int64, ok bool) {
	bad := o.Past(v, p, start).Bad
	if len(bad) == 0 || bad[0].To < start || !o.cfg.Guards.On(guardOngoing) {
		return 0, false
	}
	return bad[0].From, true
}
