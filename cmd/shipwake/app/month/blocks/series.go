package blocks

import (
	"math"
	"slices"
	"strings"
)

// Label is a name and a value.
type Label struct{ Name, Value string }

// Series takes in the samples of one time series, in order of time.
type Series struct {
	labels []Label
	full   []chunk
	open   chunk
}

// Add appends a sample; at is in Unix milliseconds, and later than that of the sample before.
func (s *Series) Add(at int64, v float64) {
	if s.open.n == perChunk {
		s.full, s.open = append(s.full, s.open), chunk{}
	}
	s.open.add(at, v)
}

// End says that the series was not there any more.
func (s *Series) End(at int64) { s.Add(at, math.Float64frombits(staleBits)) }

// staleBits is the NaN by which Prometheus marks the end of a series.
const staleBits = 0x7ff0000000000002

func (s *Series) chunks() []chunk {
	if s.open.n == 0 {
		return s.full
	}
	return append(s.full[:len(s.full):len(s.full)], s.open)
}

// Set is series on their way into a block.
type Set struct{ all []*Series }

// Series adds a series. No two may have the same labels.
func (s *Set) Series(labels []Label) *Series {
	sorted := slices.Clone(labels)
	slices.SortFunc(sorted, func(a, b Label) int { return strings.Compare(a.Name, b.Name) })
	added := &Series{labels: sorted}
	s.all = append(s.all, added)
	return added
}

// Len is how many series there are.
func (s *Set) Len() int { return len(s.all) }

// sorted are the series that have samples, in the order of their labels.
func (s *Set) sorted() []*Series {
	kept := slices.DeleteFunc(slices.Clone(s.all), func(s *Series) bool { return s.open.n == 0 })
	slices.SortFunc(kept, func(a, b *Series) int { return slices.CompareFunc(a.labels, b.labels, compareLabels) })
	return kept
}

func compareLabels(a, b Label) int {
	if c := strings.Compare(a.Name, b.Name); c != 0 {
		return c
	}
	return strings.Compare(a.Value, b.Value)
}
