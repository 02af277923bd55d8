package blame

import "slices"

// anomaly is what the state of the changed service itself says. One that shows a fault of its own is suspect, and the
// deeper it lies below the fault the more, since faults climb from callee to caller. One that is fine is less so,
// unless the fault was seen on that very service and nothing tells its instances apart; where they can be told apart and
// the new ones aren't worse, least of all; where it is only worse than before, and its new instances don't stand out from
// old ones that are still there, that says nothing. A fault that the service shares with what it depends on isn't its
// own, nor is one that came with a surge of its load, nor one under a load that a caller multiplied: then that caller's
// change shows what it does. What a caller of the faulty service suffers is what the fault does, and says nothing.
func (p *Params) anomaly(f Fault, c *Candidate, down int, reachable bool) float64 {
	switch compared := c.Contrast != 0; {
	case c.Service == f.Service && f.Explained && c.Contrast <= 0 && p.Guards.On(guardExplained):
		return p.Quiet
	case c.Service == f.Service && f.Surged && c.Contrast <= 0:
		return p.Quiet
	case c.Service == f.Service && f.LostAbove && c.Contrast <= 0 && p.Guards.On(guardLostAbove):
		return p.Quiet
	case c.Burdened && c.Contrast <= 0 && p.Guards.On(guardMultiplies):
		return p.Quiet
	case c.Multiplies && p.Guards.On(guardMultiplies):
		return 0 // see load
	case c.Service == f.Service && f.climbs && c.Contrast <= 0 && !(compared && !c.Regressed):
		return p.Quiet
	case c.Service == f.Service && compared && !c.Regressed && p.Guards.On(guardShared):
		return p.Shared
	case c.Service == f.Service && c.Contrast < 0 && !c.Whole && p.Guards.On(guardNotWorse):
		return 0
	case c.Service == f.Service:
		return p.strengthOf(f.Strength)
	case !reachable || !c.Regressed || c.Onset > f.Onset+p.Together:
		return p.Quiet
	case down >= 0 && f.Explained && c.Suffers && p.Guards.On(guardSuffers):
		return p.Quiet
	case down < 0, c.Suffers && p.Guards.On(guardSuffers):
		return 0
	}
	if down == 0 || !p.Guards.On(guardDeeper) {
		return p.strengthOf(c.Strength)
	}
	return p.strengthOf(c.Strength) + p.Deeper*float64(down)
}

// climbs says that a changed service which the faulty one depends on shows a fault of its own since the same time: then
// the fault is likely that one, as the caller sees it.
func (p *Params) climbs(f Fault, candidates []Candidate, g *Graph) bool {
	return p.Guards.On(guardClimbs) && slices.ContainsFunc(candidates, func(c Candidate) bool {
		burdened := c.Burdened && c.Contrast <= 0 && p.Guards.On(guardMultiplies)
		return c.Regressed && !burdened && c.Service != f.Service && c.Onset <= f.Onset+p.Together && g.DependsOn(f.Service, c.Service)
	})
}

// load is what it says for a change that its service multiplied the calls that it makes of the faulty one for each of its
// own requests: that is as telling as a fault of its own.
func (p *Params) load(f Fault, c *Candidate) float64 {
	if !c.Multiplies || !p.Guards.On(guardMultiplies) {
		return 0
	}
	return p.strengthOf(f.Strength)
}

func (p *Params) strengthOf(strength float64) float64 {
	return p.Anomalous + min(p.AnomalousStrength*max(0, strength), p.AnomalousMax)
}
