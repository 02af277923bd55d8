package judge

import "math"

// excursion is the stretch in which a fault showed.
type excursion struct {
	onset, end int64 // of its first cell, and of its last cell that still spoke for it
	cells      int   // cells with events in between
	tail       pair  // what came after it
}

// locate finds the excursion: the stretch of pairs whose log-likelihood ratio at theta, against the null, is largest.
// Its beginning is the onset, and what follows its end is not worse than the null. gain is that ratio.
func locate(pairs []pair, h hypothesis, theta float64) (x excursion, gain float64) {
	best, run := math.Inf(-1), 0.0
	from, lo, hi := 0, 0, -1
	up := math.Log(theta / h.theta)
	for i := range pairs {
		if run <= 0 {
			run, from = 0, i
		}
		if run += gainOf(h.turn(pairs[i]), h, theta, up); run > best {
			best, lo, hi = run, from, i
		}
	}
	if hi < 0 {
		return x, 0
	}
	x = excursion{onset: pairs[lo].at, end: pairs[hi].at, tail: totals(pairs[hi+1:])}
	for i := lo; i <= hi; i++ {
		if h.fall || pairs[i].eT > 0 {
			x.cells++
		}
	}
	return x, best
}

// gainOf is ln of how much more likely a pair is at ratio theta than at the null; up is ln of their quotient.
func gainOf(p pair, h hypothesis, theta, up float64) float64 {
	if p.nT == 0 || p.nC == 0 {
		return 0
	}
	rho := p.nT / (p.nT + p.nC)
	return (p.eT*up - (p.eT+p.eC)*math.Log((1+rho*(theta-1))/(1+rho*(h.theta-1)))) / h.phi
}

// alongside gives every treated tally its part of a control that was before it, by exposure.
func alongside(treated []tally, control pair) []pair {
	_, n := sum(treated)
	pairs := make([]pair, len(treated))
	for i, t := range treated {
		part := float64(t.exposure) / float64(n)
		pairs[i] = pair{t.at, float64(t.events), float64(t.exposure), control.eC * part, control.nC * part}
	}
	return pairs
}
