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
	against, bar := rateTest{events, exposure, phi, -1}, -math.Log(alpha)
	return crossed(events/exposure, 1, func(rate float64) bool { return against.refutes(rate, bar) })
}

// LowerRate is the lower end: every lower rate is refuted by how many events there were.
func LowerRate(events, exposure, phi, alpha float64) float64 {
	if exposure == 0 {
		return 0
	}
	against, bar := rateTest{events, exposure, phi, 1}, -math.Log(alpha)
	return crossed(events/exposure, 0, func(rate float64) bool { return against.refutes(rate, bar) })
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

// rateTest is what is known of a rate: from having seen more events than it lets expect, or with direction −1 fewer.
type rateTest struct {
	events, exposure, phi float64
	direction             int
}

// falls and rises are ln of the alternatives to a rate, and 1 less their quotient with it, by direction.
var falls, rises = rateSteps(-1), rateSteps(1)

func rateSteps(direction int) (of [len(offsets)]struct{ ln, rest float64 }) {
	for j, o := range offsets {
		of[j].ln = gridStep * float64(direction*o)
		of[j].rest = 1 - math.Exp(of[j].ln)
	}
	return of
}

// refutes says that ln E against a rate reaches a bar.
func (t *rateTest) refutes(rate, bar float64) bool {
	const slack = 1e-9 // more than the sum is off by
	steps := &rises
	if t.direction < 0 {
		steps = &falls
	}
	var parts [len(offsets)]float64
	top := math.Inf(-1)
	for j, s := range steps {
		parts[j] = (t.exposure*rate*s.rest + t.events*s.ln) / t.phi
		top = max(top, parts[j])
	}
	even := math.Log(float64(len(parts)))
	switch margin := slack * (1 + math.Abs(top)); {
	case top < bar-margin:
		return false // the mean is no larger
	case top-even > bar+margin:
		return true
	}
	return LogSumExp(parts[:])-even >= bar
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
