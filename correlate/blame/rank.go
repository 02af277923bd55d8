package blame

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/shipwake/shipwake/correlate"
)

// The names of the terms of the score, as they are exported with a suspect.
const (
	TermLag      = "lag"
	TermGraph    = "graph"
	TermContrast = "contrast"
	TermAnomaly  = "anomaly"
	TermDose     = "dose"
	TermTraces   = "traces"
	TermUnseen   = "unseen"
	TermShock    = "shock"
	TermReversal = "reversal"
	TermPrior    = "prior"
	TermLoad     = "load"
	// TermVeto marks a change that can't have done it, because it began after the onset. Its value is how much too
	// late it was, in seconds and negative; the probability is 0.
	TermVeto = "veto"
)

// Rank orders the candidates by the probability that they caused the fault, the most likely first. Every candidate is
// returned. The probabilities sum to less than 1: the rest is the chance that no known change did it.
func (p Params) Rank(f Fault, candidates []Candidate, g *Graph) []correlate.Suspect {
	if len(candidates) == 0 {
		return nil
	}
	// In one order, so that sums of floats don't depend on how the candidates came.
	candidates = slices.SortedFunc(slices.Values(candidates), func(a, b Candidate) int { return cmp.Compare(a.ChangeID, b.ChangeID) })
	if slices.ContainsFunc(candidates, func(c Candidate) bool { return p.advances(&f.Course, &c, f.Onset) }) && p.Guards.On(guardAdvances) {
		for i := range candidates {
			candidates[i].Whole = false // a rollout that still goes on may be what a late fault comes with
		}
	}
	if f.Outside && p.Guards.On(guardOutside) || strings.HasPrefix(f.Signal, "saturation ") {
		uncompare(candidates, f.Service)
	}
	if p.Guards.On(guardMultiplies) {
		crowded(candidates)
	}
	f = p.placed(f, candidates, g)
	suspects := make([]correlate.Suspect, len(candidates))
	scores := make([]float64, len(candidates), len(candidates)+1)
	doses := p.doses(f, candidates)
	for i := range candidates {
		terms := p.terms(f, &candidates[i], g, doses[i])
		suspects[i] = correlate.Suspect{ChangeID: candidates[i].ChangeID, Terms: terms}
		scores[i] = score(terms)
	}
	nobody := p.Background
	if (f.Explained || f.Surged || p.untouched(f, candidates, g)) && p.Guards.On(guardOutage) {
		nobody += p.Outage
	}
	if !p.Guards.On(guardBackground) {
		nobody = math.Inf(-1)
	}
	total := logSumExp(append(scores, nobody))
	for i := range suspects {
		suspects[i].Probability = round(math.Exp(scores[i] - total))
	}
	slices.SortFunc(suspects, func(a, b correlate.Suspect) int {
		return cmp.Or(cmp.Compare(b.Probability, a.Probability), cmp.Compare(a.ChangeID, b.ChangeID))
	})
	return suspects
}

// untouched says that no change touched the faulty service, nor what it depends on, and that no caller brought it more load or
// stopped to ask: what is left for the change of a caller is that it asks for something else.
func (p *Params) untouched(f Fault, candidates []Candidate, g *Graph) bool {
	return !f.LostAbove && !slices.ContainsFunc(candidates, func(c Candidate) bool {
		down, _ := g.distance(f, c.Service)
		return down >= 0 || c.Multiplies && p.Guards.On(guardMultiplies)
	})
}

// uncompare forgets of the changes of a service that their new instances are no worse than the old ones: what only callers
// see would not show in a comparison of what was served, and neither do resources that run out.
func uncompare(candidates []Candidate, service string) {
	for i := range candidates {
		if c := &candidates[i]; c.Service == service && c.Contrast < 0 {
			c.Contrast, c.Share = 0, 0
		}
	}
}

// crowded forgets of the changes that multiplied the load of another service that their new instances are no worse than the
// old ones: both wait for it.
func crowded(candidates []Candidate) {
	for i := range candidates {
		if c := &candidates[i]; c.Multiplies && c.Contrast < 0 {
			c.Contrast, c.Share = 0, 0
		}
	}
}

// placed is a fault with where it may come from: what only callers see comes from no dependency, and where only one of
// them sees it, it is on the edge between the two. Load that no changed caller brings surges by itself.
func (p *Params) placed(f Fault, candidates []Candidate, g *Graph) Fault {
	if f.Outside && p.Guards.On(guardOutside) {
		f.Explained = false
	} else {
		f.climbs = p.climbs(f, candidates, g)
	}
	f.Surged = f.Surged && p.Guards.On(guardSurge) && !slices.ContainsFunc(candidates, func(c Candidate) bool {
		return c.Service != f.Service && g.DependsOn(c.Service, f.Service) // what that one brought may ask for more
	})
	if f.Caller != "" && p.Guards.On(guardRow) {
		f.Service, f.Peer = f.Caller, f.Service
	}
	return f
}

// terms are the parts of a candidate's score, rounded.
func (p *Params) terms(f Fault, c *Candidate, g *Graph, dose float64) map[string]float64 {
	late, ok := p.veto(f, c)
	if !ok {
		return map[string]float64{TermVeto: round(-late)}
	}
	down, up := g.distance(f, c.Service)
	reachable := down >= 0 || up >= 0
	traces := p.inForce(guardTraces, p.traces(c.Touches))
	terms := map[string]float64{
		TermLag:      round(p.lag(f, c)),
		TermGraph:    round(p.near(f, c, down, up)),
		TermContrast: round(p.inForce(guardContrast, p.contrast(f, c, reachable, traces))),
		TermAnomaly:  round(p.inForce(guardAnomaly, p.anomaly(f, c, down, reachable))),
		TermPrior:    round(p.inForce(guardPrior, p.Prior[c.Kind])),
	}
	for name, v := range map[string]float64{
		TermLoad: p.load(f, c),
		TermDose: p.inForce(guardDose, dose), TermTraces: traces, TermUnseen: p.inForce(guardUnseen, p.unseen(c)),
		TermShock: p.inForce(guardShock, p.shock(c)), TermReversal: p.inForce(guardReversal, p.reversal(c)),
	} {
		if v != 0 {
			terms[name] = round(v)
		}
	}
	return terms
}

// inForce is a term of the score, 0 where it is switched off.
func (p *Params) inForce(name string, term float64) float64 {
	if term == 0 || p.Guards.On(name) {
		return term
	}
	return 0
}

// score adds the terms up, in a fixed order; -Inf for a vetoed candidate.
func score(terms map[string]float64) float64 {
	if _, vetoed := terms[TermVeto]; vetoed {
		return math.Inf(-1)
	}
	return terms[TermLag] + terms[TermGraph] + terms[TermContrast] + terms[TermAnomaly] + terms[TermDose] + terms[TermTraces] + terms[TermUnseen] + terms[TermShock] + terms[TermReversal] + terms[TermPrior] + terms[TermLoad]
}

func logSumExp(v []float64) float64 {
	top := slices.Max(v)
	var s float64
	for _, x := range v {
		s += math.Exp(x - top)
	}
	return top + math.Log(s)
}
