package judge

import "math"

// ratios are the alternatives of the mixture, as multiples of the null: θ_j/θ_0.
var ratios = [...]float64{1.5, 2, 3, 5, 8, 13}

var (
	logRatios = logs(ratios)
	logEven   = -math.Log(float64(len(ratios))) // ln of the weight of each alternative
)

type grid [len(ratios)]float64

func logs(v [len(ratios)]float64) (out grid) {
	for i, x := range v {
		out[i] = math.Log(x)
	}
	return out
}

// mix is ln Σ_j w_j exp(L_j) with even weights.
func (l *grid) mix() float64 { return logSumExp(l[:]) + logEven }

func logSumExp(v []float64) float64 {
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

// steps are the constants of a hypothesis at the alternatives.
type steps struct {
	h      hypothesis
	theta  grid // θ_j
	perPhi float64
}

func (h hypothesis) steps() steps {
	s := steps{h: h, perPhi: 1 / h.phi}
	for j, r := range ratios {
		s.theta[j] = h.theta * r
	}
	return s
}

// split adds to l what a pair says about the ratio of the two sides.
func (s *steps) split(l *grid, p pair) {
	p = s.h.turn(p)
	if e := p.eT + p.eC; e > 0 && p.nT > 0 && p.nC > 0 {
		s.add(l, p.eT, share{e, p.nT / (p.nT + p.nC)})
	}
}

// splitAll is split of many pairs, added up by share first.
func (s *steps) splitAll(l *grid, pairs []pair) {
	if len(pairs) == 0 {
		return
	}
	var room [16]share
	of, total := shares(room[:0], pairs, &s.h)
	for i := range of {
		s.add(l, 0, of[i])
	}
	for j := range l {
		l[j] += total.eT * logRatios[j] * s.perPhi
	}
}

// add adds to l what some events, so many of them on the treated side, say at one share of exposure.
func (s *steps) add(l *grid, onTreated float64, of share) {
	null := 1 / (1 + of.rho*(s.h.theta-1))
	for j := range l {
		l[j] += (onTreated*logRatios[j] - of.events*math.Log((1+of.rho*(s.theta[j]-1))*null)) * s.perPhi
	}
}

// absolute is what the treated side alone says against the rate: +Inf when there is no rate to refute.
func (s *steps) absolute(events, exposure float64) float64 {
	if s.h.rate <= 0 {
		return math.Inf(1)
	}
	var l grid
	for j := range l {
		l[j] = (events*logRatios[j] - exposure*s.h.rate*(ratios[j]-1)) * s.perPhi
	}
	return l.mix()
}
