package judge

import (
	"math"
	"sort"
)

// smallestVisible is the smallest ratio, on a grid, whose evidence would be expected to reach the bar with these
// exposures; 0 when none up to 1,000 would.
func smallestVisible(exposed pair, h hypothesis, bar float64) float64 {
	if exposed.nT == 0 || exposed.nC == 0 {
		return 0
	}
	rate := max(h.control, 0.5/(exposed.nT+exposed.nC))
	s := h.steps()
	reaches := func(theta float64) bool {
		expected := exposed
		expected.eC = rate * exposed.nC
		expected.eT = min(theta*rate, 1) * exposed.nT
		var l grid
		s.split(&l, expected)
		return min(l.mix(), s.absolute(expected.eT, expected.nT)) >= bar
	}
	const steps = 138 // of 5 %, up to 1,000
	step := sort.Search(steps, func(i int) bool { return reaches(math.Exp(float64(i) * 0.05)) })
	if step == steps {
		return 0
	}
	return math.Exp(float64(step) * 0.05)
}
