package native

import (
	"cmp"
	"math"
	"slices"
)

// Hint is what a sender says of resets; the numbers are those of its ResetHint.
type Hint uint8

// The hints.
const (
	Unknown Hint = iota
	Reset        // it began again since the sample before
	Going        // it did not
	Gauge        // it is no counter
)

// Histogram is a native histogram as it was scraped, or what it added. Values are in the unit of its metric.
type Histogram struct {
	Custom    bool    // the buckets have bounds of their own
	Schema    int32   // otherwise: there are 2^Schema buckets an octave
	Threshold float64 // how far the zero bucket reaches; 0 when it isn't told
	Zero      uint64  // observations in the zero bucket, and below
	Bins      []Bin   // in their order
	Sum       float64 // of all observations; 0 when unknown
	Hint      Hint
}

// Bin is a bucket that holds something.
type Bin struct {
	Index        int32   // unless Custom: it is (2^((Index-1)/2^Schema), 2^(Index/2^Schema)]
	Lower, Upper float64 // of histograms with bounds of their own, and where an answer tells bounds
	N            uint64
}

// MostBins bounds the buckets of a histogram.
const MostBins = 4096

// Bounds of what is read.
const (
	finest    = 8       // schema
	coarsest  = -4      //
	custom    = -53     //
	mostIndex = 1 << 19 // double precision ends before, at the finest schema
	mostCount = 1 << 53 // the largest count that is exact in a float
	mostDense = 1024    // buckets of what is handed on
)

// Total is how many observations there are.
func (h *Histogram) Total() uint64 {
	n := h.Zero
	for _, b := range h.Bins {
		n += b.N
	}
	return n
}

// Since is what was added since the same histogram was as before; not ok when it was reset since.
func (h *Histogram) Since(before *Histogram) (added *Histogram, ok bool) {
	merged := *before
	byBounds := h.Custom || before.Custom
	if !byBounds && !merged.like(h) || h.Zero < merged.Zero {
		return nil, false
	}
	added = &Histogram{Custom: h.Custom, Schema: h.Schema, Threshold: h.Threshold, Zero: h.Zero - merged.Zero, Sum: max(0, h.Sum-before.Sum)}
	n := 0
	for _, b := range h.Bins {
		if n < len(merged.Bins) && merged.Bins[n].compare(b, byBounds) == 0 {
			if b.N < merged.Bins[n].N {
				return nil, false
			}
			b.N -= merged.Bins[n].N
			n++
		}
		if b.N > 0 {
			added.Bins = append(added.Bins, b)
		}
	}
	return added, n == len(merged.Bins) // else one that held something holds nothing
}

func (b Bin) compare(o Bin, byBounds bool) int {
	if byBounds {
		return cmp.Compare(b.Upper, o.Upper)
	}
	return cmp.Compare(b.Index, o.Index)
}

// like makes a histogram as coarse as a later one; not ok when that is finer.
func (h *Histogram) like(later *Histogram) bool {
	switch {
	case len(h.Bins) > 0 && len(later.Bins) > 0 && h.Schema < later.Schema,
		later.Threshold > 0 && later.Threshold < h.Threshold:
		return false
	case h.Schema > later.Schema:
		h.coarsen(h.Schema - later.Schema)
	}
	h.swallow(later.Threshold)
	return true
}

// coarsen merges 2^by buckets each into one. The bins are made anew.
func (h *Histogram) coarsen(by int32) {
	var merged []Bin
	for _, b := range h.Bins {
		b = Bin{Index: (b.Index + 1<<by - 1) >> by, N: b.N}
		if n := len(merged); n > 0 && merged[n-1].Index == b.Index {
			merged[n-1].N += b.N
			continue
		}
		merged = append(merged, b)
	}
	h.Schema, h.Bins = h.Schema-by, merged
}

// swallow moves what lies below a threshold into the zero bucket.
func (h *Histogram) swallow(threshold float64) {
	n := 0
	for ; n < len(h.Bins) && bound(h.Bins[n].Index, h.Schema) <= threshold*(1+1e-9); n++ {
		h.Zero += h.Bins[n].N
	}
	h.Bins = h.Bins[n:]
}

// bound is the upper bound of a bucket.
func bound(index, schema int32) float64 { return math.Exp2(math.Ldexp(float64(index), -int(schema))) }

// Exponential is the buckets as OpenTelemetry writes them, where the one at 0 begins at 1: with all between the first and the last,
// as coarse as it takes for there to be at most 1024.
func (h *Histogram) Exponential() (scale, offset int32, counts []uint64) {
	if len(h.Bins) == 0 {
		return h.Schema, 0, nil
	}
	merged := *h
	for merged.width() > mostDense {
		merged.coarsen(1)
	}
	first := merged.Bins[0].Index
	counts = make([]uint64, merged.width())
	for _, b := range merged.Bins {
		counts[b.Index-first] = b.N
	}
	return merged.Schema, first - 1, counts
}

func (h *Histogram) width() int32 { return h.Bins[len(h.Bins)-1].Index - h.Bins[0].Index + 1 }

// Explicit is the buckets of a histogram with bounds of its own between all bounds that are told, one more than those.
func (h *Histogram) Explicit() (bounds []float64, counts []uint64) {
	for _, b := range h.Bins {
		for _, bound := range [...]float64{b.Lower, b.Upper} {
			if !math.IsInf(bound, 0) {
				bounds = append(bounds, bound)
			}
		}
	}
	slices.Sort(bounds)
	bounds = slices.Compact(bounds)
	counts = make([]uint64, len(bounds)+1)
	for _, b := range h.Bins {
		at, _ := slices.BinarySearch(bounds, b.Upper)
		counts[at] += b.N
	}
	return bounds, counts
}
