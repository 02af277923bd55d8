package engine

import (
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/observe"
	"github.com/shipwake/shipwake/correlate/record"
)

// change is one change in memory: its record, and how far it has been judged.
type change struct {
	*record.Change
	rec *correlate.ChangeRecord // the record of Change
	// emitted is the record as it was last emitted, nil while the change is not watched.
	emitted *correlate.ChangeRecord
	// subject is what judging depends on of it, by what was known when that was last compared; nil when that is nothing.
	subject *observe.Subject
	// course is the verdicts that follow from what is known, issued those that were issued and stand, and revision the
	// newest one there is.
	course, issued []correlate.Verdict
	revision       int
	checkedTo      int64          // up to when checks are in what was issued
	unissued       bool           // something was decided of it that is not issued yet
	withChecks     bool           // what was issued of it is not its course, see said
	judged         int64          // the newest instant at which it was judged
	seen           *seen          // nil when nothing is remembered
	watch          *observe.Watch // nil when nothing is remembered
	watched        bool           // see Engine.watched
	known          *observe.Known // among those of its place, see roster.subjects
	in             *described
}

// seen is the latest assessments of a change, at an instant of the schedule and at one in between. They are functions of the
// state, kept because they are asked for more than once.
type seen struct{ assessed, between assessed }

// looks are what is remembered of a change.
func (c *change) looks() *seen {
	if c.seen == nil {
		c.seen = &seen{}
	}
	return c.seen
}

// dependsOn has judging depend on a change as it does now.
func (c *change) dependsOn(is observe.Subject) {
	if c.subject = nil; is.ID != "" {
		c.subject = &is
	}
}

// depended is what judging depended on of a change.
func (c *change) depended() *observe.Subject {
	if c.subject == nil {
		return &observe.Subject{}
	}
	return c.subject
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
func (c *change) completed() time.Time { return c.Completed() }
func (c *change) live() bool           { return c.Live() }
func (c *change) tried() bool          { return record.Tried(*c.rec) }
func (c *change) rollsOut() bool       { return c.RollsOut() }

func (e *Engine) facts(facts []Fact) {
	for _, f := range facts {
		if e.now == 0 {
			e.now = f.ReceivedAt.Unix()
		}
		switch {
		case f.Check != nil:
			e.checks.take(f)
		case f.Retracted:
			e.book.Retract(f.Fact)
		default:
			e.book.Report(f.Fact, f.ReceivedAt)
		}
	}
	e.settle()
	if e.reopen.from < e.storedTo {
		e.emitJudged(e.reopen.from)
	}
	if e.taken += len(facts); e.taken >= forgetEvery {
		e.taken = 0
		e.forget()
	}
}

// settle works out what follows from what was reported and judged and from the time that has passed: the records, what they
// mean to one another, and from when on that bears on what was already judged.
func (e *Engine) settle() {
	for settleRecords(e); tie(e); {
		settleRecords(e)
	}
}

func settleRecords(e *Engine) {
	for d := e.book.Settle(e.mark.At); len(d.Changes)+len(d.Incidents) > 0; d = e.book.Settle(e.mark.At) {
		for _, o := range d.Changes {
			c, was := e.changeOf(o.Change), place{Service: o.Before.Service, Environment: o.Before.Environment}
			e.altered(was)
			e.altered(c.place())
			e.shelf.stirred[c.place()] = true
			e.convictions.drop(was, c)
			e.unwatch(c)
		}
		for _, o := range d.Changes {
			c := e.changeOf(o.Change)
			e.restate(c, o.Before)
			c.rec.RequiredChecks = e.cfg.requiredOf(c)
			e.checks.moved(c, o.Before)
		}
		for _, o := range d.Incidents {
			e.linked(o)
		}
		for _, o := range d.Changes {
			e.publish(e.changeOf(o.Change))
			e.convictions.note(e.changeOf(o.Change))
		}
		for _, o := range d.Changes {
			e.doubt(e.changeOf(o.Change))
		}
	}
}

// linked: that an incident is held against a change, or no longer is, bears on what later rollouts are compared with.
func (e *Engine) linked(o record.IncidentDifference) {
	e.around = look{}
	moved := !o.Before.OpenedAt.Equal(o.Record.OpenedAt)
	for _, of := range [][2]*correlate.IncidentRecord{{&o.Before, &o.Record}, {&o.Record, &o.Before}} {
		for _, id := range of[0].SuspectedOf() {
			c := e.change(id)
			if c == nil {
				continue
			}
			e.altered(c.place())
			if moved || !slices.Contains(of[1].SuspectedOf(), id) {
				e.compareIncident(of[0].Incident, c)
			}
			e.publish(c)
		}
	}
	e.emit(correlate.Effect{Incident: new(o.Record)})
}

// recall puts records back into memory without saying anything about them.
func (e *Engine) recall(r Recall, runs []record.Run) {
	revisions := map[string][]correlate.Verdict{}
	for _, v := range r.Revisions {
		revisions[v.ChangeID] = append(revisions[v.ChangeID], v)
	}
	e.describeAnew()
	recalled := e.book.Recall(runs, r.Incidents)
	for _, known := range recalled {
		c := e.changeOf(known)
		c.judged = e.mark.At
		c.follow(revisions[c.rec.ID])
		e.checks.enter(c)
		e.convictions.note(c)
		if e.watch(c); c.watched {
			rec := *c.rec
			c.emitted = &rec
		}
	}
	for _, known := range recalled {
		c := e.changeOf(known)
		c.dependsOn(e.subjectOf(c))
	}
	e.checks.recall(r.Checks)
}

// forgetEvery is after how many facts memory is swept, whether or not there is telemetry: a history that is taken in is over
// as soon as it is applied.
const forgetEvery = 2000

// forget drops closed changes and resolved incidents that no longer are to stay in memory.
func (e *Engine) forget() {
	if e.cfg.KeepRecords == 0 {
		return
	}
	old := e.now - e.cfg.KeepRecords
	age := record.Age{Old: at(old), Unmeasured: at(old - e.cfg.CoarseKeep)}
	e.describeAnew()
	e.shelf.wakeOld(age)
	for _, id := range e.book.Forget(age) {
		c := e.changes[id]
		e.convictions.drop(c.place(), c)
		e.checks.leave(c)
		delete(e.changes, id)
	}
	e.checks.forget(age.Old)
}
