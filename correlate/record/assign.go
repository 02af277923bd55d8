package record

import (
	"reflect"
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/names"
)

// assignAll gives the changes of a rollout their part in it. What telemetry sees bears out what is reported, and says
// nothing of itself.
func (b *Book) assignAll(r rollout) {
	var reports, said []correlate.ChangeReport
	var ids []string
	notes := r[0].notes()
	for _, c := range r {
		if c == r[0] || c.own().Source != SourceTelemetry {
			reports = append(reports, c.Reports()...)
			said = append(said, correlate.ChangeReport{ReceivedAt: c.Record.ReceivedAt, Said: *c.own()})
		}
		if c != r[0] {
			ids = append(ids, c.Record.ID)
			own := c.notes()
			for _, n := range own {
				notes = correlate.AddNote(notes, n)
			}
			b.assign(c, part{said: *c.own(), into: r[0].Record.ID, notes: own})
		}
	}
	slices.Sort(ids)
	is := part{said: *r[0].own(), reports: r[0].Reports(), from: ids, notes: notes}
	if len(r) > 1 {
		correlate.SortChangeReports(reports)
		is.said, is.reports = correlate.FoldRollout(said), reports
		is.said.Version = name(is.said.Version, said)
	}
	is.said.ID = r[0].Record.ID
	is.blamedFor = people{b}.blamedFor(append(ids, is.said.ID)...)
	b.assign(r[0], is)
}

// name is the version that a rollout goes by: of a name and a commit the name, the latest one that a source tells.
func name(version string, said []correlate.ChangeReport) string {
	if !names.IsCommit(version) {
		return version
	}
	for _, r := range slices.Backward(said) {
		if v := r.Said.Version; v != "" && !names.IsCommit(v) {
			return v
		}
	}
	return version
}

// part is what a change is among the reports of a rollout: what they say together, those that count, the changes that it is
// merged into and from, and what people say.
type part struct {
	said      correlate.Change
	reports   []correlate.ChangeReport
	into      string
	from      []string
	notes     []correlate.Note
	blamedFor []string
}

// assign gives a change its part in a rollout, and its window.
func (b *Book) assign(c *Change, is part) {
	r := c.Record
	r.Change, r.MergedInto, r.MergedFrom, r.Reports = is.said, is.into, is.from, nil
	r.Notes, r.BlamedFor = is.notes, is.blamedFor
	if len(is.notes)+len(c.Record.Notes) > 0 {
		r.Change = r.Labelled(is.notes)
		people{b}.overruled(c)
	}
	for _, id := range slices.Concat(is.blamedFor, c.Record.BlamedFor) {
		people{b}.overruled(b.Change(b.named(id)))
	}
	if is.into != "" {
		r.Waiting, r.BeganAt = false, time.Time{} // that of the rollout tells
	}
	serve(&r, is.reports)
	if c.apart == nil {
		c.apart = &told{c.Reports(), *c.own()}
	}
	defer c.settleReports()
	if len(c.apart.reports) > 1 || len(is.from) > 0 || len(is.notes) > 0 || slices.ContainsFunc(c.apart.reports, implies) {
		r.Reports = c.apart.reports
	}
	r.Abandoned = b.cfg.abandoned(r, b.watermark)
	r.WindowStart, r.WindowEnd = b.cfg.window(r.Change)
	if c.filed != nil && reflect.DeepEqual(r, c.Record) {
		return
	}
	b.draft.touch(c)
	b.unfile(c)
	c.Record = r
	l := b.file(c)
	l.join(c)
	l.stale = append(l.stale, c.filed.key)
	b.draft.visit(c.filed.place)
	if named := b.naming[r.ID]; named != nil {
		for i := range named.all() {
			b.draft.attribute(i.of)
		}
	}
}

// Begun takes in what telemetry shows of the beginning of a change: that it began later than it was told to have, or that it
// waits; a zero time says that it began when it was told to have. What incidents have to do with it is worked out by Settle;
// what it means to other changes doesn't depend on it.
func Begun(b *Book, c *Change, at time.Time, waits bool) {
	r := &c.Record
	if c.filed == nil || (r.BeganAt.Equal(at) && r.Waiting == waits) {
		return
	}
	b.draft.touch(c)
	b.answer(c, aside)
	r.BeganAt, r.Waiting = at, waits
	c.filed.began = c.begun()
}

// implies: a report says more than what is made of it.
func implies(r correlate.ChangeReport) bool { return len(r.Said.Implied) > 0 }

// file and unfile keep a change where what it means to others is worked out.
func (b *Book) file(c *Change) *lineup {
	c.filed = &filing{c.Place(), c.position(), c.begun(), c.ended()}
	l := b.lineupOf(c.filed.place)
	l.all.insert(c.filed.key, c)
	if r := c.Record; r.Status == correlate.StatusStarted && !r.Abandoned && r.MergedInto == "" && r.Phase != correlate.PhaseRetracted {
		c.waits = &key{r.Start(), r.ID}
		b.waiting.insert(*c.waits, c)
	}
	return l
}

func (b *Book) unfile(c *Change) {
	if c.filed == nil {
		return
	}
	b.answer(c, aside)
	l := b.lineupOf(c.filed.place)
	l.part(c)
	l.all.remove(c.filed.key)
	l.stale = append(l.stale, c.filed.key)
	b.draft.visit(c.filed.place)
	lineage{b}.takeNothing(c)
	c.filed, c.traced, c.line = nil, false, line{}
	if c.waits != nil {
		b.waiting.remove(*c.waits)
		c.waits = nil
	}
}
