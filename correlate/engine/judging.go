package engine

import (
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge"
	"github.com/shipwake/shipwake/correlate/observe"
	"github.com/shipwake/shipwake/correlate/record"
	"github.com/shipwake/shipwake/correlate/window"
)

const (
	// convicted is the probability from which a change is held responsible, and held that down to which one stays so that
	// was: blame strays by as much while nothing happens. ahead is how many times as probable as any other change it must
	// be for the first.
	convicted, held, ahead = 0.6, 0.4, 2
	// mayBe is the probability from which a change isn't acquitted.
	mayBe = 0.1
	// neighbourEvery is how many buckets lie between two looks at services that did not change.
	neighbourEvery = 6
	// lookEvery is how many buckets lie between two looks at a change for more than whether it is to be convicted, and
	// acquitEvery the same while it may be acquitted, and once it was.
	lookEvery, acquitEvery = 6, 30
	// recentMost is how many closed changes of a place are suspected with those that are observed. More within a window, from a
	// pipeline that sends in a loop, are too near to one another for time to tell which of them did something.
	recentMost = 32
	// repeated is how many signals of a fault on another service a verdict repeats.
	repeated = 3
	// valueElsewhere is how strong the fault of a value (a custom signal) on another service must be to be held against a
	// change: there are many values on many services, and what is learnt of one from its past is no exact test.
	valueElsewhere = 3
	// bar is about the ln e-value at which a family convicts: what the strength of a fault is measured in.
	bar = 6
	// uncovered is the share of a window that may lack telemetry before it can't end healthy.
	uncovered = 0.2
)

// finding is what a verdict says, before it becomes a revision.
type finding struct {
	outcome   correlate.Outcome
	reason    correlate.Reason
	grade     correlate.Grade
	onset     int64
	recovered int64
	blame     float64
	evidence  []correlate.Evidence
	untold    bool // the evidence is the assessment's, and left out there
	visible   float64
}

// says: the finding is what a verdict says already. Who is blamed for a fault is, as in the fault itself, as it was until it
// moved by more than a little.
func (f *finding) says(v *correlate.Verdict) bool {
	if f.outcome == correlate.Regressed && !sameProbability(f.blame, v.Blame) {
		return false
	}
	return v.Outcome == f.outcome && v.Reason == f.reason && unix(v.RecoveredAt) == f.recovered
}

// candidate is a change that may be at fault, with what its own service says now.
type candidate struct {
	*change
	known  *observe.Subject // the change as it is known
	cutoff int64            // the change that superseded it began; 0 while none has
	a      judge.Assessment
	// assessed is where a came from.
	assessed *assessed
}

// judgeUpTo judges every open change at each bucket boundary up to the watermark, from when the oldest cells begin that
// may be kept: before that nothing tells anything of a change, though a clock that was never set may say 1970.
// It leaves off after Config.LooksAtOnce; done says that it came to the end.
func (e *Engine) judgeUpTo(mark int64) (done bool) {
	open := append(e.observing(), e.lasting()...)
	if len(open) == 0 {
		return true
	}
	from := mark
	for _, c := range open {
		from = min(from, c.judged)
	}
	from = max(from, mark-e.cfg.Cells().LongestFine())
	looks := 0
	for t := window.Floor(from, e.cfg.Resolution) + e.cfg.Resolution; t <= mark; t += e.cfg.Resolution {
		if most := e.cfg.LooksAtOnce; most > 0 && looks >= most {
			return false
		}
		looks += e.judgeAt(t, false)
		e.judgedTo = t
	}
	return true
}

// Conclude judges to the end of what was measured, and ends every open window there: nothing more will come. It is how a
// replay ends.
func (e *Engine) Conclude() []correlate.Effect {
	e.effects = nil
	e.cfg.LooksAtOnce = 0
	e.checkedTo = max(e.checkedTo, e.now)
	if Behind(e) {
		e.judge()
	}
	before := e.mark.At
	if e.mark.Complete(e.cfg.Resolution); e.mark.At > before {
		e.passed(before)
	}
	if t := e.mark.At; t > 0 {
		e.judge()
		e.judgeAt(t, true)
	}
	for _, c := range e.observing() {
		e.conclude(e.round(max(e.mark.At, c.start()), true), c, c.unseen(), true)
	}
	e.issue(nil, reopening{})
	e.settle()
	return e.effects
}

// judgeAt judges the open changes at an instant, and returns how many were looked at; last says that nothing will be seen
// later.
func (e *Engine) judgeAt(t int64, last bool) (looks int) {
	r := e.round(t, last)
	for i, c := range r.changes {
		began := time.Time{}
		if s := r.Watched[i]; s.Start != c.start() {
			began = at(s.Start)
		}
		record.Begun(e.book, c.Change, began, false)
	}
	for _, c := range r.stillWaiting() {
		record.Begun(e.book, c.Change, time.Time{}, true)
		c.judged = t
		if end := e.windowEnd(c); t >= end || last {
			e.conclude(r, c, finding{outcome: correlate.Inconclusive, reason: correlate.ReasonNotDeployed}, true)
		}
	}
	for _, c := range e.lasting() {
		if f, back := r.cameBack(c); back {
			e.conclude(r, c, f, true)
		}
		c.judged = max(c.judged, t)
	}
	due := r.due()
	if len(due) == 0 {
		return len(r.changes)
	}
	recent := r.recent(due)
	r.sustain(due)
	around := e.facedAround(r, last || r.news(due))
	faults := append(r.ownFaults(due, around.services), around.faults...)
	for _, f := range faults {
		r.inform(due, f.place)
		r.inform(recent, f.place)
	}
	suspects := append(slices.Clone(due), recent...)
	r.rank(faults, suspects, around)
	agree(faults, r.cfg.Blame.Together)
	for i := range faults {
		if d, ok := e.faults.note(faults[i], t); ok {
			e.decisions = append(e.decisions, d)
		}
	}
	hints := r.hints(suspects, len(due), around)
	for _, s := range due {
		s.judged = t
		f := r.decide(s, faults, hints)
		if f.outcome == correlate.Healthy && r.doubtedByCallers(s, around) && r.cfg.Guards.On(guardCallersDoubtful) {
			f.outcome, f.reason = correlate.Inconclusive, correlate.ReasonConfounded
		}
		if f.untold && s.news(&f, r.ends(s)) {
			f.evidence = told(r, &s)
		}
		e.conclude(r, s.change, f, r.ends(s))
	}
	for _, s := range recent {
		if f, moved := r.blameMoved(s, faults); moved {
			e.conclude(r, s.change, f, true)
		}
	}
	return len(r.changes)
}

// facedAround are the regressions of the services around the changes whose time has not passed. They are looked for
// every few buckets and at each turn, and remembered in between, unless they are to be looked for now.
func (e *Engine) facedAround(r *round, now bool) look {
	at := max(window.Floor(r.At, e.cfg.Resolution*neighbourEvery), r.turned())
	if now {
		at = r.At
	}
	if e.around.At != at {
		if at < r.At {
			r = e.round(at, false)
		}
		e.around = r.lookAround()
	}
	return e.around
}

// news: a finding says something new of a change. An inconclusive one is news only at the end of the window, or when it takes
// back what an earlier revision said.
func (c *change) news(f *finding, final bool) bool {
	old := c.verdict()
	if old == nil {
		return final || f.outcome != correlate.Inconclusive
	}
	return old.Final != final || !f.says(old)
}

// conclude appends to the course of a change when the finding is news.
func (e *Engine) conclude(r *round, c *change, f finding, final bool) {
	if !c.news(&f, final) {
		return
	}
	is := c.verdictOf(f, r.At, final)
	before := c.verdict()
	is.DetectedAt = is.DetectedSince(before)
	is.Inputs = r.inputs(c, e.subject(c))
	if f.reason == correlate.ReasonNoTelemetry {
		for _, p := range observe.Alike(e.store, c.place(), r.At) {
			is.HeardAs = append(is.HeardAs, correlate.Heard(p))
		}
	}
	c.rec.Phase = correlate.PhaseObserving
	if final {
		c.rec.Phase = correlate.PhaseClosed
	}
	series := seriesFor(r, c, &is, before)
	c.course, c.unissued = append(c.course, is), true
	e.decided(c)
	e.decisions = append(e.decisions, decision{change: c, at: len(c.course) - 1, series: series})
}

// unseen is the finding of a change of which there is no telemetry.
func (c *change) unseen() finding {
	if c.tried() {
		return finding{outcome: correlate.Inconclusive, reason: correlate.ReasonNotDeployed}
	}
	return finding{outcome: correlate.Inconclusive, reason: correlate.ReasonNoTelemetry}
}

// verdictOf is a finding in words that last, without a revision number.
func (c *change) verdictOf(f finding, t int64, final bool) correlate.Verdict {
	v := correlate.Verdict{
		ChangeID: c.rec.ID, Service: c.rec.Service, Environment: c.rec.Environment, Version: c.rec.Version,
		Outcome: f.outcome, Reason: f.reason, Final: final, DecidedAt: at(t),
		OnsetAt: instant(f.onset), RecoveredAt: instant(f.recovered),
		Blame: f.blame, Grade: f.grade, Evidence: slices.Clone(f.evidence), SmallestVisible: f.visible,
	}
	if v.Evidence == nil {
		v.Evidence = []correlate.Evidence{}
	}
	return v
}

func instant(unix int64) *time.Time {
	if unix == 0 {
		return nil
	}
	t := at(unix)
	return &t
}

func unix(t *time.Time) int64 {
	if t == nil {
		return 0
	}
	return t.Unix()
}
