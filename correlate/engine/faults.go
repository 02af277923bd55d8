package engine

import (
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
	agreed   []correlate.Suspect // those that all who show this fault agree on, see agree
	own      string              // the change whose own assessment this is, "" for a service seen as a whole
	certain  float64             // how probable it is that there is a fault at all; 1 when it is proven
	// provesElsewhere: it is strong enough to be held against a change of another service.
	provesElsewhere bool
	// beyond are the changes that can't have done it: services that they can't have reached got worse as much at that time.
	beyond   []string
	recover  int64
	grade    correlate.Grade
	reason   correlate.Reason
	evidence []correlate.Evidence // what convicts, at most a few
}

// hints are the faults that are not proven near the changes whose last look this is, with their suspects. The first
// suspects, so many of them, are those that are due.
func (r *round) hints(suspects []candidate, due int, around look) []fault {
	ending := map[place]bool{}
	for _, s := range suspects[:due] {
		if r.ends(s) {
			maps.Copy(ending, r.observer.Near(s.place(), r.At))
		}
	}
	if len(ending) == 0 {
		return nil
	}
	var hints []fault
	for i := range suspects[:due] {
		if s := &suspects[i]; ending[s.place()] {
			r.fillIn(s)
			if s.a.NearMiss != nil {
				hints = append(hints, hintOn(s.place(), s.rec.ID, s.a))
			}
		}
	}
	for _, p := range slices.SortedFunc(maps.Keys(ending), place.Compare) {
		if _, seen := around.From[p]; seen {
			if a, _ := r.assessPlace(p, around.Around, false); a.NearMiss != nil {
				hints = append(hints, hintOn(p, "", a))
			}
		}
	}
	for _, h := range hints {
		r.inform(suspects, h.place)
	}
	r.rank(hints, suspects, around)
	return hints
}

// rank finds the suspects of each fault.
func (r *round) rank(faults []fault, suspects []candidate, around look) {
	all := make([][]blame.Candidate, len(faults))
	suffers := map[string]bool{}
	for i := range faults {
		f := &faults[i]
		all[i] = r.witnessed(f, suspects, around)
		f.suspects = r.cfg.Blame.Rank(f.Fault, all[i], r.observer.Graph(f.Environment, r.At))
		if f.own != "" && f.certain == 1 && r.probability(f.own, faults[i:i+1], anyFault) < convicted {
			suffers[f.own] = true
		}
	}
	if len(suffers) == 0 {
		return
	}
	for i := range faults {
		for j := range all[i] {
			c := &all[i][j]
			c.Suffers = c.Suffers || suffers[c.ChangeID]
		}
		faults[i].suspects = r.cfg.Blame.Rank(faults[i].Fault, all[i], r.observer.Graph(faults[i].Environment, r.At))
	}
}

// witnessed are the candidates of a fault, with what other services say of it and of them.
func (r *round) witnessed(f *fault, suspects []candidate, around look) []blame.Candidate {
	seen, calls := f.seen(), r.observer.Graph(f.Environment, r.At)
	others, own, outside := r.observer.Bystanders(r.View, seen, around.Around)
	f.Course = r.observer.Course(r.View, seen, around.Around)
	f.LostAbove, f.Surged = observe.LostAbove(r.cells, seen, r.At), observe.Surged(r.cells, seen)
	all := r.candidates(suspects, *f)
	unburdened := observe.Burden(r.cells, calls, seen, others, all, r.At)
	f.Explained, f.Outside, f.Caller = observe.Explained(calls, seen, unburdened, all), outside, observe.OnlyCaller(r.cells, seen, r.At)
	for j := range all {
		if all[j].Shocked = observe.Shocked(calls, all[j].Service, others, own); all[j].Shocked == blame.ShockAlike {
			f.beyond = append(f.beyond, all[j].ChangeID)
		}
	}
	return all
}

func anyFault(fault) bool { return true }

// agree gives faults of one place that began together, as several changes of it show them, the same suspects: those of
// the one that says most clearly who did it.
func agree(faults []fault, together int64) {
	for i := range faults {
		clearest := &faults[i]
		for j := range faults {
			if f := &faults[j]; f.same(faults[i].place, faults[i].Onset, together) && f.clear() > clearest.clear() {
				clearest = f
			}
		}
		faults[i].agreed = clearest.suspects
	}
	for i := range faults {
		faults[i].suspects = faults[i].agreed
	}
}

// same says that a fault is the one of a place that began about at an instant.
func (f *fault) same(p place, onset, together int64) bool {
	apart := f.Onset - onset
	return f.place == p && max(apart, -apart) <= together
}

// suspected says that a change is among the suspects, however probable it is.
func (f *fault) suspected(id string) bool {
	return slices.ContainsFunc(f.suspects, func(s correlate.Suspect) bool { return s.ChangeID == id })
}

// clear is how probable the first suspect is.
func (f *fault) clear() float64 {
	if len(f.suspects) == 0 {
		return 0
	}
	return f.suspects[0].Probability
}

// seen is a fault as far as it is compared with others.
func (f *fault) seen() observe.Fault {
	return observe.Fault{Place: f.place, Signal: f.Signal, Onset: f.Onset, Recovered: f.recover}
}

// ownFaults are the regressions of changed services. One that was there before the change, and that its new instances
// don't make worse, has its old onset. Services is on how many faults were looked for.
func (r *round) ownFaults(due []candidate, services int) []fault {
	var faults []fault
	for _, s := range due {
		if s.a.Outcome != correlate.Regressed {
			continue
		}
		f := faultOn(s.place(), s.rec.ID, s.a)
		f.provesElsewhere = r.strongElsewhere(s.a, services)
		if onset, ok := r.observer.Ongoing(r.View, s.place(), s.known.Start); ok && s.a.Contrast <= 0 {
			f.Onset = onset
		}
		faults = append(faults, f)
	}
	return faults
}

func faultOn(p place, own string, a judge.Assessment) fault {
	return fault{
		place: p, own: own, certain: 1, recover: a.Recovered, grade: a.Grade, reason: a.Reason, evidence: a.Evidence[:min(len(a.Evidence), repeated)],
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
func (r *round) candidates(suspects []candidate, f fault) []blame.Candidate {
	near := r.observer.Near(f.place, r.At)
	var all []blame.Candidate
	for _, s := range suspects {
		if !near[s.place()] || (s.cutoff > 0 && f.Onset >= s.cutoff) || (s.known.End > 0 && f.Onset >= s.known.End) {
			continue
		}
		served := r.observer.Servings(s.known, f.Onset, r.At)
		c := blame.Candidate{
			ChangeID: s.rec.ID, Service: s.rec.Service, Kind: s.rec.Kind, Contrast: s.a.Contrast,
			Steps: s.known.Steps(served, r.At), Whole: observe.WholeAt(served, f.Onset), Unseen: r.observer.Unseen(s.known, r.At),
			Reversal: r.reversal(s.known, f, r.At), Dose: observe.Doses(&f.Course, served),
			Touches: r.observer.Touches(s.known, f.seen(), r.At), Suffers: s.notHeldAgainst(),
		}
		if s.place() == f.place {
			c.Share = s.a.ShareOf(f.Signal)
		}
		if s.a.Outcome == correlate.Regressed {
			c.Regressed, c.Onset, c.Strength = true, s.a.Onset, strength(s.a)
		}
		all = append(all, c)
	}
	return all
}

// notHeldAgainst says that the change was looked at to its end, and what its service shows was not held against it.
func (c *change) notHeldAgainst() bool {
	v := c.verdict()
	return v != nil && v.Final && v.Outcome == correlate.Inconclusive
}

// reversal says what became of a fault when a change was rolled back: whether it went away within the time that recovery
// takes to be seen, before or after the rollback was complete, or still lasts after twice that time.
func (r *round) reversal(s *observe.Subject, f fault, t int64) blame.Reversal {
	start, done, wait := s.Undone.Start, s.Undone.Done, r.cfg.Judge.Recovery
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

// seenFrom is the evidence for a fault, marked with the service on which it shows where that is another than the change's,
// and then what the change's own service says of other signals.
func (f fault) seenFrom(p place, says []correlate.Evidence) []correlate.Evidence {
	evidence := slices.Clone(f.evidence)
	if f.place != p {
		for i := range evidence {
			evidence[i].Service = f.place.Service
		}
		return append(evidence, says...)
	}
	for _, own := range says {
		if !slices.ContainsFunc(f.evidence, func(shown correlate.Evidence) bool { return shown.Signal == own.Signal }) {
			evidence = append(evidence, own)
		}
	}
	return evidence
}

// reasonFrom is the reason of a verdict that a fault convicts with.
func (f fault) reasonFrom(s candidate) correlate.Reason {
	if f.place == s.place() {
		return f.reason
	}
	return correlate.ReasonDownstream
}

func (r *round) probability(id string, faults []fault, which func(fault) bool) float64 {
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
