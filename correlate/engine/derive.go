package engine

import (
	"maps"
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/checks"
	"github.com/shipwake/shipwake/correlate/observe"
)

// A course of verdicts is a function of what is known: of the changes, as far as they are known at each instant, and of
// the cells. Judging appends to courses. When what it is a function of turns out to be another from an instant on (a fact
// or a measurement came late), the courses are cut there and derived again, and what is different from what was issued is
// issued. So verdicts are the same whenever facts arrive, as long as the cells of their time are kept.

// never is later than every instant.
const never = math.MaxInt64

// reopening is from which instant on what was judged is to be derived again, and why.
type reopening struct {
	from int64
	why  correlate.Reopening
	by   string
}

// decision is one thing that was decided since decisions were last issued: a verdict of a change, or a fault, by its
// place in the course of that change or in what is known of the faulty service.
type decision struct {
	change *change
	fault  *correlate.Regression
	at     int
	series *correlate.Series // what the verdict is kept with, nil for most
}

// differs notes that what judging depends on is not what it was from an instant on: what was judged up to then stands.
func (e *Engine) differs(from int64, why correlate.Reopening, by string) {
	if from < e.reopen.from || (from == e.reopen.from && by < e.reopen.by) {
		e.reopen = reopening{from, why, by}
	}
}

// derivation is what is derived and not issued yet. Where there is much to derive it goes on over several ticks, and nothing
// of it is issued before it has come to the watermark: what comes out doesn't depend on how often it was left off.
type derivation struct {
	unfinished bool
	cut        map[*change]bool // whose courses were cut for it
	why        reopening        // the earliest of those that it is for
}

// take adds a reopening.
func (d *derivation) take(r reopening) {
	if r.from < d.why.from || (r.from == d.why.from && r.by < d.why.by) {
		d.why = r
	}
}

// judge derives what follows from everything up to the watermark, and issues it. Where that takes more looks at changes than
// Config.LooksAtOnce it leaves off, and goes on when it is called again.
func (e *Engine) judge() {
	cutBack(e)
	if e.derived.unfinished = !e.judgeUpTo(e.mark.At); e.derived.unfinished {
		return
	}
	d := e.derived
	e.derived = newDerivation()
	e.checkedTo = max(e.checkedTo, e.mark.At)
	e.issue(slices.SortedFunc(maps.Keys(d.cut), byStart), d.why)
	e.settle()
	e.emitFaults(e.faults.withdrawn())
	e.judgedTo = e.mark.At
}

func newDerivation() derivation {
	return derivation{cut: map[*change]bool{}, why: reopening{from: never}}
}

// Behind says that something is still to be judged up to the watermark. The next tick goes on with it; until then no
// Rejudged may be applied.
func Behind(e *Engine) bool { return e.derived.unfinished }

// cutBack takes what was judged back to where it stands by what is known.
func cutBack(e *Engine) {
	r := e.reopen
	e.reopen = reopening{from: never}
	e.derived.take(r)
	if r.from >= e.judgedTo {
		return
	}
	for _, c := range e.cutCourses(r.from) {
		e.derived.cut[c] = true
	}
	e.faults.cutAt(r.from, e.decisions)
	e.decisions = slices.DeleteFunc(e.decisions, func(d decision) bool {
		if d.change == nil {
			return d.at >= len(e.faults.known[placeOf(d.fault)])
		}
		return d.at >= len(d.change.course)
	})
	e.deriveAgain()
}

// cutCourses takes the changes back to where they stood at an instant. What is too old to be judged anew stays as it is.
func (e *Engine) cutCourses(from int64) (cut []*change) {
	for _, c := range e.watched {
		n := 0
		for n < len(c.course) && c.course[n].DecidedAt.Unix() <= from {
			n++
		}
		baseline := c.start() - e.cfg.Baseline
		if c.rec.Phase == correlate.PhaseClosed && (n == len(c.course) || baseline < e.oldest || e.store.Forgot(c.place(), baseline)) {
			c.judged = min(c.judged, max(c.start(), from))
			continue
		}
		cut = append(cut, c)
		c.course = c.course[:n:n]
		e.altered(c.place())
		if v := c.verdict(); v == nil || !v.Final {
			c.rec.Phase = correlate.PhaseObserving
		}
		c.judged = max(c.start(), from)
	}
	return cut
}

// compareSubjects notes from when on judging depends on a change in another way than before. What took it back is part of
// that, also where only the other change is another. A look around stands if that is from later on.
func (e *Engine) compareSubjects(c *change, by string) {
	is := e.subjectOf(c)
	from := observe.AlikeUntil(c.depended(), &is)
	if from < observe.Never {
		e.differs(from, correlate.LateChange, by)
	}
	if from < e.around.At {
		e.around = look{}
	}
	c.dependsOn(is)
}

// compareIncident notes from when on judging depends on which change an incident is held against: later rollouts near it
// are not compared with one that people objected to.
func (e *Engine) compareIncident(i correlate.Incident, c *change) {
	for _, later := range e.watched {
		if later.rollsOut() && later.start() >= i.OpenedAt.Unix() && later.start() > c.start() && e.observer.Near(c.place(), e.mark.At)[later.place()] {
			e.differs(later.start(), correlate.LateIncident, i.ID)
		}
	}
}

// deriveAgain forgets what was derived from changes and measurements and is remembered between looks.
func (e *Engine) deriveAgain() {
	e.observer.Forget()
	e.around = look{}
	for _, c := range e.changes {
		c.watch, c.seen = nil, nil
	}
}

// follow takes back the verdicts that a change was given, oldest first; without them, the one that its record has.
func (c *change) follow(revisions []correlate.Verdict) {
	if len(revisions) == 0 && c.rec.Verdict != nil {
		revisions = []correlate.Verdict{*c.rec.Verdict}
	}
	var course []correlate.Verdict
	for _, v := range revisions {
		c.revision = max(c.revision, v.Revision)
		if v.Supersedes > 0 {
			course = slices.DeleteFunc(course, func(o correlate.Verdict) bool { return o.Revision >= v.Supersedes })
		}
		if !v.Withdrawn {
			course = append(course, v)
		}
	}
	c.keepIssued(course)
}

// keepIssued takes back the verdicts that were issued and stand.
func (c *change) keepIssued(issued []correlate.Verdict) {
	if c.keep(issued); c.withChecks {
		c.course = checks.Course(issued)
	}
	if n := len(issued); n > 0 && c.rec.Verdict != nil && issued[n-1].Revision == c.rec.Verdict.Revision {
		c.rec.Verdict = &issued[n-1]
	}
}

// keep notes what is issued; it is the course, unless checks say something else. What was issued is never written to again:
// whoever appends to the course copies it.
func (c *change) keep(issued []correlate.Verdict) {
	c.issued = slices.Clip(issued)
	if c.withChecks = checks.Bear(issued); !c.withChecks {
		c.course = c.issued
	}
}
