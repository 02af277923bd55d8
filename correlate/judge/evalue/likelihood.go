package evalue

import "math"

// Likelihood is the conditional likelihood of a rate ratio θ: given that an event happened, on which side did it?
// At ratio θ it falls on the treated side with probability q = ρθ/(ρθ+1−ρ), where ρ is that side's share of exposure, so
// whatever moves both sides alike (load, an outage they share) cancels.
//
// Pairs with nearly the same ρ are added up: the sums are exact when ρ is equal, and off by less than 10⁻⁴ nats an event
// otherwise.
type Likelihood struct {
	total  Pair // all events and exposures
	shares []share
	Scale  float64 // 1/φ
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

// NewLikelihood adds up pairs.
func NewLikelihood(pairs []Pair, h Hypothesis) Likelihood {
	l := Likelihood{Scale: 1 / h.Phi, shares: make([]share, 0, 16)}
	l.shares, l.total = shares(l.shares, pairs, &h)
	return l
}

// shares adds pairs up by the treated side's share of exposure, appending to out, and altogether.
func shares(out []share, pairs []Pair, h *Hypothesis) ([]share, Pair) {
	if s, total, even := evenly(pairs, h); even {
		if s.events > 0 {
			out = append(out, share{s.events, s.rho / s.events})
		}
		return out, total
	}
	var sums [shareBins]share // rho is the sum over events until the end
	var total Pair
	first, last := shareBins, -1
	for i := range pairs {
		p := h.Turn(pairs[i])
		e := p.ET + p.EC
		if p.NT == 0 || p.NC == 0 {
			continue
		}
		total.ET, total.NT = total.ET+p.ET, total.NT+p.NT
		total.EC, total.NC = total.EC+p.EC, total.NC+p.NC
		at := shareBin(p.NT / p.NC)
		first, last = min(first, at), max(last, at)
		bin := &sums[at]
		bin.events += e
		bin.rho += e * p.NT / (p.NT + p.NC)
	}
	for i := first; i <= last; i++ {
		if s := sums[i]; s.events > 0 {
			out = append(out, share{s.events, s.rho / s.events})
		}
	}
	return out, total
}

// evenly is shares of pairs that all fall in one bin, as those of sides with even loads do; false where they don't.
func evenly(pairs []Pair, h *Hypothesis) (sum share, total Pair, even bool) {
	bin := -1
	for i := range pairs {
		p := h.Turn(pairs[i])
		if p.NT == 0 || p.NC == 0 {
			continue
		}
		if at := shareBin(p.NT / p.NC); bin < 0 {
			bin = at
		} else if at != bin {
			return share{}, Pair{}, false
		}
		e := p.ET + p.EC
		total.ET, total.NT = total.ET+p.ET, total.NT+p.NT
		total.EC, total.NC = total.EC+p.EC, total.NC+p.NC
		sum.events += e
		sum.rho += e * p.NT / (p.NT + p.NC)
	}
	return sum, total, true
}

// at is the log-likelihood of θ, up to a constant.
func (l *Likelihood) at(theta float64) float64 {
	v := l.total.ET * math.Log(theta)
	for _, s := range l.shares {
		v -= s.events * math.Log(1+s.rho*(theta-1))
	}
	return v * l.Scale
}

// likely is a ratio near the most likely one, with half an event added on both sides: 1 when there were none.
func (l *Likelihood) likely() float64 {
	t := &l.total
	if t.NT == 0 || t.NC == 0 {
		return 1
	}
	return ((t.ET + 0.5) / t.NT) / ((t.EC + 0.5) / t.NC)
}
