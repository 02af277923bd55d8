// Package bins answers: in which bin of ours does a bucket of theirs lie?
//
// A bucket goes where its geometric middle is. Senders use few bounds, scales and units, so the bins are worked out once: a
// root or a power for each bucket of each point would be most of what a point costs. Everything is safe for concurrent
// use, and bounded.
package bins

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/shipwake/shipwake/correlate"
)

// Of is the bin of a value in nanoseconds, whatever it is.
func Of(ns float64) int16 {
	switch {
	case !(ns >= 1):
		return 0
	case ns >= math.MaxInt64:
		return correlate.BinIndex(math.MaxInt64)
	}
	return correlate.BinIndex(int64(ns))
}

// explicit is the bins of bounds in a unit. It doesn't change.
type explicit struct {
	unit   float64
	bounds []float64
	bins   []int16
}

// mostBounds is how many bounds are remembered together, each by at most one of the places.
const mostBounds = 256

var places [64]atomic.Pointer[explicit]

// Explicit are the bins of the buckets between bounds, one more than those, of which there is at least one. Values are in
// units of so many nanoseconds. The middle of the first bucket, which reaches down to 0, is half its bound, and that of the
// last one half an octave above its. The result is not to be changed.
func Explicit(bounds []float64, unit float64) []int16 { return known(bounds, unit).bins }

// Own is bounds that don't change: those of others that are equal, or a copy.
func Own(bounds []float64) []float64 {
	if len(bounds) == 0 {
		return nil
	}
	return known(bounds, 1).bounds
}

func (e *explicit) is(bounds []float64, unit float64) bool {
	return e != nil && e.unit == unit && slices.Equal(e.bounds, bounds)
}

func known(bounds []float64, unit float64) *explicit {
	place := &places[placeOf(bounds, unit)]
	if known := place.Load(); known.is(bounds, unit) {
		return known
	}
	made := &explicit{unit: unit, bounds: slices.Clone(bounds), bins: make([]int16, len(bounds)+1)}
	for i := range made.bins {
		made.bins[i] = Of(middle(bounds, i) * unit)
	}
	if len(bounds) <= mostBounds {
		place.Store(made)
	}
	return made
}

func placeOf(bounds []float64, unit float64) uint64 {
	h := math.Float64bits(bounds[0])*3 + math.Float64bits(bounds[len(bounds)-1])*31 + math.Float64bits(unit)*17 + uint64(len(bounds))
	return h * 0x9E3779B97F4A7C15 >> 58
}

func middle(bounds []float64, i int) float64 {
	switch {
	case i == len(bounds):
		return bounds[i-1] * math.Sqrt2
	case i == 0 || bounds[i-1] <= 0:
		return bounds[i] / 2
	}
	return math.Sqrt(bounds[i-1] * bounds[i])
}

// The bins of a scale are remembered for so many buckets on each side of 1, and worked out for a page of them at once.
const (
	around   = 16 * pageSize
	pageSize = 256
)

type page [pageSize]int16

// Scale is the bins of an exponential histogram's scale in a unit.
type Scale struct {
	scale int32
	unit  float64
	pages [2 * around / pageSize]atomic.Pointer[page] // nil is not worked out yet
}

type scaleKey struct {
	scale int32
	unit  float64
}

var scales sync.Map // scaleKey → *Scale

// OfScale are the bins of a scale, one of the few that histograms have, in units of so many nanoseconds, of which there are
// few as well.
func OfScale(scale int32, unit float64) *Scale {
	k := scaleKey{scale, unit}
	if known, ok := scales.Load(k); ok {
		return known.(*Scale) //nolint:forcetypeassert // nothing else is stored
	}
	made, _ := scales.LoadOrStore(k, &Scale{scale: scale, unit: unit})
	return made.(*Scale) //nolint:forcetypeassert // nothing else is stored
}

// Fill adds what the buckets from an index on hold, which their histogram's offset is a part of. All counts together fit in an
// int64.
func (s *Scale) Fill(h *correlate.Histogram, index int64, counts []uint64) {
	for len(counts) > 0 {
		at := index + around
		if at < 0 || at >= 2*around {
			n := len(counts)
			if at < 0 {
				n = int(min(int64(n), -at))
			}
			s.spread(h, index, counts[:n], s.bin(index), s.bin(index+int64(n)-1))
			index, counts = index+int64(n), counts[n:]
			continue
		}
		bins := s.page(at / pageSize)[at%pageSize:]
		n := min(len(bins), len(counts))
		h.AddEach(bins[:n], counts[:n])
		index, counts = index+int64(n), counts[n:]
	}
}

// spread adds buckets whose bins aren't remembered. Of a large scale many buckets are in one bin: when the first and the last
// one are, so are those between, and only the places where the bin changes are looked for.
func (s *Scale) spread(h *correlate.Histogram, index int64, counts []uint64, first, last int16) {
	if first == last {
		var n uint64
		for _, c := range counts {
			n += c
		}
		h.Add(first, int64(n))
		return
	}
	half := len(counts) / 2
	middle := index + int64(half)
	s.spread(h, index, counts[:half], first, s.bin(middle-1))
	s.spread(h, middle, counts[half:], s.bin(middle), last)
}

func (s *Scale) page(n int64) *page {
	if known := s.pages[n].Load(); known != nil {
		return known
	}
	made := &page{}
	for i := range made {
		made[i] = s.bin(n*pageSize + int64(i) - around)
	}
	s.pages[n].Store(made)
	return made
}

// bin is the bin of a bucket by its index.
func (s *Scale) bin(index int64) int16 {
	return Of(math.Exp2((float64(index)+0.5)*math.Exp2(-float64(s.scale))) * s.unit)
}

// Latest is the bins that were asked for last, of points that come one after the other and are much alike. Only one goroutine
// may use it.
type Latest struct {
	explicit *explicit
	scale    *Scale
}

// Explicit is as the function.
func (l *Latest) Explicit(bounds []float64, unit float64) []int16 {
	if !l.explicit.is(bounds, unit) {
		l.explicit = known(bounds, unit)
	}
	return l.explicit.bins
}

// OfScale is as the function.
func (l *Latest) OfScale(scale int32, unit float64) *Scale {
	if l.scale == nil || l.scale.scale != scale || l.scale.unit != unit {
		l.scale = OfScale(scale, unit)
	}
	return l.scale
}
