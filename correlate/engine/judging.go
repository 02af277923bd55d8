package engine

import (
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge"
	"github.com/shipwake/shipwake/correlate/observe"
	"github.com/shipwake/shipwake/correlate/window"
)

const (
	// convicted is the probability from which a change is held responsible.
	convicted = 0.5
	// mayBe is the probability from which a change isn't acquitted.
	mayBe = 0.2
	// hops is how far from a changed service a fault is still looked for.
	hops = 3
	// neighbourEvery is how many buckets lie between two looks at services that did not change.
	neighbourEvery = 6
	// lookEvery is how many buckets lie between two looks at a change for more than whether it is to be convicted, and
	// acquitEvery the same while it may be acquitted, and once it was.
	lookEvery, acquitEvery = 6, 30
	// told is how many signals of a fault on another service a verdict repeats.
	told = 3
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
	visible   float64
}

// suspicion is a change under observation with what its own service says now.
type suspicion struct {
	*change
	known  *observe.Subject // the change as it is known
	cutoff int64            // the change that superseded it began; 0 while none has
	a      judge.Assessment
	// assessed is where a came from.
	assessed *assessed
}

// judgeUpTo judges every open change at each bucket boundary up to the watermark, from when the oldest cells begin that
// may be kept: before that nothing tells anything of a change, though a clock that was never set may say 1970.
func (e *Engine) judgeUpTo(mark int64) {
	open := e.observing()
	if len(open) == 0 {
		return
	}
	from := mark
	for _, c := range open {
		from = min(from, c.judged)
	}
	from = max(from, mark-e.cfg.Cells().LongestFine())
	for t := window.Floor(from, e.cfg.Resolution) + e.cfg.Resolution; t <= mark; t += e.cfg.Resolution {
		e.judgeAt(t, false)
	}
}

// Conclude ends every open window at the watermark: nothing more will come. It is how a replay ends.
func (e *Engine) Conclude() []correlate.Effect {
	e.effects = nil
	if t := e.mark.At; t > 0 {
		e.judge()
		e.judgeAt(t, true)
	}
	for _, c := range e.observing() {
		e.conclude(e.view(max(e.mark.At, c.start())), c,
			finding{outcome: correlate.Inconclusive, reason: correlate.ReasonNoTelemetry}, true)
	}
	e.issue(nil, reopening{})
	return e.effects
}

func (e *Engine) judgeAt(t int64, last bool) {
	v := e.view(t)
	v.last = last
	var due, recent []suspicion
	for i, c := range v.changes {
		if c.rec.Phase == correlate.PhaseObserving && (c.judged < t || last) {
			due = append(due, e.suspect(v, i))
		}
	}
	if len(due) == 0 {
		return
	}
	for _, i := range e.inSight(v, due) {
		if v.changes[i].rec.Phase == correlate.PhaseClosed {
			recent = append(recent, e.suspect(v, i))
		}
	}
	e.sustain(v, due)
	own := e.ownFaults(v, due)
	around := e.facedAround(v, last || e.news(due))
	faults := append(own, around.faults...)
	for _, f := range faults {
		e.inform(v, due, f.place)
		e.inform(v, recent, f.place)
	}
	suspects := append(slices.Clone(due), recent...)
	e.rank(v, faults, suspects, around)
	for i := range faults {
		e.reportRegression(faults[i], t)
	}
	hints := e.hints(v, suspects, len(due), around)
	for _, s := range due {
		s.judged = t
		e.decide(v, s, faults, hints)
	}
}

// ends says that this is the last look at a change.
func (v *view) ends(s suspicion) bool {
	return v.last || (s.cutoff > 0 && v.At >= s.cutoff) || s.known.End > 0
}

// decide turns an assessment and the blame for the faults around into a finding, and the finding into a revision.
func (e *Engine) decide(v *view, s suspicion, faults, hints []fault) {
	t := v.At
	f := finding{
		outcome: s.a.Outcome, reason: s.a.Reason, grade: s.a.Grade, evidence: s.a.Evidence, visible: s.a.SmallestVisible,
	}
	if s.a.Outcome == correlate.Regressed {
		f.onset, f.recovered = s.a.Onset, s.a.Recovered
		f.blame = e.probability(s.rec.ID, faults, func(o fault) bool { return o.own == s.rec.ID })
		if f.blame < convicted {
			f.outcome, f.reason = correlate.Inconclusive, correlate.ReasonConfounded
		}
	} else if o, p := e.blamedElsewhere(s, faults); p >= convicted {
		f.outcome, f.reason, f.blame = correlate.Regressed, correlate.ReasonDownstream, p
		f.onset, f.recovered, f.grade = o.Onset, o.recover, o.grade
		f.evidence = append(elsewhere(o), s.a.Evidence...)
	} else if v.ends(s) && s.a.Outcome == correlate.Inconclusive {
		f.blame = e.probability(s.rec.ID, append(hints[:len(hints):len(hints)], faults...), func(fault) bool { return true })
	}
	if f.outcome == correlate.Healthy && e.suspected(s, faults) {
		f.outcome, f.reason = correlate.Inconclusive, correlate.ReasonConfounded
	}
	if f.outcome == correlate.Healthy &&
		(e.store.GapShare(s.start(), t) > uncovered || e.store.Degraded(s.place(), s.start()-e.cfg.Baseline, t)) {
		f.outcome, f.reason = correlate.Inconclusive, correlate.ReasonNoCoverage
	}
	superseded := s.cutoff > 0 && t >= s.cutoff
	if superseded && f.outcome == correlate.Inconclusive {
		if old := s.verdict(); old != nil && old.Outcome == correlate.Regressed {
			e.close(v, s.change)
			return
		}
		f.reason = correlate.ReasonSuperseded
	}
	e.conclude(v, s.change, f, v.ends(s))
}

// suspected says that a change may well be the cause of a fault that shows on another service: whatever its own service
// says, it isn't cleared. What shows while a version comes back that served before is more likely what that is to cure.
func (e *Engine) suspected(s suspicion, faults []fault) bool {
	return !s.rec.Rollback && e.probability(s.rec.ID, faults, func(o fault) bool {
		return o.place != s.place() && (o.own != "" || o.provesElsewhere)
	}) >= mayBe
}

// conclude appends to the course of a change when the finding says something new. An inconclusive finding is news only at
// the end of the window, or when it takes back what an earlier revision said.
func (e *Engine) conclude(v *view, c *change, f finding, final bool) {
	old := c.verdict()
	if !final && old == nil && f.outcome == correlate.Inconclusive {
		return
	}
	if old != nil && old.Outcome == f.outcome && old.Reason == f.reason && old.Final == final && unix(old.RecoveredAt) == f.recovered {
		return
	}
	is := e.verdict(c, f, v.At, final)
	is.Inputs = e.inputs(v, c)
	c.rec.Phase = correlate.PhaseObserving
	if final {
		c.rec.Phase = correlate.PhaseClosed
	}
	c.course = append(c.course, is)
	e.decisions = append(e.decisions, decision{change: c, at: len(c.course) - 1})
}

// verdict is a finding in words that last, without a revision number.
func (e *Engine) verdict(c *change, f finding, t int64, final bool) correlate.Verdict {
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

// close makes the current verdict of a change final as it stands.
func (e *Engine) close(v *view, c *change) {
	is := *c.verdict()
	e.conclude(v, c, finding{
		outcome: is.Outcome, reason: is.Reason, grade: is.Grade, blame: is.Blame, evidence: is.Evidence,
		visible: is.SmallestVisible, onset: unix(is.OnsetAt), recovered: unix(is.RecoveredAt),
	}, true)
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
