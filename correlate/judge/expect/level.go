package expect

import (
	"math"
	"sort"

	"github.com/shipwake/shipwake/correlate"
)

// Level is a custom signal as a function of time: its value over any stretch, from fine cells lately and coarse cells
// earlier. Missing data are NaN.
type Level struct {
	kind         correlate.SignalKind
	coarse, Fine series
}

// series holds prefix sums of numerator and denominator, so that a stretch costs two searches.
type series struct {
	at       []int64
	width    int64
	num, den []float64 // of the cells before at[i]
}

// NewLevel takes fine cells and the coarse ones before them, each with their width in seconds.
func NewLevel(kind correlate.SignalKind, fine []correlate.Cell, resolution int64, history []correlate.Cell, coarse int64) Level {
	return Level{kind, newSeries(history, kind, coarse), newSeries(fine, kind, resolution)}
}

func newSeries(cells []correlate.Cell, kind correlate.SignalKind, width int64) series {
	s := series{width: width, at: make([]int64, len(cells)), num: make([]float64, len(cells)+1), den: make([]float64, len(cells)+1)}
	for i := range cells {
		num, den := Quantity(&cells[i], kind)
		s.at[i], s.num[i+1], s.den[i+1] = cells[i].Start, s.num[i]+num, s.den[i]+den
	}
	return s
}

// Quantity is a cell's part of numerator and denominator.
func Quantity(c *correlate.Cell, kind correlate.SignalKind) (num, den float64) {
	switch kind {
	case correlate.Ratio:
		return float64(c.Sum), float64(c.N)
	case correlate.Distribution:
		for _, b := range c.Latency {
			num += float64(b.Count) * math.Sqrt(correlate.BinFloor(b.Index)*correlate.BinFloor(b.Index+1))
			den += float64(b.Count)
		}
		return num / correlate.Fixed, den
	}
	return float64(c.Sum) / correlate.Fixed, float64(c.N)
}

// First is when the signal was first seen.
func (l *Level) First() int64 {
	if len(l.coarse.at) > 0 {
		return l.coarse.at[0]
	}
	if len(l.Fine.at) > 0 {
		return l.Fine.at[0]
	}
	return math.MaxInt64
}

// Over is the value over [from, to): a mean, a rate per second or a ratio.
func (l *Level) Over(from, to int64) float64 {
	num, den := l.Fine.Between(from, to)
	n, d := l.coarse.Between(from, to)
	if num, den = num+n, den+d; den <= 0 {
		return math.NaN()
	}
	if l.kind == correlate.Rate {
		return num / float64(to-from)
	}
	return num / den
}

// Between is the sums of numerator and denominator over [from, to).
func (s *series) Between(from, to int64) (num, den float64) {
	a, b := s.until(from)
	c, d := s.until(to)
	return c - a, d - b
}

// until is the prefix sums at an instant; a cell that holds it counts in part.
func (s *series) until(at int64) (num, den float64) {
	i := sort.Search(len(s.at), func(i int) bool { return s.at[i] >= at })
	num, den = s.num[i], s.den[i]
	if i > 0 && s.at[i-1]+s.width > at {
		part := 1 - float64(at-s.at[i-1])/float64(s.width)
		num -= part * (s.num[i] - s.num[i-1])
		den -= part * (s.den[i] - s.den[i-1])
	}
	return num, den
}
