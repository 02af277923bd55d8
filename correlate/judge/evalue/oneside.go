package evalue

import "math"

// OnOneSide is ln E of so many events that all fell on one side, whose share of the time is the given one. Where a type
// that is new falls is unknown, so every share is as likely: E is the integral of q^n over q, divided by share^n.
func OnOneSide(events, share float64) float64 {
	return -events*math.Log(share) - math.Log(events+1)
}

// Later is ln E of that events come more often in the later part of a time, which is the given share of it: so many came
// then, and so many before. Each share of the events from that one up is as likely under the alternative; the integral of
// q^later (1-q)^before over them is a tail of the beta distribution, which is one of the binomial.
func Later(later, before int, share float64) float64 {
	if share <= 0 || share >= 1 {
		return 0
	}
	k, m := float64(later), float64(before)
	whole := lgamma(k+1) + lgamma(m+1) - lgamma(k+m+2)
	tail := make([]float64, later+1)
	for j := range tail {
		i := float64(j)
		tail[j] = lgamma(k+m+2) - lgamma(i+1) - lgamma(k+m+2-i) + i*math.Log(share) + (k+m+1-i)*math.Log1p(-share)
	}
	return whole + LogSumExp(tail) - math.Log1p(-share) - k*math.Log(share) - m*math.Log1p(-share)
}

func lgamma(x float64) float64 {
	v, _ := math.Lgamma(x)
	return v
}
