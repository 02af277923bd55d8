package correlate

import (
	"math"
	"math/bits"
	"slices"
)

// BinsPerOctave fixes the resolution of latencies: 8 bins for each doubling, about 9 % wide.
const BinsPerOctave = 8

// edges[i] is 2^(i/8) in units of 2^-62, so that a mantissa can be placed by comparing integers.
var edges = func() (e [BinsPerOctave]uint64) {
	for i := range e {
		e[i] = uint64(math.Round(math.Exp2(float64(i)/BinsPerOctave) * (1 << 62)))
	}
	return e
}()

// Bin is one bin of a Histogram: Count values v with BinFloor(Index) <= v < BinFloor(Index+1).
type Bin struct {
	Index int16
	Count uint32
}

// Histogram counts durations in logarithmic bins of nanoseconds. Bins are sorted by Index and never empty.
type Histogram []Bin

// BinIndex is the bin of a duration in nanoseconds. Values below 1 ns are in bin 0.
func BinIndex(ns int64) int16 {
	if ns < 1 {
		return 0
	}
	octave := bits.Len64(uint64(ns)) - 1
	mantissa := uint64(ns) << (62 - octave)
	i := 0
	for i+1 < BinsPerOctave && mantissa >= edges[i+1] {
		i++
	}
	return int16(octave*BinsPerOctave + i)
}

// BinFloor is the smallest duration of a bin, in nanoseconds.
func BinFloor(index int16) float64 {
	return math.Exp2(float64(index) / BinsPerOctave)
}

// Add counts n values in the bin with the given index.
func (h *Histogram) Add(index int16, n int64) {
	if n <= 0 {
		return
	}
	s := *h
	at := s.upTo(index)
	for at > 0 && s[at-1].Index >= index {
		at--
	}
	if at < len(s) && s[at].Index == index {
		s[at].Count = clamp(int64(s[at].Count) + n)
		return
	}
	*h = slices.Insert(s, at, Bin{Index: index, Count: clamp(n)})
}

// upTo is a place behind all bins up to an index, and next to them where the bins before have no gaps, as those of most latencies.
func (h Histogram) upTo(index int16) int {
	if len(h) == 0 || index < h[0].Index {
		return 0
	}
	return min(len(h), int(index-h[0].Index)+1)
}

// AddFrom is Add for an index that isn't in the histogram before a place. It returns the place of the index, or, when n
// isn't positive, the given one.
func (h *Histogram) AddFrom(at int, index int16, n int64) int {
	if n <= 0 {
		return at
	}
	s := *h
	for at < len(s) && s[at].Index < index {
		at++
	}
	if at < len(s) && s[at].Index == index {
		s[at].Count = clamp(int64(s[at].Count) + n)
		return at
	}
	*h = slices.Insert(s, at, Bin{Index: index, Count: clamp(n)})
	return at
}

// AddEach is Add for many bins: so many values for each of them, none where a count isn't positive as an int64. There are as
// many bins as counts. Bins in rising order cost least.
func (h *Histogram) AddEach(bins []int16, counts []uint64) {
	s, at := *h, 0
	for i, index := range bins[:len(counts)] {
		n := int64(counts[i])
		if n <= 0 {
			continue
		}
		if at < len(s) && s[at].Index > index {
			at = 0
		}
		for at < len(s) && s[at].Index < index {
			at++
		}
		if at < len(s) && s[at].Index == index {
			s[at].Count = clamp(int64(s[at].Count) + n)
			continue
		}
		s = slices.Insert(s, at, Bin{Index: index, Count: clamp(n)})
	}
	*h = s
}

// Merge adds all values of another histogram.
func (h *Histogram) Merge(o Histogram) {
	at := 0
	for _, b := range o {
		at = h.AddFrom(at, b.Index, int64(b.Count))
	}
}

// Total is the number of values.
func (h Histogram) Total() int64 {
	var n int64
	for _, b := range h {
		n += int64(b.Count)
	}
	return n
}

// Above is the number of values in bins with an index greater than the given one.
func (h Histogram) Above(index int16) int64 {
	var n int64
	for i := len(h) - 1; i >= 0 && h[i].Index > index; i-- {
		n += int64(h[i].Count)
	}
	return n
}

// QuantileBin is the bin that holds the q-quantile (0 < q < 1); ok is false when the histogram is empty.
func (h Histogram) QuantileBin(q float64) (index int16, ok bool) {
	total := h.Total()
	if total == 0 {
		return 0, false
	}
	rank := int64(math.Ceil(q * float64(total)))
	var seen int64
	for _, b := range h {
		seen += int64(b.Count)
		if seen >= rank {
			return b.Index, true
		}
	}
	return h[len(h)-1].Index, true
}

func clamp(n int64) uint32 {
	if n > math.MaxUint32 {
		return math.MaxUint32
	}
	return uint32(n)
}

// slabBins is how many bins a slab holds: 8 KiB, which is a page of Go's heap.
const slabBins = 1024

// Slab copies histograms into pieces of memory that hold many of them. Those that are copied one after the other lie together:
// when they are dropped together, too, whole pages are free again, where single copies leave holes all over the heap. A piece
// stays as long as any of its histograms does. The zero value works; a nil Slab has each copy on its own.
type Slab struct{ bins []Bin }

// Copy is a copy of a histogram, nil when that has no bins. What is added to it later doesn't touch others.
func (s *Slab) Copy(h Histogram) Histogram {
	switch n := len(h); {
	case n == 0:
		return nil
	case s == nil, n > slabBins/8:
		return slices.Clone(h)
	case n > cap(s.bins)-len(s.bins):
		s.bins = make([]Bin, 0, slabBins)
	}
	from := len(s.bins)
	s.bins = append(s.bins, h...)
	return s.bins[from:len(s.bins):len(s.bins)]
}
