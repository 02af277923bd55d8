package record

import (
	"cmp"
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
		until := r.at.Add(b.cfg.attribution())
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

func (cfg Config) attribution() time.Duration { return time.Duration(cfg.Attribution) * time.Second }

// links are what the incidents of a book have to do with its changes.
type links struct{ *Book }

// link is what an incident has to do with changes.
type link struct {
	to       []string // those that may be held responsible, the likeliest first; by inference there may be several
	inferred bool
	said     string             // of these, the one that people name in place of one that was inferred
	why      correlate.Unlinked // there is none
}

// suspect finds the changes that an incident may be held against, by what was reported: the one that it names, else those
// that answer for its services by then. By inference nobody is held responsible on a service that is only guessed, nor for an
// incident of which only the end is known.
func (b *Book) suspect(i *correlate.IncidentRecord) link {
	switch {
	case i.Retracted:
		return link{}
	case i.CausedBy == correlate.CausedByNone:
		return link{why: correlate.UnlinkedSaid}
	case i.CausedBy != "":
		return link{to: []string{b.named(i.CausedBy)}}
	case i.Service == "":
		return link{why: correlate.UnlinkedNoService}
	case i.ServiceGuessed:
		return link{why: correlate.UnlinkedGuess}
	case i.ResolvedAt.Equal(i.OpenedAt):
		return link{why: correlate.UnlinkedEndOnly}
	}
	if to := (links{b}).answerers(i); len(to) > 0 {
		return links{b}.corrected(link{to: to, inferred: true})
	}
	return link{why: correlate.UnlinkedNoChange}
}

// answerers are the changes that answer for the services of an incident, those that began later first.
func (b links) answerers(i *correlate.IncidentRecord) (ids []string) {
	var all []*Change
	for _, service := range i.About() {
		if c := b.answerer(correlate.Place{Service: service, Environment: i.Environment}, i.OpenedAt); c != nil {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(x, y *Change) int { return y.filed.began.compare(x.filed.began) })
	for _, c := range all {
		ids = append(ids, c.Record.ID)
	}
	return ids
}

// corrected is what is inferred with the change that people name in place of the likeliest one, right after that.
func (b links) corrected(is link) link {
	for n, id := range is.to {
		c := b.Change(id)
		if c == nil || c.Record.Overruled() == nil {
			continue
		}
		if is.said = b.named(correlate.CausedBySaid(c.Record.Notes)); is.said != "" && n == 0 {
			rest := slices.DeleteFunc(slices.Clone(is.to[1:]), func(o string) bool { return o == is.said })
			is.to = append([]string{id, is.said}, rest...)
		} else {
			is.said = ""
		}
		return is
	}
	return is
}

// unless is why a change is not held responsible by inference: it was judged healthy, or it failed and isn't known to have
// reached anybody.
func (c *Change) unless() correlate.Unlinked {
	v := c.Record.Verdict
	switch {
	case c.Record.Overruled() != nil:
		return correlate.UnlinkedOverruled
	case c.stands == failing && (v == nil || v.Outcome != correlate.Regressed):
		return correlate.UnlinkedNotDeployed
	case v != nil && v.Outcome == correlate.Healthy:
		return correlate.UnlinkedHealthy
	}
	return ""
}

// held is the change that an incident is held against, the first that isn't exonerated; else why there is none. By inference
// one that was judged healthy is, and one that reached nobody, and so is the one before it of its service. Exonerated is the
// first of them.
func (b links) held(is link) (to string, why correlate.Unlinked, exonerated string) {
	for n, id := range is.to {
		c := b.Change(id)
		if !is.inferred || id == is.said || c == nil {
			return id, "", exonerated
		}
		unless := c.unless()
		if unless == "" {
			return id, "", exonerated
		}
		if n == 0 {
			why, exonerated = unless, id
		}
	}
	return "", cmp.Or(is.why, why), exonerated
}

// attribute finds the change that an incident is held against.
func (b *Book) attribute(i *Incident) {
	is, r, was := b.suspect(&i.Record), &i.Record, *i
	r.AttributedTo, r.UnlinkedReason, r.Exonerated = links{b}.held(is)
	r.Inferred, r.Suspects = is.inferred && r.AttributedTo != "" && r.AttributedTo != is.said, nil
	if len(is.to) > 1 {
		r.Suspects = is.to
	}
	if old := &was.Record; r.AttributedTo != old.AttributedTo || r.UnlinkedReason != old.UnlinkedReason || r.Exonerated != old.Exonerated ||
		r.Inferred != old.Inferred || !slices.Equal(r.Suspects, old.Suspects) {
		b.draft.touchIncidentAs(i, *old)
	}
	i.suspects = is.to
	links{b}.object(r.ID, was.suspects, i.suspects)
	links{b}.blame(r.ID, was.Record.AttributedTo, r.AttributedTo)
}

// object notes at changes that an incident may be held against them, and no longer at those from before.
func (b links) object(incident string, before, after []string) {
	for _, id := range before {
		if c := b.Change(id); c != nil && !slices.Contains(after, id) {
			c.objections = fewOf(without(c.objections.all(), incident))
		}
	}
	for _, id := range after {
		if c := b.Change(id); c != nil {
			c.objections = fewOf(with(c.objections.all(), incident))
		}
	}
}

// blame notes at a change that an incident is held against it, and no longer at the one from before.
func (b links) blame(incident, before, after string) {
	if c := b.Change(before); c != nil && before != after {
		b.draft.touch(c)
		c.Record.Incidents = without(c.Record.Incidents, incident)
	}
	if c := b.Change(after); c != nil {
		b.draft.touch(c)
		c.Record.Incidents = with(c.Record.Incidents, incident)
	}
}

// named is the change that goes by an id: of several reports of one rollout, the one that the others are merged into.
func (b *Book) named(id string) string {
	if c := b.Change(id); c != nil && c.Record.MergedInto != "" {
		return c.Record.MergedInto
	}
	return id
}

// answerer is the change that an incident which opened at an instant is held against: of the rollouts that were under way
// and the last change that was complete, the one that began last, at most Attribution before; nil when there is none. When
// that one is failing nobody is: what was there before it is as innocent as without it.
func (b *Book) answerer(p correlate.Place, t time.Time) *Change {
	l := b.lineup(p)
	last := l.lastBefore(t, b.cfg.attribution())
	for i := range l.begun.before(key{at: t.Add(1)}) {
		b.steps++
		c := i.of
		switch {
		case t.Sub(i.at) > b.cfg.attribution() || (last != nil && i.compare(last.filed.began) <= 0):
			return last
		case c.filed.underWay(t) || (c.stands == failing && !c.filed.ended.Before(t)):
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
// proven to be mended, and those that it took back. It returns the changes it worked out again. Which incidents are held
// against it is worked out by Settle.
func (b *Book) Judged(c *Change) []*Change {
	for _, id := range c.objections.all() {
		if i := b.incidents[id]; i != nil {
			b.draft.attribute(i)
		}
	}
	all := append([]*Change{c}, lineage{b}.takenBack(c)...)
	if len(c.Record.Notes) > 0 {
		if o := b.Change(b.named(correlate.CausedBySaid(c.Record.Notes))); o != nil {
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
	if by := b.Change(c.Record.RolledBackBy); by != nil {
		consider(correlate.Mended(&c.Record, &by.Record, b.incidentsOf(c)))
	}
	if bad && v.RecoveredAt != nil {
		consider(*v.RecoveredAt)
	}
	consider(b.resolved(c))
	for _, id := range c.Record.BlamedFor {
		if o := b.Change(b.named(id)); o != nil && o.Record.Verdict != nil && o.Record.Verdict.RecoveredAt != nil {
			consider(*o.Record.Verdict.RecoveredAt)
		}
	}
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
