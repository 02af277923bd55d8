package expect

import (
	"strings"

	"github.com/shipwake/shipwake/correlate"
)

// Restarts are instances that were started again: the minutes in which that happened, sorted, and how often it did.
type Restarts struct {
	Minutes []int64 // Unix seconds
	N       int64
}

// RestartsOf counts them in minutes of the given length, from cells of some width, both in seconds. In how many minutes of
// a wide cell they happened isn't known: as many are taken as there may be.
func RestartsOf(cells []correlate.Cell, width, minute int64) (r Restarts) {
	for i := range cells {
		n := cells[i].Sum / correlate.Fixed
		if n <= 0 {
			continue
		}
		r.N += n
		first := cells[i].Start - cells[i].Start%minute
		for k := range min(n, max(1, width/minute)) {
			if at, have := first+k*minute, len(r.Minutes); have == 0 || r.Minutes[have-1] < at {
				r.Minutes = append(r.Minutes, at)
			}
		}
	}
	return r
}

// Then is the restarts followed by later ones.
func (r Restarts) Then(later Restarts) Restarts {
	return Restarts{append(r.Minutes[:len(r.Minutes):len(r.Minutes)], later.Minutes...), r.N + later.N}
}

// Most is in how many minutes there were restarts at most in any stretch of so many seconds.
func (r Restarts) Most(seconds int64) (most int) {
	first := 0
	for i, at := range r.Minutes {
		for at-r.Minutes[first] >= seconds {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

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
