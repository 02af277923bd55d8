package reduce

import (
	"math"

	"github.com/shipwake/shipwake/correlate"
)

// largest is the largest value that is taken in fixed point, so that a thousand of them still add up in 64 bits. A
// signal beyond it wants a larger unit.
const largest = 9e9

// fixed is a value in fixed point; not ok for what can't be held.
func fixed(v float64) (int64, bool) {
	if !(math.Abs(v) <= largest) {
		return 0, false
	}
	return int64(math.Round(v * correlate.Fixed)), true
}
