package stats

import (
	"math/bits"
	"slices"
	"time"
)

// fewSpans are so few that they are sorted.
const fewSpans = 64

// Smallest puts the k+1 smallest of the spans first, the largest of these at k: Hoare's selection, which takes time in
// proportion to their number. Where it divides badly for too often, what is left is sorted.
func Smallest(spans []time.Duration, k int) {
	for tries := 4 * bits.Len(uint(len(spans))); len(spans) > fewSpans && tries > 0; tries-- {
		low, high := divide(spans, middle(spans))
		switch {
		case k < low:
			spans = spans[:low]
		case k >= high:
			spans, k = spans[high:], k-high
		default:
			return
		}
	}
	slices.Sort(spans)
}

// middle is the median of the first, the last and the one in between.
func middle(spans []time.Duration) time.Duration {
	a, b, c := spans[0], spans[len(spans)/2], spans[len(spans)-1]
	return max(min(a, b), min(max(a, b), c))
}

// divide puts what is less than a span first and what is greater last: what lies from low to high is equal to it.
func divide(spans []time.Duration, by time.Duration) (low, high int) {
	high = len(spans)
	for i := 0; i < high; {
		switch s := spans[i]; {
		case s < by:
			spans[i], spans[low] = spans[low], s
			low++
			i++
		case s > by:
			high--
			spans[i], spans[high] = spans[high], s
		default:
			i++
		}
	}
	return low, high
}
