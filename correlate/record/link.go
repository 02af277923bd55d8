package record

import (
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// ended is when the rollout was over, zero while it is under way.
func (c *Change) ended() time.Time {
	if c.Record.Status == correlate.StatusStarted && c.Record.FinishedAt.IsZero() {
		return time.Time{}
	}
	return c.Completed()
}

// stand keeps a change among those that incidents may be held against.
func (l *lineup) stand(c *Change, stands standing) {
	if c.stands == answering {
		l.answering.remove(c.filed.key)
	}
	if c.stands != aside {
		l.begun.remove(c.filed.began)
	}
	c.stands = stands
	if stands == answering {
		l.answering.insert(c.filed.key, c)
	}
	if stands != aside {
		l.begun.insert(c.filed.began, c)
	}
}

// answer keeps what a change is to incidents. Those that opened since it began are to be attributed again.
func (b *Book) answer(c *Change, stands standing) {
	if c.stands == stands {
		return
	}
	b.lineupOf(c.filed.place).stand(c, stands)
	b.draft.reached(*c.filed)
}

// answers works out which of the touched changes an incident may be held against, and notes the incidents that this
// bears on: those that opened since such a change began and before the next one was complete.
func (b *Book) answers() {
	for _, c := range b.draft.touched() {
		if c.filed != nil {
			b.answer(c, c.standing())
		}
	}
	for _, r := range b.draft.reach {
		l := b.lineupOf(r.place)
		until := r.at.Add(b.attribution())
		if !r.ended.IsZero() {
			for i := range l.answering.from(key{at: r.at.Add(1)}) {
				until = earlier(until, i.at)
				break
			}
		}
		for i := range l.incidents.from(key{at: earlier(r.at, r.began.at)}) {
			b.steps++
			if i.at.After(until) {
				break
			}
			b.draft.attribute(i.of)
		}
	}
}

func (b *Book) attribution() time.Duration { return time.Duration(b.cfg.Attribution) * time.Second }

// attribute finds the change that an incident is held against: the one it names, else the one that answers for its place
// by then. On a service that is only guessed nobody is held responsible by inference.
func (b *Book) attribute(i *Incident) {
	old := i.Record.AttributedTo
	to, inferred := b.named(i.Record.CausedBy), false
	if i.Record.CausedBy == "" && !i.Record.ServiceGuessed {
		if c := b.answerer(i.Place(), i.Record.OpenedAt); c != nil {
			to, inferred = c.Record.ID, true
		}
	}
	if i.Record.Retracted {
		to, inferred = "", false
	}
	if to != old || inferred != i.Record.Inferred {
		b.draft.touchIncident(i)
		i.Record.AttributedTo, i.Record.Inferred = to, inferred
	}
	if c := b.changes[old]; c != nil && old != to {
		b.draft.touch(c)
		c.Record.Incidents = without(c.Record.Incidents, i.Record.ID)
	}
	if c := b.changes[to]; c != nil {
		b.draft.touch(c)
		c.Record.Incidents = with(c.Record.Incidents, i.Record.ID)
	}
}

// named is the change that goes by an id: of several reports of one rollout, the one that the others are merged into.
func (b *Book) named(id string) string {
	if id == correlate.CausedByNone {
		return ""
	}
	if c := b.changes[id]; c != nil && c.Record.MergedInto != "" {
		return c.Record.MergedInto
	}
	return id
}

// answerer is the change that an incident which opened at an instant is held against: of the rollouts that were under way
// and the last change that was complete, the one that began last, at most Attribution before. It is nil when there is none,
// and when that one failed and reached nobody: what was there before it is as innocent as without it.
func (b *Book) answerer(p correlate.Place, t time.Time) *Change {
	l := b.lineup(p)
	last := l.lastBefore(t, b.attribution())
	for i := range l.begun.before(key{at: t.Add(1)}) {
		b.steps++
		c := i.of
		switch {
		case t.Sub(i.at) > b.attribution() || (last != nil && i.compare(last.filed.began) <= 0):
			return last
		case c.filed.underWay(t) || (c.stands == failing && !c.filed.ended.Before(t)):
			if c.stands == failing {
				return nil
			}
			return c
		}
	}
	return last
}

// lastBefore is the last change that was complete at an instant and that an incident may be held against, at most so much
// before; nil when there is none.
func (l *lineup) lastBefore(t time.Time, most time.Duration) *Change {
	for i := range l.answering.before(key{at: t.Add(1)}) {
		if i.of.filed.ended.IsZero() {
			continue // it is under way
		}
		if t.Sub(i.at) <= most {
			return i.of
		}
		break
	}
	return nil
}

// Judged works out again what depends on the verdict of a change, and is to be called when that is another: since when it is
// proven to be mended, and those that it took back. It returns the changes it worked out again.
func (b *Book) Judged(c *Change) []*Change {
	all := []*Change{c}
	for _, o := range c.took {
		if !o.gone {
			all = append(all, o)
		}
	}
	for _, c := range all {
		b.recover(c)
	}
	return all
}

// recover works out since when a change is proven to be mended: by the rollback that took it back, by its telemetry that is
// back in the baseline, or by the last of its incidents that was resolved, whatever came first. That may have been while the
// rollout was still under way.
func (b *Book) recover(c *Change) {
	var first time.Time
	consider := func(t time.Time) {
		if !t.IsZero() && !t.Before(c.Record.Start()) && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	v := c.Record.Verdict
	bad := v != nil && v.Outcome == correlate.Regressed
	if by := b.changes[c.Record.RolledBackBy]; by != nil {
		consider(correlate.Mended(&c.Record, &by.Record, b.incidentsOf(c)))
	}
	if bad && v.RecoveredAt != nil {
		consider(*v.RecoveredAt)
	}
	consider(b.resolved(c))
	c.Record.RecoveredAt = first
}

// resolved is when the last incident of a change was resolved; zero while one is open, or there is none.
func (b *Book) resolved(c *Change) (last time.Time) {
	for _, i := range b.incidentsOf(c) {
		if i.ResolvedAt.IsZero() {
			return time.Time{}
		}
		last = later(last, i.ResolvedAt)
	}
	return last
}

// incidentsOf are the incidents in memory that are held against a change.
func (b *Book) incidentsOf(c *Change) (all []*correlate.IncidentRecord) {
	for _, id := range c.Record.Incidents {
		if i := b.incidents[id]; i != nil {
			all = append(all, &i.Record)
		}
	}
	return all
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func with(ids []string, id string) []string {
	n, found := slices.BinarySearch(ids, id)
	if found {
		return ids
	}
	return slices.Insert(slices.Clone(ids), n, id)
}

func without(ids []string, id string) []string {
	n, found := slices.BinarySearch(ids, id)
	if !found {
		return ids
	}
	if len(ids) == 1 {
		return nil
	}
	return slices.Delete(slices.Clone(ids), n, n+1)
}
