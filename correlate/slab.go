package correlate

import "slices"

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
