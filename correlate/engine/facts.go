package engine

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/record"
)

// change is one change in memory: its record, and how far it has been judged.
type change struct {
	*record.Change
	rec     *correlate.ChangeRecord // the record of Change
	emitted correlate.ChangeRecord
	// course is the verdicts as they followed one another, by all that is known now: none that was superseded is among
	// them. issued is the newest revision there is.
	course []correlate.Verdict
	issued int
	judged int64 // the newest instant at which it was judged
	// assessed and between are its latest assessments, at an instant of the schedule and at one in between. They are
	// functions of the state, kept because they are asked for more than once.
	assessed, between assessed
	watch             *watch // nil when nothing is remembered
	watched           bool   // see Engine.watched
}

// verdict is the current one, nil when nothing can be said yet.
func (c *change) verdict() *correlate.Verdict {
	if n := len(c.course); n > 0 {
		return &c.course[n-1]
	}
	return nil
}

func (c *change) place() place         { return place(c.Place()) }
func (c *change) start() int64         { return c.Start() }
func (c *change) finish() int64        { return c.Finish() }
func (c *change) completed() time.Time { return c.Completed() }
func (c *change) live() bool           { return c.Live() }
func (c *change) rollsOut() bool       { return c.RollsOut() }
func (c *change) atOnce() bool         { return c.AtOnce() }

func (e *Engine) facts(facts []Fact) {
	for _, f := range facts {
		if e.now == 0 {
			e.now = f.ReceivedAt.Unix()
		}
		if f.Retracted {
			e.book.Retract(f.Fact)
		} else {
			e.book.Report(f.Fact, f.ReceivedAt)
		}
	}
	e.settle()
	if e.late.from < e.told {
		e.tellJudged(e.late.from)
	}
}

// settle works out what follows from what was reported, and from when on that bears on what was already judged.
func (e *Engine) settle() {
	d := e.book.Settle(e.mark.At)
	if len(d.Changes) == 0 && len(d.Incidents) == 0 {
		return
	}
	e.lookAgain()
	for _, o := range d.Changes {
		e.unwatch(e.changeOf(o.Change))
	}
	for _, o := range d.Changes {
		if c := e.changeOf(o.Change); restated(o.Before, *c.rec) {
			e.openWindow(c, o.Before)
		}
		e.watch(e.changeOf(o.Change))
	}
	for _, o := range d.Changes {
		e.turned(o)
	}
	for _, o := range d.Incidents {
		e.linked(o)
	}
	for _, o := range d.Changes {
		c := e.changeOf(o.Change)
		e.recovery(c)
		e.publish(c)
	}
	for _, o := range d.Changes {
		e.doubt(e.changeOf(o.Change))
	}
	clear(e.past)
}

// changeOf is how far a change has been judged; one that is seen for the first time hasn't been.
func (e *Engine) changeOf(c *record.Change) *change {
	known := e.changes[c.Record.ID]
	if known == nil {
		known = &change{Change: c, rec: &c.Record}
		e.changes[c.Record.ID] = known
	}
	return known
}

// restated: what is said of a change is not what was said before, leaving aside what other changes and incidents mean
// to it.
func restated(was, is correlate.ChangeRecord) bool {
	return was.MergedInto != is.MergedInto || was.Abandoned != is.Abandoned || !was.WindowEnd.Equal(is.WindowEnd) ||
		(was.Phase == correlate.PhaseRetracted) != (is.Phase == correlate.PhaseRetracted) ||
		!slices.Equal(was.MergedFrom, is.MergedFrom) ||
		!reflect.DeepEqual(was.Change, is.Change) || !reflect.DeepEqual(was.Reports, is.Reports)
}

// turned: that a change is a rollback, or was taken back, bears on how it and the other are judged.
func (e *Engine) turned(o record.ChangeDifference) {
	c := e.changeOf(o.Change)
	if o.Before.Rollback != c.rec.Rollback {
		e.goBack(c.start(), correlate.LateChange, c.rec.ID)
	}
	if o.Before.RolledBackBy == c.rec.RolledBackBy {
		return
	}
	for _, id := range []string{c.rec.RolledBackBy, o.Before.RolledBackBy} {
		if by := e.changes[id]; by != nil {
			e.goBack(by.start(), correlate.LateChange, id)
		}
	}
}

// linked: that an incident is held against a change, or no longer is, bears on what later rollouts are compared with.
func (e *Engine) linked(o record.IncidentDifference) {
	for _, id := range []string{o.Before.AttributedTo, o.Record.AttributedTo} {
		c := e.changes[id]
		if c == nil {
			continue
		}
		if o.Before.AttributedTo != o.Record.AttributedTo {
			e.objects(o.Record.Incident, c)
		}
		e.recovery(c)
		e.publish(c)
	}
	e.emit(correlate.Effect{Incident: new(o.Record)})
}

func (e *Engine) objects(i correlate.Incident, c *change) {
	for _, later := range e.watched {
		if later.rollsOut() && later.start() >= i.OpenedAt.Unix() && later.start() > c.start() && e.near(c.place())[later.place()] {
			e.goBack(later.start(), correlate.LateIncident, i.ID)
		}
	}
}

// recovery works out since when a change is mended.
func (e *Engine) recovery(c *change) { e.book.Recover(c.Change) }

// lookAgain forgets what was derived from the changes known until now.
func (e *Engine) lookAgain() { e.around = look{} }

// lineup are the changes of a place by their completion.
func (e *Engine) lineup(p place) []*change {
	var all []*change
	for c := range e.book.At(correlate.Place(p)) {
		all = append(all, e.changes[c.Record.ID])
	}
	return all
}

func (e *Engine) unwatch(c *change) {
	if c.watched {
		c.watched = false
		e.watched = slices.DeleteFunc(e.watched, func(o *change) bool { return o == c })
	}
}

// recall puts records back into memory without saying anything about them.
func (e *Engine) recall(r Recall) {
	clear(e.past)
	revisions := map[string][]correlate.Verdict{}
	for _, v := range r.Revisions {
		revisions[v.ChangeID] = append(revisions[v.ChangeID], v)
	}
	for _, known := range e.book.Recall(r.Changes, r.Incidents) {
		c := e.changeOf(known)
		c.emitted, c.judged = *c.rec, e.mark.At
		c.follow(revisions[c.rec.ID])
		e.watch(c)
	}
}

// follow takes back the verdicts that a change was given, oldest first; without them, the one that its record has.
func (c *change) follow(revisions []correlate.Verdict) {
	if len(revisions) == 0 && c.rec.Verdict != nil {
		revisions = []correlate.Verdict{*c.rec.Verdict}
	}
	for _, v := range revisions {
		c.issued = max(c.issued, v.Revision)
		if v.Supersedes > 0 {
			c.course = slices.DeleteFunc(c.course, func(o correlate.Verdict) bool { return o.Revision >= v.Supersedes })
		}
		if !v.Withdrawn {
			c.course = append(c.course, v)
		}
	}
}

// forget drops closed changes and resolved incidents that ended before the given time.
func (e *Engine) forget(before int64) {
	clear(e.past)
	for _, id := range e.book.Forget(at(before)) {
		delete(e.changes, id)
	}
}

// watch lists a change, by its start, among those whose verdict is to be given or may be gone into again.
func (e *Engine) watch(c *change) {
	if !e.watchable(c) {
		return
	}
	if i, found := slices.BinarySearchFunc(e.watched, c, byStart); !found {
		e.watched = slices.Insert(e.watched, i, c)
		c.watched = true
	}
}

// watchable: the window is open, or it closed so lately that what comes late may still bear on it.
func (e *Engine) watchable(c *change) bool {
	switch c.rec.Phase {
	case correlate.PhaseObserving:
		return true
	case correlate.PhaseClosed:
		return c.live() && e.mark.At > 0 && e.windowEnd(c) >= e.mark.At-e.cfg.Reopen
	}
	return false
}

// inSight are the changes that may have caused what is seen at an instant while those are judged that are due: it began
// before, and was not over when the oldest of them began.
func (e *Engine) inSight(due []suspicion, t int64) {
	oldest := t
	for _, s := range due {
		oldest = min(oldest, s.start())
	}
	e.current = e.current[:0]
	for _, c := range e.watched {
		if c.start() < t && c.live() && oldest < e.windowEnd(c)+e.cfg.Resolution*neighbourEvery {
			e.current = append(e.current, c)
		}
	}
}

// byStart orders changes by when they began, then by id.
func byStart(a, b *change) int {
	return cmp.Or(cmp.Compare(a.start(), b.start()), cmp.Compare(a.rec.ID, b.rec.ID))
}

// observing are the changes with an open window, oldest first.
func (e *Engine) observing() []*change {
	var open []*change
	for _, c := range e.watched {
		if c.rec.Phase == correlate.PhaseObserving {
			open = append(open, c)
		}
	}
	return open
}

// publish emits a record that differs from what was last emitted.
func (e *Engine) publish(c *change) {
	if reflect.DeepEqual(*c.rec, c.emitted) {
		return
	}
	rec := *c.rec
	rec.Incidents = slices.Clone(rec.Incidents)
	rec.MergedFrom = slices.Clone(rec.MergedFrom)
	rec.Labels = maps.Clone(rec.Labels)
	c.emitted = rec
	e.emit(correlate.Effect{Change: &rec})
}
