package engine

import (
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge"
	"github.com/shipwake/shipwake/correlate/window"
)

// Whether a change is to be convicted is asked at every bucket. To assess it in full costs much more, so that is done
// only at its end, when something may convict it, when it may be at fault for what shows nearby, and at every few buckets
// once it may be acquitted or was given a verdict. When that is depends on nothing but the state at the instant, so
// verdicts don't depend on what else was looked at before.

// assessed is what the service of a change said of it at an instant.
type assessed struct {
	of
	// brief: nothing convicts, so nothing but the outcome is filled in, and the outcome says no more than that.
	brief bool
	judge.Assessment
}

// of is what an assessment is a function of, besides the cells.
type of struct {
	at, start, finish int64
	version           string
	atOnce            bool
	gaps              int
	before            int64 // a digest of what it is compared with
	zones             int64 // a digest of what was told of zones
}

// suspect assesses the service of a change from its own point of view. last says that nothing will be seen later.
func (e *Engine) suspect(c *change, t int64, last bool) suspicion {
	cutoff := e.supersededAt(c, t)
	end := window.Floor(e.windowEnd(c), e.cfg.Resolution)
	if cutoff > 0 {
		end = min(end, window.Floor(cutoff, e.cfg.Resolution))
	}
	seen := &c.between
	switch at, scheduled := e.scheduled(c, t); {
	case last || t >= end:
		seen = &c.assessed
		e.glance(c, seen, min(t, end), true)
		if c.rec.Phase == correlate.PhaseClosed {
			c.watch = nil
		}
	case scheduled:
		if e.glance(c, &c.assessed, at, true); at == t || c.assessed.Outcome == correlate.Regressed {
			seen = &c.assessed
		} else if e.glance(c, seen, t, false); seen.Outcome != correlate.Regressed {
			seen = &c.assessed // between two such looks a change may be convicted, and nothing is taken back
		}
	default:
		e.glance(c, seen, t, false)
		return suspicion{change: c, cutoff: cutoff, assessed: seen, a: withheld(seen.Assessment)}
	}
	return suspicion{change: c, cutoff: cutoff, assessed: seen, a: seen.Assessment}
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
func (e *Engine) scheduled(c *change, t int64) (at int64, ok bool) {
	every := int64(lookEvery)
	if v := c.verdict(); v == nil || (len(c.course) == 1 && v.Outcome == correlate.Healthy) {
		every = acquitEvery
	}
	began := window.Floor(c.start()+e.cfg.Resolution-1, e.cfg.Resolution)
	if at = began + window.Floor(t-began, e.cfg.Resolution*every); at <= c.start() {
		at = t
	}
	k := judge.Case{Now: at, Start: c.start(), Finish: e.key(c, at).finish}
	return at, c.verdict() != nil || k.Ripe(&e.cfg.Judge)
}

// glance assesses a change, briefly if nothing convicts it, unless it is to be assessed in full.
func (e *Engine) glance(c *change, seen *assessed, at int64, inFull bool) {
	key := e.key(c, at)
	if seen.of == key && !(inFull && seen.brief) {
		return
	}
	c.watch = e.observe(c.watch, c.place(), key.version, key.start, key.atOnce, e.warmUps(c))
	c.watch.steps = c.rec.Zones
	k := e.caseOf(c.place(), c.watch, key.finish, at)
	if !inFull && c.watch.memory.Quiet(&e.cfg.Judge, &k) {
		*seen = assessed{of: key, brief: true, Assessment: judge.Assessment{Outcome: correlate.Inconclusive}}
		return
	}
	*seen = assessed{of: key, Assessment: c.watch.memory.Assess(&e.cfg.Judge, &k)}
}

func (e *Engine) key(c *change, at int64) of {
	key := of{at: at, start: c.start(), finish: c.finish(), version: e.servedVersion(c, at), atOnce: c.atOnce(), gaps: len(e.store.Gaps(at))}
	key.before = e.before(c.place(), c.start()).digest
	for _, z := range c.rec.Zones {
		key.zones = key.zones*31 + z.ReachedAt.Unix()
		for _, b := range []byte(z.Name) {
			key.zones = key.zones*31 + int64(b)
		}
	}
	for _, r := range e.warmUps(c) {
		key.before = key.before*31 + r.Start ^ r.Until<<32
	}
	if key.finish > at {
		key.finish = 0
	}
	return key
}

// regressed says that the service of a change convicts it at an instant.
func (e *Engine) regressed(c *change, at int64) bool {
	if cutoff := e.supersededAt(c, at); cutoff > 0 {
		at = min(at, window.Floor(cutoff, e.cfg.Resolution))
	}
	seen := c.between
	e.glance(c, &seen, at, false)
	return seen.Outcome == correlate.Regressed
}

// inform fills in what is brief about the changes near a place.
func (e *Engine) inform(suspects []suspicion, p place) {
	near := e.near(p)
	for i := range suspects {
		if near[suspects[i].place()] {
			e.fillIn(&suspects[i])
		}
	}
}

// fillIn fills in what is brief.
func (e *Engine) fillIn(s *suspicion) {
	if s.assessed.brief {
		e.glance(s.change, s.assessed, s.assessed.at, true)
		s.a = withheld(s.assessed.Assessment)
	}
}

// supersededAt is when the next rollout of the same place began, 0 when none has by t. What was complete when the change
// began is none.
func (e *Engine) supersededAt(c *change, t int64) int64 {
	for o := range e.book.Since(c.Place(), at(c.start())) {
		if o != c.Change && o.RollsOut() && o.Live() && o.Start() > c.start() && o.Start() < t {
			return o.Start()
		}
	}
	return 0
}
