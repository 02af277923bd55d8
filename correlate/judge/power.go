package judge

import "math"

// smallestVisible is the smallest ratio, on a grid, whose evidence would be expected to reach the bar with these
// exposures; 0 when none up to 1,000 would.
func smallestVisible(exposed pair, h hypothesis, bar float64) float64 {
	if exposed.nT == 0 || exposed.nC == 0 {
		return 0
	}
	rate := max(h.control, 0.5/(exposed.nT+exposed.nC))
	s := h.steps()
	for step := 1; step <= 138; step++ {
		theta := math.Exp(float64(step) * 0.05)
		expected := exposed
		expected.eC = rate * exposed.nC
		expected.eT = min(theta*rate, 1) * exposed.nT
		var l grid
		s.split(&l, expected)
		if min(l.mix(), s.absolute(expected.eT, expected.nT)) >= bar {
			return theta
		}
	}
	return 0
}
