package engine

import (
	"maps"
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge"
	"github.com/shipwake/shipwake/correlate/observe"
)

// look is what was last seen on the services around the open changes. It is a function of the state at its instant, so
// it can be made again after a restart.
type look struct {
	observe.Around
	faults   []fault
	services int // those that were looked at, with those whose own change is at fault
}

// news says that a change may be about to be convicted: then what shows around it must not be old.
func (r *round) news(due []candidate) bool {
	return slices.ContainsFunc(due, func(s candidate) bool {
		v := s.verdict()
		return s.a.Outcome == correlate.Regressed && (v == nil || v.Outcome != correlate.Regressed)
	})
}

// turned is the latest instant by that of the view from which an older look around doesn't do, 0 when there is none: when a
// change was convicted that wasn't before, since that rests on what showed around it then, and the bucket after the last look
// at a change, from which on its service is looked at as others are.
func (r *round) turned() (latest int64) {
	for _, s := range r.Watched {
		for i, d := range s.Decided {
			if d.Convicts() && (i == 0 || !s.Decided[i-1].Convicts()) {
				latest = max(latest, d.At)
			}
			if next := d.At + r.cfg.Resolution; d.Final && next <= r.At {
				latest = max(latest, next)
			}
		}
	}
	return latest
}

// lookAround judges, at the instant of a view, each service within a few hops of a change, from the oldest such change on. A
// service whose own change is at fault speaks for itself.
func (r *round) lookAround() look {
	anchors := map[place]int64{}
	own, theirs := map[place]bool{}, map[place]string{}
	for i := range r.Watched {
		s := r.Watched[i]
		over := s.End > 0 && r.At-r.cfg.Resolution >= s.End // it had its last look a bucket ago, or before
		if over && s.Live && s.Verdict().Lasts() {
			theirs[s.Place] = s.ID // a fault isn't held against others because the time of its own change is over
		}
		if over || !s.Live {
			continue
		}
		if r.regressed(i) {
			own[s.Place] = true
		}
		for p := range r.observer.Near(s.Place, r.At) {
			if old, ok := anchors[p]; !ok || s.Start < old {
				anchors[p] = s.Start
			}
		}
	}
	maps.DeleteFunc(anchors, func(p place, _ int64) bool { return own[p] })
	r.observer.KeepNeighbours(anchors)
	seen := look{Around: observe.Around{At: r.At, From: anchors}, services: len(anchors) + len(own)}
	for _, p := range slices.SortedFunc(maps.Keys(anchors), place.Compare) {
		if a, quiet := r.assessPlace(p, seen.Around, true); !quiet && a.Outcome == correlate.Regressed {
			f := faultOn(p, theirs[p], a)
			f.provesElsewhere = r.strongElsewhere(a, seen.services)
			seen.faults, seen.Faults = append(seen.faults, f), append(seen.Faults, f.seen())
		}
	}
	return seen
}

// assessPlace judges a service that is seen as a whole, at the instant of a look around. Where that is enough, it only
// says that nothing can convict.
func (r *round) assessPlace(p place, around observe.Around, maybeQuiet bool) (a judge.Assessment, quiet bool) {
	from := around.From[p]
	w := r.observer.Neighbour(r.View, p, from)
	k := r.observer.Case(w, from, around.At)
	if maybeQuiet && w.Memory.Quiet(&r.cfg.Judge, &k) {
		return a, true
	}
	return w.Memory.Assess(&r.cfg.Judge, &k), false
}

// strongElsewhere says that a fault is strong enough to be held against a change of another service, when it was looked for
// on so many.
func (r *round) strongElsewhere(a judge.Assessment, services int) bool {
	return a.Strength >= enough(a.Reason, services) || !r.cfg.Guards.On(guardStrongElsewhere)
}

// enough is the strength that a fault must have to be held against a change of another service, when it was looked for
// on so many: each look is a chance to be wrong.
func enough(reason correlate.Reason, services int) float64 {
	if reason == correlate.ReasonCustomSignal {
		return valueElsewhere
	}
	return 1 + math.Log(float64(services))/bar
}

// blamedElsewhere finds the fault that this change most likely caused, of those that its own assessment doesn't show. One that
// has a concurrent comparison isn't blamed for what its service suffers in all versions, and none for what another change of
// its service shows. What it is convicted of need not stay as strong as it had to be for that.
func (r *round) blamedElsewhere(s candidate, faults []fault) (fault, float64) {
	compared := s.a.Grade == correlate.GradeA || s.a.Grade == correlate.GradeB
	var worst fault
	best := 0.0
	for _, f := range faults {
		if !(f.provesElsewhere || s.convictedFor(f.place)) || (f.place == s.place() && (f.own != "" || compared && r.cfg.Guards.On(guardOwnService))) {
			continue
		}
		p := r.probability(s.rec.ID, []fault{f}, anyFault)
		if p > best {
			worst, best = f, p
		}
	}
	return worst, best
}
