package expect

import (
	"math"
	"slices"
)

// beyond is what the next of some exchangeable values exceeds with a chance of at most alpha: +Inf when they are too few
// to say (Vovk, Gammerman & Shafer, Algorithmic Learning in a Random World, 2005).
func beyond(values []float64, alpha float64) float64 {
	at := int(math.Ceil((1 - alpha) * float64(len(values)+1)))
	if at > len(values) {
		return math.Inf(1)
	}
	slices.Sort(values)
	return values[max(at-1, 0)]
}
