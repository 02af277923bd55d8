package engine

import (
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge"
	"github.com/shipwake/shipwake/correlate/observe"
	"github.com/shipwake/shipwake/correlate/window"
)

// Whether a change is to be convicted is asked at every bucket. To assess it in full costs much more, so that is done
// only at its end, when something may convict it, when it may be at fault for what shows nearby, and at every few buckets
// once it may be acquitted or was given a verdict. When that is depends on nothing but the state at the instant, so
// verdicts don't depend on what else was looked at before.

// assessed is what the service of a change said of it at an instant.
type assessed struct {
	observe.Basis
	// brief: nothing convicts, so nothing but the outcome is filled in, and the outcome says no more than that. The evidence
	// of an assessment that is not brief may be left out all the same, see told.
	brief bool
	judge.Assessment
	stamp int  // of what it is a function of, see observe.Observer.Stamp; 0 where that isn't known
	now   bool // it was looked at the instant of the view
}

// assess assesses the service of the i-th watched change from its own point of view.
func (r *round) assess(i int) candidate {
	c, known, t := r.changes[i], r.Watched[i], r.At
	cutoff := r.supersededAt(c, known.Start)
	end := window.Floor(windowEnd(r.book.Config(), c), r.cfg.Resolution)
	if cutoff > 0 {
		end = min(end, window.Floor(cutoff, r.cfg.Resolution))
	}
	seen := &c.looks().between
	switch at, scheduled := r.scheduled(c, known, t); {
	case r.last || t >= end:
		seen = &c.looks().assessed
		r.glance(c, known, seen, min(t, end), true)
		if c.rec.Phase == correlate.PhaseClosed {
			c.watch = nil
		}
	case scheduled:
		if r.glance(c, known, &c.looks().assessed, at, true); at == t || c.seen.assessed.Outcome == correlate.Regressed {
			seen = &c.looks().assessed
		} else if r.glance(c, known, seen, t, false); seen.Outcome != correlate.Regressed && !r.stands(c, known, seen, at) {
			seen = &c.seen.assessed // between two such looks a change may be convicted, and nothing is taken back
		}
	default:
		r.glance(c, known, seen, t, false)
		return candidate{change: c, known: known, cutoff: cutoff, assessed: seen, a: withheld(r.proven(c, known, seen.Assessment))}
	}
	return candidate{change: c, known: known, cutoff: cutoff, assessed: seen, a: r.proven(c, known, seen.Assessment)}
}

// stands assesses a change as it was when it was convicted after an instant, if it was: that holds up to the next scheduled look.
func (r *round) stands(c *change, known *observe.Subject, seen *assessed, after int64) bool {
	since := int64(0)
	for i := len(c.course) - 1; i >= 0 && c.course[i].Outcome == correlate.Regressed && c.course[i].DecidedAt.Unix() > after; i-- {
		since = c.course[i].DecidedAt.Unix()
	}
	if since > 0 {
		r.glance(c, known, seen, since, true)
	}
	return since > 0 && seen.Outcome == correlate.Regressed
}

// proven is an assessment, without a conviction of a rollout that was given up and isn't known to have reached anybody:
// telemetry never saw what it brought.
func (r *round) proven(c *change, known *observe.Subject, a judge.Assessment) judge.Assessment {
	if a.Outcome == correlate.Regressed && r.reachedNobody(c, known) {
		a.Outcome, a.Reason = correlate.Inconclusive, correlate.ReasonUnderpowered
		a.Onset, a.Recovered, a.Strength = 0, 0, 0
	}
	return a
}

func (r *round) reachedNobody(c *change, known *observe.Subject) bool {
	return c.tried() && r.observer.ServedVersion(known, r.At) == ""
}

// withheld is an assessment without an acquittal: that is given at the scheduled instants alone.
func withheld(a judge.Assessment) judge.Assessment {
	if a.Outcome == correlate.Healthy {
		a.Outcome, a.Reason = correlate.Inconclusive, correlate.ReasonUnderpowered
	}
	return a
}

// scheduled is the latest instant by t at which a change is assessed anyway: every few buckets once it was convicted or
// a verdict was revised, less often before, when it may be acquitted or was. Instants of the second kind are also of the
// first, and the second kind never comes after it, so that a verdict doesn't turn because it was given. ok is false when
// there is none.
func (r *round) scheduled(c *change, known *observe.Subject, t int64) (at int64, ok bool) {
	every := int64(lookEvery)
	if v := c.verdict(); v == nil || (len(c.course) == 1 && v.Outcome == correlate.Healthy) {
		every = acquitEvery
	}
	began := window.Floor(known.Start+r.cfg.Resolution-1, r.cfg.Resolution)
	if at = began + window.Floor(t-began, r.cfg.Resolution*every); at <= known.Start {
		at = t
	}
	by := known.At(at)
	k := judge.Case{Now: at, Start: known.Start, Finish: by.Finish}
	return at, c.verdict() != nil || k.Ripe(&r.cfg.Judge)
}

// glance assesses a change at an instant, at most that of the view, briefly if nothing convicts it, unless it is to be
// assessed in full.
func (r *round) glance(c *change, s *observe.Subject, seen *assessed, at int64, inFull bool) {
	stamp := r.observer.Stamp(c.watch, r.View, s)
	same := stamp != 0 && stamp == seen.stamp
	enough := !(inFull && seen.brief)
	if same && seen.At == at && enough {
		return
	}
	if same && seen.now && at == r.At {
		lookAt(r, c, seen, seen.Later(at), inFull)
		return
	}
	basis := r.observer.Basis(c.watch, r.View, s, at)
	if seen.Basis != basis || !enough {
		c.watch = r.observer.Watch(c.watch, r.View, s, at)
		lookAt(r, c, seen, basis, inFull)
	}
	seen.now = at == r.At
	seen.stamp = r.observer.Stamp(c.watch, r.View, s)
}

// lookAt assesses a change by its latest watch.
func lookAt(r *round, c *change, seen *assessed, basis observe.Basis, inFull bool) {
	k := r.observer.Look(c.watch, basis.Finish, basis.At)
	switch {
	case inFull || !c.watch.Memory.Quiet(&r.cfg.Judge, k):
		seen.brief, seen.Assessment = false, c.watch.Memory.Decide(&r.cfg.Judge, k)
	case !seen.brief:
		seen.brief, seen.Assessment = true, judge.Assessment{Outcome: correlate.Inconclusive}
	}
	seen.Basis = basis
}

// regressed says that the service of the i-th watched change convicts it at the instant of the view.
func (r *round) regressed(i int) bool {
	c, at := r.changes[i], r.At
	if cutoff := r.supersededAt(c, r.Watched[i].Start); cutoff > 0 {
		at = min(at, window.Floor(cutoff, r.cfg.Resolution))
	}
	seen := c.looks().between
	if c.seen.assessed.At == at {
		seen = c.seen.assessed // in full, which says whether it convicts as well
	}
	r.glance(c, r.Watched[i], &seen, at, false)
	return seen.Outcome == correlate.Regressed && !r.reachedNobody(c, r.Watched[i])
}

// inform fills in what is brief about the changes near a place.
func (r *round) inform(suspects []candidate, p place) {
	near := r.observer.Near(p, r.At)
	for i := range suspects {
		if near[suspects[i].place()] {
			r.fillIn(&suspects[i])
		}
	}
}

// fillIn fills in what is brief.
func (r *round) fillIn(s *candidate) {
	if s.assessed.brief {
		r.glance(s.change, s.known, s.assessed, s.assessed.At, true)
		s.a = withheld(s.assessed.Assessment)
	}
}

// told is the evidence of what a candidate's own service says, which is made where it was left out.
func told(r *round, s *candidate) []correlate.Evidence {
	if seen := s.assessed; s.a.Untold {
		if seen.Untold {
			s.watch = r.observer.Watch(s.watch, r.View, s.known, seen.At)
			seen.Assessment = s.watch.Memory.Assess(&r.cfg.Judge, r.observer.Look(s.watch, seen.Finish, seen.At))
		}
		s.a.Evidence, s.a.Untold = seen.Evidence, false
	}
	return s.a.Evidence
}

// supersededAt is when the next rollout of the same place began after an instant, 0 when none has yet. What was complete
// when the change began is none, nor is what waits.
func (r *round) supersededAt(c *change, began int64) (first int64) {
	for o := range r.book.Since(c.Place(), at(began)) {
		if o == c.Change || !o.RollsOut() || !o.Live() {
			continue
		}
		if t := r.began(o); t > began && t < r.At {
			return t
		}
	}
	return 0
}
