package evalue

import "math"

// UpperRate is the upper end of the confidence sequence of a ratio of events to exposures: every higher rate is refuted
// by how few events there were.
func UpperRate(events, exposure, phi, alpha float64) float64 {
	if exposure == 0 {
		return 1
	}
	bar := -math.Log(alpha)
	low, high := events/exposure, 1.0
	for range 24 {
		middle := (low + high) / 2
		if tooFew(events, exposure, middle, phi) >= bar {
			high = middle
		} else {
			low = middle
		}
	}
	return high
}

// tooFew is ln E against a rate, from having seen fewer events than it lets expect.
func tooFew(events, exposure, rate, phi float64) float64 {
	var l Grid
	for j, r := range ratios {
		l[j] = (exposure*rate*(1-1/r) - events*logRatios[j]) / phi
	}
	return l.Mix()
}
