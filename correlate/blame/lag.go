package blame

// veto says whether the candidate began early enough to have caused the fault, and if not, by how many seconds it was
// too late.
func (p *Params) veto(f Fault, c *Candidate) (late float64, ok bool) {
	if len(c.Steps) == 0 || c.Steps[0] <= f.Onset+p.TooLate {
		return 0, true
	}
	return float64(c.Steps[0] - f.Onset), !p.Guards.On(guardVeto)
}

// lag is the log-odds from the time between the onset and the nearest rollout step before it. A candidate without known
// steps is as if it had begun long ago.
func (p *Params) lag(f Fault, c *Candidate) float64 {
	const longAgo = 7200
	lag := float64(longAgo)
	for i, step := range c.Steps {
		if i > 0 && !p.Guards.On(guardSteps) {
			break
		}
		if step <= f.Onset+p.TooLate {
			lag = max(0, float64(f.Onset-step))
		}
	}
	switch {
	case lag > 0 && !p.Guards.On(guardLag):
		return 0
	case lag > p.LagKnee && !p.Guards.On(guardLagKnee):
		return -lag / p.Lag
	}
	return -min(lag, p.LagKnee)/p.Lag - max(0, lag-p.LagKnee)/p.LagLong
}
