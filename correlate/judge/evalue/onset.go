package evalue

import (
	"math"
	"slices"
)

// Excursion is the stretch in which a fault showed.
type Excursion struct {
	Onset, End int64 // of its first cell, and of its last cell that still spoke for it
	theta      float64
	Tail       Pair // what came after it
}

// Locate finds the excursion: the stretch of pairs whose log-likelihood ratio at theta, against the null, is largest. A theta
// that no alternative reaches is moved to the nearest one. The excursion's beginning is the onset, and what follows its end is not worse than the null. gain is that ratio.
func Locate(pairs []Pair, h Hypothesis, theta float64) (x Excursion, gain float64) {
	theta = min(max(theta, ratios[0]*h.Theta), ratios[len(ratios)-1]*h.Theta)
	best, run := math.Inf(-1), 0.0
	from, lo, hi := 0, 0, -1
	g := gains{h: h, theta: theta, up: math.Log(theta / h.Theta)}
	for i := range pairs {
		if run <= 0 {
			run, from = 0, i
		}
		if run += g.of(h.Turn(pairs[i])); run > best {
			best, lo, hi = run, from, i
		}
	}
	if hi < 0 {
		return x, 0
	}
	return Excursion{Onset: pairs[lo].At, End: pairs[hi].At, Tail: Totals(pairs[hi+1:]), theta: theta}, best
}

// WithoutStrongest are pairs without the one in an excursion that speaks the most for it.
func WithoutStrongest(pairs []Pair, x Excursion, h Hypothesis) []Pair {
	strongest, most := -1, math.Inf(-1)
	gain := gains{h: h, theta: x.theta, up: math.Log(x.theta / h.Theta)}
	for i := range pairs {
		if at := pairs[i].At; at < x.Onset || at > x.End {
			continue
		}
		if g := gain.of(h.Turn(pairs[i])); g > most {
			strongest, most = i, g
		}
	}
	if strongest < 0 {
		return pairs
	}
	return slices.Delete(slices.Clone(pairs), strongest, strongest+1)
}

// gains are ln of how much more likely pairs are at ratio theta than at the null; up is ln of their quotient. Pairs with the same
// share of exposure, as those in front of one control are but for rounding, share a logarithm.
type gains struct {
	h         Hypothesis
	theta, up float64
	known     [4]struct{ rho, ln float64 }
}

func (g *gains) of(p Pair) float64 {
	if p.NT == 0 || p.NC == 0 {
		return 0
	}
	rho := p.NT / (p.NT + p.NC)
	at := &g.known[math.Float64bits(rho)%uint64(len(g.known))]
	if at.rho != rho {
		at.rho, at.ln = rho, math.Log((1+rho*(g.theta-1))/(1+rho*(g.h.Theta-1)))
	}
	return (p.ET*g.up - (p.ET+p.EC)*at.ln) / g.h.Phi
}

// Alongside gives every treated tally its part of a control that was before it, by exposure.
func Alongside(treated []Tally, control Pair) []Pair {
	_, n := Sum(treated)
	pairs := make([]Pair, len(treated))
	for i, t := range treated {
		part := float64(t.Exposure) / float64(n)
		pairs[i] = Pair{t.At, float64(t.Events), float64(t.Exposure), control.EC * part, control.NC * part}
	}
	return pairs
}
