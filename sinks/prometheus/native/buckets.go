// Package native answers: how many of the observations fall into each bucket of a native histogram?
//
// The buckets are those of Prometheus' native histograms with a standard schema
// (https://prometheus.io/docs/specs/native_histograms/): bucket i of schema s holds what is above 2^((i-1)/2^s) and at most
// 2^(i/2^s). Only buckets that hold something are kept.
package native

import (
	"cmp"
	"math"
	"slices"
)

const (
	// Most is how many buckets a histogram has. When there would be more, each two neighbours become one, as with
	// client_golang's NativeHistogramMaxBucketNumber.
	Most = 100
	// ZeroThreshold is the largest observation that counts as 0; client_golang's default.
	ZeroThreshold = 0x1p-128

	finest = 3 // the schema to begin with: a bucket ends 9 % above where it begins
	// mostGap is how many empty buckets are listed rather than that another span begins.
	mostGap = 2
)

// ends are the upper ends of the finest buckets from 0.5 to 1, to the last digit as Prometheus and client_golang have them.
var ends = [1<<finest - 1]float64{
	0.5452538663326288, 0.5946035575013605, 0.6484197773255048, 0.7071067811865475, 0.7711054127039704, 0.8408964152537144, 0.9170040432046711,
}

// Buckets are the counts of observations by bucket. The zero value holds none. They aren't changed once they are made.
type Buckets struct {
	zero    uint32
	coarser uint8 // how often two neighbours became one
	counts  []count
}

// count is how many observations a bucket holds.
type count struct {
	index int16
	n     uint32
}

// With is the buckets with one more observation, which is finite. What isn't above the zero threshold counts as 0: none is
// expected to be negative.
func (b Buckets) With(observed float64) Buckets {
	if observed <= ZeroThreshold {
		b.zero++
		return b
	}
	index := coarsen(indexOf(observed), b.coarser)
	i, found := slices.BinarySearchFunc(b.counts, index, func(c count, index int16) int { return cmp.Compare(c.index, index) })
	if found {
		b.counts = slices.Clone(b.counts)
	} else {
		b.counts = slices.Concat(b.counts[:i], []count{{index: index}}, b.counts[i:])
	}
	b.counts[i].n++
	for len(b.counts) > Most {
		b.halve()
	}
	return b
}

// indexOf is the index of an observation's bucket in the finest schema.
func indexOf(observed float64) int16 {
	fraction, exponent := math.Frexp(observed)
	within := 0 // the upper end of a bucket belongs to it
	if fraction > 0.5 {
		i, _ := slices.BinarySearch(ends[:], fraction)
		within = i + 1
	}
	return int16((exponent-1)<<finest + within)
}

// coarsen is the index of the bucket that holds a bucket after each two neighbours became one so many times.
func coarsen(index int16, times uint8) int16 { return (index + 1<<times - 1) >> times }

// halve makes each two neighbours one. The counts are changed, so that nobody else may have them.
func (b *Buckets) halve() {
	b.coarser++
	kept := b.counts[:0]
	for _, c := range b.counts {
		c.index = coarsen(c.index, 1)
		if last := len(kept) - 1; last >= 0 && kept[last].index == c.index {
			kept[last].n += c.n
		} else {
			kept = append(kept, c)
		}
	}
	b.counts = kept
}

// Schema is the resolution.
func (b Buckets) Schema() int32 { return finest - int32(b.coarser) }

// Zeros is how many observations count as 0.
func (b Buckets) Zeros() uint64 { return uint64(b.zero) }

// Spans yields the runs of buckets that are listed: how many are left out since the run before, or for the first the index
// of its first bucket, and how many are in it.
func (b Buckets) Spans(yield func(offset int32, length uint32) bool) {
	next := int16(0)
	for from := 0; from < len(b.counts); {
		to := from + 1
		for to < len(b.counts) && b.gap(to) <= mostGap {
			to++
		}
		first, last := b.counts[from].index, b.counts[to-1].index
		if !yield(int32(first-next), uint32(last-first)+1) {
			return
		}
		next, from = last+1, to
	}
}

// Deltas yields the count of each listed bucket, less that of the one before.
func (b Buckets) Deltas(yield func(delta int64) bool) {
	before := int64(0)
	for i, c := range b.counts {
		if i > 0 && b.gap(i) <= mostGap {
			for range b.gap(i) {
				if !yield(-before) {
					return
				}
				before = 0
			}
		}
		if !yield(int64(c.n) - before) {
			return
		}
		before = int64(c.n)
	}
}

// gap is how many empty buckets are before one that isn't the first.
func (b Buckets) gap(i int) int16 { return b.counts[i].index - b.counts[i-1].index - 1 }
