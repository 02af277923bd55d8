package expect

import (
	"strings"

	"github.com/shipwake/shipwake/correlate"
)

const (
	// atLimit is the share of its limit from which a memory is full: one that fills in ten minutes is seen there once more
	// before it is full, by an exporter that tells once a minute.
	atLimit = 0.9
	// fewestLevels is how many values a past must hold for what lies above all of them to be rare.
	fewestLevels = 20
)

// Fullness says when a memory was full: at its limit, where it is told as a share of that, or fuller than ever before. The
// mean of many instances that fill one after the other never comes near the limit, but it leaves what it was.
type Fullness struct {
	after []correlate.Cell
	least float64 // from which it is full
}

// NewFullness takes the values of a signal, in coarse cells, in fine ones up to the change, and since.
func NewFullness(name string, history, before, after []correlate.Cell) Fullness {
	most := 0.0
	for _, cells := range [...][]correlate.Cell{history, before} {
		for i := range cells {
			most = max(most, level(&cells[i]))
		}
	}
	share := strings.Contains(name, "utilization")
	switch {
	case len(before) < fewestLevels && !share:
		return Fullness{}
	case len(before) < fewestLevels, share && most > atLimit:
		most = atLimit
	}
	return Fullness{after, most}
}

// In says that it was full at some time in a stretch.
func (f *Fullness) In(from, to int64) bool {
	for _, c := range correlate.CellsBetween(f.after, from, to) {
		if f.full(&c) {
			return true
		}
	}
	return false
}

// Since is when it was full for the first time from an instant on, or to, when it never was before that.
func (f *Fullness) Since(from, to int64) int64 {
	for _, c := range correlate.CellsBetween(f.after, from, to) {
		if f.full(&c) {
			return c.Start
		}
	}
	return to
}

func (f *Fullness) full(c *correlate.Cell) bool { return f.least > 0 && level(c) > f.least }

func level(c *correlate.Cell) float64 {
	if c.N == 0 {
		return 0
	}
	return float64(c.Sum) / correlate.Fixed / float64(c.N)
}
