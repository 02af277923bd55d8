package engine

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge"
	"github.com/shipwake/shipwake/correlate/window"
)

// look is what was last seen on the services around the open changes. It is a function of the state at its instant, so
// it can be made again after a restart.
type look struct {
	at     int64
	faults []fault
	from   map[place]int64 // since when each service without a fault-bearing change was looked at
}

// news says that a change may be about to be convicted: then what shows around it must not be old.
func (e *Engine) news(due []suspicion) bool {
	return slices.ContainsFunc(due, func(s suspicion) bool {
		v := s.verdict()
		return s.a.Outcome == correlate.Regressed && (v == nil || v.Outcome != correlate.Regressed)
	})
}

// facedAround are the regressions of the services around the changes whose time has not passed. They are looked for
// every few buckets, and remembered in between, unless they are to be looked for now.
func (e *Engine) facedAround(t int64, now bool) look {
	at := window.Floor(t, e.cfg.Resolution*neighbourEvery)
	if now {
		at = t
	}
	if e.around.at != at {
		e.around = e.lookAround(at)
	}
	return e.around
}

// lookAround judges, as of an instant, each service within a few hops of a change, from the oldest such change on. A
// service whose own change is at fault speaks for itself.
func (e *Engine) lookAround(t int64) look {
	now := e.asOf
	e.asOf = t // what is looked for may lie a little back
	defer func() { e.asOf = now }()
	anchors := map[place]int64{}
	own := map[place]bool{}
	for _, c := range e.watched {
		over := t > window.Floor(e.windowEnd(c), e.cfg.Resolution)+e.cfg.Resolution // its last look sees what it saw before
		if c.start() >= t || over || !c.live() {
			continue
		}
		if e.regressed(c, t) {
			own[c.place()] = true
		}
		for p := range e.near(c.place()) {
			if old, ok := anchors[p]; !ok || c.start() < old {
				anchors[p] = c.start()
			}
		}
	}
	maps.DeleteFunc(anchors, func(p place, _ int64) bool { return own[p] })
	maps.DeleteFunc(e.neighbours, func(p place, _ *watch) bool { _, still := anchors[p]; return !still })
	seen := look{at: t, from: anchors}
	for _, p := range slices.SortedFunc(maps.Keys(anchors), place.Compare) {
		if e.quietPlace(p, anchors[p], t) {
			continue
		}
		if a := e.assessPlace(p, anchors[p], t); a.Outcome == correlate.Regressed {
			f := faultOn(p, "", a)
			f.provesElsewhere = a.Strength >= enough(a.Reason, len(anchors)+len(own))
			seen.faults = append(seen.faults, f)
		}
	}
	return seen
}

// quietPlace says that nothing can convict on a service that is seen as a whole since an instant.
func (e *Engine) quietPlace(p place, from, t int64) bool {
	w := e.neighbour(p, from)
	k := e.caseOf(p, w, from, t)
	return w.memory.Quiet(&e.cfg.Judge, &k)
}

func (e *Engine) assessPlace(p place, from, t int64) judge.Assessment {
	w := e.neighbour(p, from)
	k := e.caseOf(p, w, from, t)
	return w.memory.Assess(&e.cfg.Judge, &k)
}

// neighbour is what is remembered of a service that is seen as a whole.
func (e *Engine) neighbour(p place, from int64) *watch {
	w := e.observe(e.neighbours[p], p, "", from, e.atOnce(from), e.rolledOutBy(p, from))
	e.neighbours[p] = w
	return w
}

// atOnce says that what was changed at an instant has nothing to warm up.
func (e *Engine) atOnce(from int64) bool {
	first, _ := slices.BinarySearchFunc(e.watched, from, func(c *change, at int64) int { return cmp.Compare(c.start(), at) })
	all := false
	for _, c := range e.watched[first:] {
		if c.start() != from {
			break
		}
		if all = c.atOnce(); !all {
			return false
		}
	}
	return all
}

// enough is the strength that a fault must have to be held against a change of another service, when it was looked for
// on so many: each look is a chance to be wrong.
func enough(reason correlate.Reason, services int) float64 {
	if reason == correlate.ReasonCustomSignal {
		return valueElsewhere
	}
	return 1 + math.Log(float64(services))/bar
}

// blamedElsewhere finds the fault on a service without a fault-bearing change of its own that this change most likely
// caused. One that has a concurrent comparison isn't blamed for what its service suffers in all versions.
func (e *Engine) blamedElsewhere(s suspicion, faults []fault) (fault, float64) {
	compared := s.a.Grade == correlate.GradeA || s.a.Grade == correlate.GradeB
	var worst fault
	best := 0.0
	for _, f := range faults {
		if !f.provesElsewhere || (compared && f.place == s.place()) {
			continue
		}
		p := e.probability(s.rec.ID, []fault{f}, func(fault) bool { return true })
		if p > best {
			worst, best = f, p
		}
	}
	return worst, best
}
