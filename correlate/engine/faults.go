package engine

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/blame"
	"github.com/shipwake/shipwake/correlate/judge"
)

// fault is a regression on a place, with the changes that may have done it.
type fault struct {
	place
	blame.Fault
	suspects []correlate.Suspect
	own      string  // the change whose own assessment this is, "" for a service seen as a whole
	certain  float64 // how probable it is that there is a fault at all; 1 when it is proven
	// provesElsewhere: it was found on a service without a fault-bearing change, and is strong enough to be held against
	// a change nearby.
	provesElsewhere bool
	recover         int64
	grade           correlate.Grade
	evidence        []correlate.Evidence // what convicts, at most a few
}

// hints are the faults that are not proven near the changes whose last look this is, with their suspects. The first
// suspects, so many of them, are those that are due.
func (e *Engine) hints(suspects []suspicion, due int, around look, t int64, last bool) []fault {
	ending := map[place]bool{}
	for _, s := range suspects[:due] {
		if e.ends(s, t, last) {
			maps.Copy(ending, e.near(s.place()))
		}
	}
	if len(ending) == 0 {
		return nil
	}
	var hints []fault
	for i := range suspects[:due] {
		if s := &suspects[i]; ending[s.place()] {
			e.fillIn(s)
			if s.a.NearMiss != nil {
				hints = append(hints, hintOn(s.place(), s.rec.ID, s.a))
			}
		}
	}
	for _, p := range slices.SortedFunc(maps.Keys(ending), place.compare) {
		if from, seen := around.from[p]; seen {
			if a := e.assessPlace(p, from, around.at); a.NearMiss != nil {
				hints = append(hints, hintOn(p, "", a))
			}
		}
	}
	for _, h := range hints {
		e.inform(suspects, h.place)
	}
	e.rank(hints, suspects, around, t)
	return hints
}

// rank finds the suspects of each fault.
func (e *Engine) rank(faults []fault, suspects []suspicion, around look, t int64) {
	for i := range faults {
		f := &faults[i]
		others, own := e.bystanders(*f, around, t)
		f.Course = e.courseOf(*f, around, t)
		all := e.candidates(suspects, *f, t)
		f.Explained = e.explained(*f, others, all)
		for j := range all {
			all[j].Shocked = e.shocked(place{all[j].Service, f.Environment}, *f, others, own)
		}
		f.suspects = e.cfg.Blame.Rank(f.Fault, all, e.graphOf(f.Environment))
	}
}

// ownFaults are the regressions of changed services. One that was there before the change, and that its new instances
// don't make worse, has its old onset.
func (e *Engine) ownFaults(due []suspicion) []fault {
	var faults []fault
	for _, s := range due {
		if s.a.Outcome != correlate.Regressed {
			continue
		}
		f := faultOn(s.place(), s.rec.ID, s.a)
		if onset, ok := e.ongoing(s.place(), s.start()); ok && s.a.Contrast <= 0 {
			f.Onset = onset
		}
		faults = append(faults, f)
	}
	return faults
}

func faultOn(p place, own string, a judge.Assessment) fault {
	return fault{
		place: p, own: own, certain: 1, recover: a.Recovered, grade: a.Grade, evidence: a.Evidence[:min(len(a.Evidence), told)],
		Fault: blame.Fault{Service: p.Service, Signal: signalOf(a), Onset: a.Onset, Strength: strength(a)},
	}
}

func hintOn(p place, own string, a judge.Assessment) fault {
	s := a.NearMiss
	return fault{
		place: p, own: own, certain: s.Probability, grade: a.Grade,
		Fault: blame.Fault{Service: p.Service, Signal: s.Signal, Onset: s.Onset, Strength: s.Strength},
	}
}

func signalOf(a judge.Assessment) string {
	if len(a.Evidence) > 0 {
		return a.Evidence[0].Signal
	}
	return string(a.Reason)
}

func strength(a judge.Assessment) float64 {
	if len(a.Evidence) == 0 || a.Evidence[0].EValue <= 1 {
		return 0
	}
	return math.Log(a.Evidence[0].EValue)
}

// candidates are the changes around the fault that were being watched when it began, also when they no longer are.
func (e *Engine) candidates(suspects []suspicion, f fault, t int64) []blame.Candidate {
	near := e.near(f.place)
	var all []blame.Candidate
	for _, s := range suspects {
		if !near[s.place()] || (s.cutoff > 0 && f.Onset >= s.cutoff) || f.Onset >= e.windowEnd(s.change) {
			continue
		}
		served := e.servings(s.change, f.Onset-doseBefore, t)
		c := blame.Candidate{
			ChangeID: s.rec.ID, Service: s.rec.Service, Kind: s.rec.Kind, Contrast: s.a.Contrast,
			Steps: s.steps(served, t), Whole: wholeAt(served, f.Onset), Unseen: e.unseen(s.change, t),
			Reversal: e.reversal(s.change, f, t), Dose: doses(&f.Course, served),
			Touches: e.touches(s.change, f, t),
		}
		for _, z := range s.rec.Zones {
			if at := z.ReachedAt.Unix(); !z.ReachedAt.IsZero() && at > s.start() && at <= t {
				c.Steps = append(c.Steps, at)
			}
		}
		slices.Sort(c.Steps)
		if s.a.Outcome == correlate.Regressed {
			c.Regressed, c.Onset, c.Strength = true, s.a.Onset, strength(s.a)
		}
		all = append(all, c)
	}
	return all
}

// reversal says what became of a fault when a change was rolled back: whether it went away within the time that recovery
// takes to be seen, before or after the rollback was complete, or still lasts after twice that time.
func (e *Engine) reversal(c *change, f fault, t int64) blame.Reversal {
	by := e.changes[c.rec.RolledBackBy]
	if by == nil || by.rec.Status != correlate.StatusSucceeded || by.start() < f.Onset || by.completed().Unix() > t {
		return blame.NotReversed
	}
	wait, done := e.cfg.Judge.Recovery, by.completed().Unix()
	switch {
	case f.recover > 0 && f.recover >= by.start()-wait && f.recover <= done+wait:
		return blame.Cured
	case (f.recover == 0 || f.recover > done+2*wait) && t > done+2*wait:
		return blame.Outlived
	}
	return blame.NotReversed
}

// unseen says that a rollout has been under way for a while without any instance of the new version being seen, though
// the other versions of the service report which they are.
func (e *Engine) unseen(c *change, t int64) bool {
	s := e.store.services[c.place()]
	if s == nil || c.rec.Version == "" || !c.rollsOut() || c.start()+e.cfg.AdoptAfter > t || e.servedVersion(c, t) != "" {
		return false
	}
	for v, seen := range s.versions {
		if seen.first < c.start() && s.served(v, c.start(), t) {
			return true
		}
	}
	return false
}

// served says that a version was seen in a stretch of time.
func (s *service) served(version string, from, to int64) bool {
	for _, str := range s.streams {
		if v := str.versions[version]; v != nil && len(v.between(from, to)) > 0 {
			return true
		}
	}
	return false
}

// elsewhere is the evidence for a fault, marked with the service on which it shows.
func elsewhere(f fault) []correlate.Evidence {
	evidence := slices.Clone(f.evidence)
	for i := range evidence {
		evidence[i].Service = f.place.Service
	}
	return evidence
}

func (e *Engine) probability(id string, faults []fault, which func(fault) bool) float64 {
	best := 0.0
	for _, f := range faults {
		if !which(f) {
			continue
		}
		for _, s := range f.suspects {
			if s.ChangeID == id {
				best = max(best, s.Probability*f.certain)
			}
		}
	}
	return best
}

// reportRegression emits a fault when it is new, or when who is suspected changed by more than a little.
func (e *Engine) reportRegression(f fault, t int64) {
	known := e.lastFault(f.place)
	r := correlate.Regression{
		Service: f.place.Service, Environment: f.Environment, Signal: f.Signal,
		OnsetAt: at(f.Onset), DecidedAt: at(t), RecoveredAt: instant(f.recover), Suspects: f.suspects,
	}
	if known != nil && known.RecoveredAt == nil {
		r.ID = known.ID
		if sameSuspects(known.Suspects, r.Suspects) && known.Signal == r.Signal && r.RecoveredAt == nil {
			return
		}
	} else {
		if known != nil && !r.OnsetAt.After(*known.RecoveredAt) {
			return // the same fault, already told with its recovery
		}
		r.ID = fmt.Sprintf("%s/%s/%d", f.Environment, f.place.Service, f.Onset)
	}
	e.faults[f.place] = append(e.faults[f.place], r)
	if e.rehearing {
		e.reheard = append(e.reheard, heardAgain{fault: &r, at: len(e.faults[f.place]) - 1})
		return
	}
	e.emit(correlate.Effect{Regression: &r})
}

// lastFault is what is known of the faults of a place, nil when there never was one.
func (e *Engine) lastFault(p place) *correlate.Regression {
	all := e.faults[p]
	if len(all) == 0 {
		return nil
	}
	return &all[len(all)-1]
}

func sameSuspects(a, b []correlate.Suspect) bool {
	return slices.EqualFunc(a, b, func(x, y correlate.Suspect) bool {
		return x.ChangeID == y.ChangeID && math.Abs(x.Probability-y.Probability) < 0.05
	})
}
