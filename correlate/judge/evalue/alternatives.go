package evalue

import "math"

// ratios are the alternatives of the mixture, as multiples of the null: θ_j/θ_0. An alternative collects r ln a − (a−1) for each
// event that was expected, where the truth is r. With these the best one collects at least 85 % of what the truth itself
// would, for every r from 1.15 to 20: a rise that lies beyond the floor by little needs an alternative near to it, because
// one that is too large counts against it however much is seen.
var ratios = [...]float64{1.15, 1.35, 1.8, 3, 6, 13}

var (
	logRatios = logs(ratios)
	logEven   = -math.Log(float64(len(ratios))) // ln of the weight of each alternative
)

// Grid is a log-likelihood ratio for each alternative of the mixture.
type Grid [len(ratios)]float64

func logs(v [len(ratios)]float64) (out Grid) {
	for i, x := range v {
		out[i] = math.Log(x)
	}
	return out
}

// Mix is ln Σ_j w_j exp(L_j) with even weights.
func (l *Grid) Mix() float64 { return LogSumExp(l[:]) + logEven }

// LogSumExp is ln of the sum of exponentials, without overflow.
func LogSumExp(v []float64) float64 {
	top := math.Inf(-1)
	for _, x := range v {
		top = max(top, x)
	}
	if math.IsInf(top, 0) {
		return top
	}
	var s float64
	for _, x := range v {
		s += math.Exp(x - top)
	}
	return top + math.Log(s)
}

// Steps are the constants of a hypothesis at the alternatives.
type Steps struct {
	H      Hypothesis
	theta  Grid // θ_j
	perPhi float64
}

// Steps prepares the constants.
func (h Hypothesis) Steps() Steps {
	s := Steps{H: h, perPhi: 1 / h.Phi}
	for j, r := range ratios {
		s.theta[j] = h.Theta * r
	}
	return s
}

// split adds to l what a pair says about the ratio of the two sides.
func (s *Steps) split(l *Grid, p Pair) {
	p = s.H.Turn(p)
	if e := p.ET + p.EC; e > 0 && p.NT > 0 && p.NC > 0 {
		s.add(l, p.ET, share{e, p.NT / (p.NT + p.NC)})
	}
}

// SplitAll is split of many pairs, added up by share first.
func (s *Steps) SplitAll(l *Grid, pairs []Pair) {
	if len(pairs) == 0 {
		return
	}
	var room [16]share
	of, total := shares(room[:0], pairs, &s.H)
	for i := range of {
		s.add(l, 0, of[i])
	}
	for j := range l {
		l[j] += total.ET * logRatios[j] * s.perPhi
	}
}

// add adds to l what some events, so many of them on the treated side, say at one share of exposure.
func (s *Steps) add(l *Grid, onTreated float64, of share) {
	null := 1 / (1 + of.rho*(s.H.Theta-1))
	for j := range l {
		l[j] += (onTreated*logRatios[j] - of.events*math.Log((1+of.rho*(s.theta[j]-1))*null)) * s.perPhi
	}
}

// Absolute is what the treated side alone says against the rate: +Inf when there is no rate to refute.
func (s *Steps) Absolute(events, exposure float64) float64 {
	if s.H.Rate <= 0 {
		return math.Inf(1)
	}
	var l Grid
	for j := range l {
		l[j] = (events*logRatios[j] - exposure*s.H.Rate*(ratios[j]-1)) * s.perPhi
	}
	return l.Mix()
}
