package judge

import "math"

// likelihood is the conditional likelihood of a rate ratio θ: given that an event happened, on which side did it?
// At ratio θ it falls on the treated side with probability q = ρθ/(ρθ+1−ρ), where ρ is that side's share of exposure, so
// whatever moves both sides alike (load, an outage they share) cancels.
//
// Pairs with nearly the same ρ are added up: the sums are exact when ρ is equal, and off by less than 10⁻⁴ nats an event
// otherwise.
type likelihood struct {
	onTreated float64 // events on the treated side
	shares    []share
	scale     float64 // 1/φ
}

// share is the events of all pairs in which the treated side had about this share of exposure.
type share struct{ events, rho float64 }

// shareBins is 8 bins for each doubling of the odds of ρ, from 2⁻⁸ to 2⁸.
const shareBins = 128

// shareBin is the bin of some odds, read off the exponent and the first three digits of the number: a logarithm for free.
func shareBin(odds float64) int {
	const first = (1023 - 8) << 3
	return min(max(int(math.Float64bits(odds)>>49)-first, 0), shareBins-1)
}

func newLikelihood(pairs []pair, h hypothesis) likelihood {
	var events, weighted [shareBins]float64
	l := likelihood{scale: 1 / h.phi}
	for i := range pairs {
		p := h.turn(pairs[i])
		e := p.eT + p.eC
		if e == 0 || p.nT == 0 || p.nC == 0 {
			continue
		}
		l.onTreated += p.eT
		bin := shareBin(p.nT / p.nC)
		events[bin] += e
		weighted[bin] += e * p.nT / (p.nT + p.nC)
	}
	l.shares = make([]share, 0, 16)
	for i, e := range events {
		if e > 0 {
			l.shares = append(l.shares, share{e, weighted[i] / e})
		}
	}
	return l
}

// at is the log-likelihood of θ, up to a constant.
func (l *likelihood) at(theta float64) float64 {
	v := l.onTreated * math.Log(theta)
	for _, s := range l.shares {
		v -= s.events * math.Log(1+s.rho*(theta-1))
	}
	return v * l.scale
}
