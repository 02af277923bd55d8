package evalue

import (
	"math"
	"sort"
)

// SmallestVisible is the smallest ratio, on a grid, whose evidence would be expected to reach the bar with these
// exposures; 0 when none up to 1,000 would.
func SmallestVisible(exposed Pair, h Hypothesis, bar float64) float64 {
	if exposed.NT == 0 || exposed.NC == 0 {
		return 0
	}
	rate := max(h.Control, 0.5/(exposed.NT+exposed.NC))
	s := h.Steps()
	reaches := func(theta float64) bool {
		expected := exposed
		expected.EC = rate * exposed.NC
		expected.ET = min(theta*rate, 1) * exposed.NT
		var l Grid
		s.split(&l, expected)
		return min(l.Mix(), s.Absolute(expected.ET, expected.NT)) >= bar
	}
	const steps = 138 // of 5 %, up to 1,000
	step := sort.Search(steps, func(i int) bool { return reaches(math.Exp(float64(i) * 0.05)) })
	if step == steps {
		return 0
	}
	return math.Exp(float64(step) * 0.05)
}
