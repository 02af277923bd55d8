package evalue

import "math"

// Bounds of ratios of events to exposures, as confidence sequences: each holds at all looks at once but for its alpha.
// They are inverted tests of one rate against a mixture of smaller, or larger, ones (Robbins, Statistical methods related
// to the law of the iterated logarithm, Annals of Mathematical Statistics 41, 1970), of events that fall like Poisson's
// with phi times their variance.

// UpperRate is the upper end: every higher rate is refuted by how few events there were.
func UpperRate(events, exposure, phi, alpha float64) float64 {
	if exposure == 0 {
		return 1
	}
	return crossed(events/exposure, 1, func(rate float64) bool {
		return rateAgainst(events, exposure, rate, phi, -1) >= -math.Log(alpha)
	})
}

// LowerRate is the lower end: every lower rate is refuted by how many events there were.
func LowerRate(events, exposure, phi, alpha float64) float64 {
	if exposure == 0 {
		return 0
	}
	return crossed(events/exposure, 0, func(rate float64) bool {
		return rateAgainst(events, exposure, rate, phi, 1) >= -math.Log(alpha)
	})
}

// crossed is where, between a rate that isn't refuted and an end, the refuted ones begin; the end when none is.
func crossed(inside, end float64, refuted func(float64) bool) float64 {
	for range 24 {
		if middle := (inside + end) / 2; refuted(middle) {
			end = middle
		} else {
			inside = middle
		}
	}
	return end
}

// rateAgainst is ln E against a rate, from having seen more events than it lets expect, or with direction −1 fewer.
func rateAgainst(events, exposure, rate, phi float64, direction int) float64 {
	var parts [len(offsets)]float64
	for j, o := range offsets {
		ln := gridStep * float64(direction*o)
		parts[j] = (exposure*rate*(1-math.Exp(ln)) + events*ln) / phi
	}
	return LogSumExp(parts[:]) - math.Log(float64(len(parts)))
}

// Rise is how much more often events happen on the treated side than on the control's, at most.
type Rise struct{ Ratio, Difference float64 }

// RiseOf bounds both at once with an error of at most alpha over all looks. t is the sums of the sides, l their
// likelihood. together is φ of how events fall on the two sides, own that of either by itself.
//
// The ratio is bounded by the confidence sequence of the rate ratio, which takes half of alpha. The difference is at most
// what this ratio adds to the highest rate of the control; and at most the highest rate of the treated side less the
// lowest of the control. These three rates share the other half.
func RiseOf(t Pair, l *Likelihood, together, own, alpha float64, bounds func(lo, hi float64) [2]float64) Rise {
	l.Scale = 1 / together
	r := Rise{Ratio: bounds(1, Upper(l, alpha/2))[1], Difference: math.Inf(1)}
	if t.NT == 0 || t.NC == 0 {
		return r
	}
	each := alpha / 6
	r.Difference = UpperRate(t.ET, t.NT, own, each) - LowerRate(t.EC, t.NC, own, each)
	if r.Ratio <= 1 {
		r.Difference = min(r.Difference, 0)
	} else if d := UpperRate(t.EC, t.NC, together, each) * (r.Ratio - 1); d < r.Difference {
		r.Difference = d
	}
	return r
}
