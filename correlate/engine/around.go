package engine

import (
	"maps"
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge"
	"github.com/shipwake/shipwake/correlate/observe"
	"github.com/shipwake/shipwake/correlate/window"
)

// look is what was last seen on the services around the open changes. It is a function of the state at its instant, so
// it can be made again after a restart.
type look struct {
	observe.Around
	faults   []fault
	services int // those that were looked at, with those whose own change is at fault
	round    *round
	doubtful map[place]bool // of the services that were asked for it: nothing convicts, but something speaks for a fault
}

// doubts says that something speaks for a fault of a place that was looked at. It is asked once a look.
func (l look) doubts(p place) bool {
	doubtful, asked := l.doubtful[p]
	if !asked {
		memory, k := l.round.observer.Neighbour(l.round.View, p, l.From[p], l.At)
		doubtful = memory.Doubtful(&l.round.cfg.Judge, k)
		l.doubtful[p] = doubtful
	}
	return doubtful
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
	r.observer.KeepNeighbours()
	seen := look{Around: observe.NewAround(r.At, anchors), services: len(anchors) + len(own), round: r, doubtful: map[place]bool{}}
	for _, p := range seen.Places {
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
	memory, k := r.observer.Neighbour(r.View, p, around.From[p], around.At)
	if maybeQuiet && memory.Quiet(&r.cfg.Judge, k) {
		return a, true
	}
	return memory.Decide(&r.cfg.Judge, k), false
}

// strongElsewhere says that a fault is strong enough to be held against a change of another service, when it was looked for
// on so many.
func (r *round) strongElsewhere(a judge.Assessment, services int) bool {
	return a.Strength >= enough(a.Reason, services) || !r.cfg.Guards.On(guardStrongElsewhere)
}

// doubtedByCallers says that a service which calls the changed one nearly shows a fault: what the changed one answers may
// look right to it alone.
func (r *round) doubtedByCallers(s candidate, seen look) bool {
	environment := s.place().Environment
	return slices.ContainsFunc(r.observer.Graph(environment, r.At).Callers(s.rec.Service), func(caller string) bool {
		p := place{Service: caller, Environment: environment}
		_, looked := seen.From[p]
		return looked && seen.doubts(p)
	})
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

// besideOutage assesses a change at its last look without the time of an outage that others suffered as well. ok is false
// where there was none, or less time is left than an acquittal takes.
func (r *round) besideOutage(s candidate, faults []fault) (a judge.Assessment, ok bool) {
	out, ok := r.outage(s, faults)
	if !ok || !r.cfg.Guards.On(guardOutage) {
		return a, false
	}
	at := s.assessed.At
	start, finish := s.known.Start, s.known.At(at).Finish
	clean := at - start - out.Overlap(window.Span{From: start, To: at})
	if finish == 0 || clean < max(r.cfg.Judge.MinHealthy, 2*(finish-start)) {
		return a, false
	}
	w := r.observer.Watch(nil, r.View, s.known, at)
	k := r.observer.Case(w, finish, at)
	observe.Without(&k, out)
	return w.Memory.Assess(&r.cfg.Judge, &k), true
}

// outage is when services of a change's environment suffered what the change can't have done, because services that it can't
// have reached got worse as much at the same time: from the first of such faults to the end of the last one.
func (r *round) outage(s candidate, faults []fault) (out window.Span, ok bool) {
	edge := r.cfg.Resolution * neighbourEvery
	for _, f := range faults {
		if f.Environment != s.rec.Environment || !slices.Contains(f.beyond, s.rec.ID) ||
			r.probability(s.rec.ID, []fault{f}, anyFault) >= mayBe {
			continue
		}
		in := window.Span{From: f.Onset - edge, To: s.assessed.At}
		if f.recover > 0 {
			in.To = f.recover + r.cfg.Resolution + edge
		}
		if out.To = max(out.To, in.To); !ok || in.From < out.From {
			out.From = in.From
		}
		ok = true
	}
	return out, ok
}

// cleared is the finding of a change at its end that is healthy but for an outage.
func (r *round) cleared(s candidate, f finding, faults []fault) finding {
	if a, ok := r.besideOutage(s, faults); ok && a.Outcome == correlate.Healthy {
		return finding{outcome: a.Outcome, reason: a.Reason, grade: a.Grade, evidence: a.Evidence, visible: a.SmallestVisible}
	}
	return f
}
