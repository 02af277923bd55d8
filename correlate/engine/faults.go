package engine

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/blame"
	"github.com/shipwake/shipwake/correlate/judge"
	"github.com/shipwake/shipwake/correlate/observe"
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
func (e *Engine) hints(v *view, suspects []suspicion, due int, around look) []fault {
	ending := map[place]bool{}
	for _, s := range suspects[:due] {
		if v.ends(s) {
			maps.Copy(ending, e.observer.Near(s.place(), v.At))
		}
	}
	if len(ending) == 0 {
		return nil
	}
	var hints []fault
	for i := range suspects[:due] {
		if s := &suspects[i]; ending[s.place()] {
			e.fillIn(v, s)
			if s.a.Suspicion != nil {
				hints = append(hints, hintOn(s.place(), s.rec.ID, s.a))
			}
		}
	}
	for _, p := range slices.SortedFunc(maps.Keys(ending), place.Compare) {
		if _, seen := around.From[p]; seen {
			if a, _ := e.assessPlace(v, p, around.Around, false); a.Suspicion != nil {
				hints = append(hints, hintOn(p, "", a))
			}
		}
	}
	for _, h := range hints {
		e.inform(v, suspects, h.place)
	}
	e.rank(v, hints, suspects, around)
	return hints
}

// rank finds the suspects of each fault.
func (e *Engine) rank(v *view, faults []fault, suspects []suspicion, around look) {
	for i := range faults {
		f := &faults[i]
		seen, calls := f.seen(), e.observer.Graph(f.Environment, v.At)
		others, own := e.observer.Bystanders(v.View, seen, around.Around)
		f.Course = e.observer.Course(v.View, seen, around.Around)
		all := e.candidates(v, suspects, *f)
		f.Explained = observe.Explained(calls, seen, others, all)
		for j := range all {
			all[j].Shocked = observe.Shocked(calls, all[j].Service, others, own)
		}
		f.suspects = e.cfg.Blame.Rank(f.Fault, all, calls)
	}
}

// seen is a fault as far as it is compared with others.
func (f *fault) seen() observe.Fault {
	return observe.Fault{Place: f.place, Signal: f.Signal, Onset: f.Onset, Recovered: f.recover}
}

// ownFaults are the regressions of changed services. One that was there before the change, and that its new instances
// don't make worse, has its old onset.
func (e *Engine) ownFaults(v *view, due []suspicion) []fault {
	var faults []fault
	for _, s := range due {
		if s.a.Outcome != correlate.Regressed {
			continue
		}
		f := faultOn(s.place(), s.rec.ID, s.a)
		if onset, ok := e.observer.Ongoing(v.View, s.place(), s.start()); ok && s.a.Contrast <= 0 {
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
	s := a.Suspicion
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
func (e *Engine) candidates(v *view, suspects []suspicion, f fault) []blame.Candidate {
	near := e.observer.Near(f.place, v.At)
	var all []blame.Candidate
	for _, s := range suspects {
		if !near[s.place()] || (s.cutoff > 0 && f.Onset >= s.cutoff) || (s.known.End > 0 && f.Onset >= s.known.End) {
			continue
		}
		served := e.observer.Servings(s.known, f.Onset, v.At)
		c := blame.Candidate{
			ChangeID: s.rec.ID, Service: s.rec.Service, Kind: s.rec.Kind, Contrast: s.a.Contrast,
			Steps: s.known.Steps(served, v.At), Whole: observe.WholeAt(served, f.Onset), Unseen: e.observer.Unseen(s.known, v.At),
			Reversal: e.reversal(s.known, f, v.At), Dose: observe.Doses(&f.Course, served),
			Touches: e.observer.Touches(s.known, f.seen(), v.At),
		}
		if s.a.Outcome == correlate.Regressed {
			c.Regressed, c.Onset, c.Strength = true, s.a.Onset, strength(s.a)
		}
		all = append(all, c)
	}
	return all
}

// reversal says what became of a fault when a change was rolled back: whether it went away within the time that recovery
// takes to be seen, before or after the rollback was complete, or still lasts after twice that time.
func (e *Engine) reversal(s *observe.Subject, f fault, t int64) blame.Reversal {
	start, done, wait := s.Undone.Start, s.Undone.Done, e.cfg.Judge.Recovery
	switch {
	case done == 0 || start < f.Onset:
		return blame.NotReversed
	case f.recover > 0 && f.recover >= start-wait && f.recover <= done+wait:
		return blame.Cured
	case (f.recover == 0 || f.recover > done+2*wait) && t > done+2*wait:
		return blame.Outlived
	}
	return blame.NotReversed
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

// reportRegression notes a fault when it is new, or when who is suspected changed by more than a little.
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
			return // the same fault, already known with its recovery
		}
		r.ID = fmt.Sprintf("%s/%s/%d", f.Environment, f.place.Service, f.Onset)
	}
	e.faults[f.place] = append(e.faults[f.place], r)
	e.decisions = append(e.decisions, decision{fault: &r, at: len(e.faults[f.place]) - 1})
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
