package blame

// contrast is what the comparison of new and old instances of the changed service says, or that of the zones which the
// change has reached with the others: the ln e-value of a difference, 0 without such a comparison. It is bounded, since no comparison is better than its assumptions.
// That the new instances look worse speaks for the change only where the fault can come from there, and of a fault of the
// service itself only when it is proven. That they look as well as the old ones clears the change of what others suffer
// only in part: an answer may be quick, successful and wrong. Where the requests that fail are those that touched them,
// it doesn't clear it at all. What speaks against a fault of its own is above all that the old instances show it as well.
func (p *Params) contrast(f Fault, c *Candidate, reachable bool, traces float64) float64 {
	least, most := p.ContrastMin, p.ContrastMax
	switch {
	case c.Service == f.Service:
	case traces > 0 && p.Guards.On(guardTracesAgainstContrast):
		least = 0
	case p.Guards.On(guardContrastElsewhere):
		least = p.ContrastElsewhere
	}
	if c.Contrast > 0 && (!reachable || (c.Service == f.Service && !c.Regressed)) && p.Guards.On(guardUnprovenContrast) {
		most = 0
	}
	seen := c.Contrast
	if c.Service == f.Service && seen <= 0 && p.Guards.On(guardShare) {
		seen = min(seen, c.Share)
	}
	return min(max(seen, least), most)
}

// shock is what it says that services far from the change are at fault since the same time, unless its new instances are
// worse than the old ones: something that they share is broken.
func (p *Params) shock(c *Candidate) float64 {
	if c.Contrast > 0 {
		return 0
	}
	return [...]float64{NoShock: 0, ShockOther: p.ShockOther, ShockAlike: p.ShockAlike}[c.Shocked]
}

// reversal is what the rollback of the change says.
func (p *Params) reversal(c *Candidate) float64 {
	return [...]float64{NotReversed: 0, Cured: p.Cured, Outlived: p.Outlived}[c.Reversal]
}

// unseen is what it says that a rollout has been under way for a while, the versions of the service are reported, and
// the new one isn't among them: instances that don't come up can't be compared.
func (p *Params) unseen(c *Candidate) float64 {
	if c.Unseen {
		return p.Unseen
	}
	return 0
}
