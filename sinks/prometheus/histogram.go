package prometheus

import (
	"slices"
	"time"

	"github.com/shipwake/shipwake/sinks/prometheus/native"
)

// histogram counts durations in classic buckets, each with its latest example, and in native ones. It isn't changed once it
// is made.
type histogram struct {
	bounds   []float64 // upper bounds of the classic buckets, in seconds
	counts   []uint64  // one more than bounds
	examples []example
	sum      float64
	native   native.Buckets
}

// example is a duration that can be followed to its change.
type example struct {
	changeID string
	seconds  float64
	at       time.Time
}

func newHistogram(bounds []float64) *histogram {
	return &histogram{bounds: bounds, counts: make([]uint64, len(bounds)+1), examples: make([]example, len(bounds)+1)}
}

// with is the histogram with one more duration.
func (h *histogram) with(e example) *histogram {
	more := &histogram{
		bounds: h.bounds, counts: slices.Clone(h.counts), examples: slices.Clone(h.examples), sum: h.sum + e.seconds, native: h.native.With(e.seconds),
	}
	i, _ := slices.BinarySearch(h.bounds, e.seconds)
	more.counts[i]++
	more.examples[i] = e
	return more
}

// counting adds a duration to a histogram that may not be there yet.
func counting(h **histogram, bounds []float64, e example) {
	if *h == nil {
		*h = newHistogram(bounds)
	}
	*h = (*h).with(e)
}

// anew is the same histogram with nothing counted; nil stays nil.
func (h *histogram) anew() *histogram {
	if h == nil {
		return nil
	}
	return newHistogram(h.bounds)
}
