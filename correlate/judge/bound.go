package judge

import "math"

// upperRate is the upper end of the confidence sequence of a ratio of events to exposures: every higher rate is refuted
// by how few events there were.
func upperRate(events, exposure, phi, alpha float64) float64 {
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
	var l grid
	for j, r := range ratios {
		l[j] = (exposure*rate*(1-1/r) - events*logRatios[j]) / phi
	}
	return l.mix()
}

// proven says whether the rise is bounded by the margin: by its factor, or by the difference of the event ratios. The
// difference is bounded from the factor, with the control's ratio taken one standard deviation and one event high, or
// from the treated side alone, with the control's ratio taken one standard deviation low. together is φ of the two
// sides' comparison, own that of each side by itself.
func (c *contest) proven(t pair, upperRatio, together, own float64, p *Params) bool {
	if upperRatio < c.floor.Margin {
		return true
	}
	if c.floor.MarginAbsolute <= 0 || t.nT == 0 || t.nC == 0 {
		return false
	}
	high := (t.eC + math.Sqrt(t.eC*together) + together) / t.nC
	if high*(upperRatio-1) < c.floor.MarginAbsolute && p.Guards.On(guardSmallRise) {
		return true
	}
	low := max(0, t.eC-math.Sqrt(t.eC*own)) / t.nC
	return upperRate(t.eT, t.nT, own, p.AlphaHealthy)-low < c.floor.MarginAbsolute && p.Guards.On(guardSmallRate)
}
