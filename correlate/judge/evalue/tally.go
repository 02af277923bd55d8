package evalue

import (
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// Tally is what one cell says of one question: so many events among so many exposures.
type Tally struct{ At, Events, Exposure int64 }

// Sum adds tallies up.
func Sum(ts []Tally) (events, exposure int64) {
	for i := range ts {
		events += ts[i].Events
		exposure += ts[i].Exposure
	}
	return events, exposure
}

// Since is the tail of sorted tallies that begin at or after an instant.
func Since(ts []Tally, at int64) []Tally {
	lo, hi := 0, len(ts)
	if hi == 0 || ts[0].At >= at {
		return ts
	}
	if ts[hi-1].At < at {
		return ts[hi:]
	}
	if guess := correlate.Interpolate(0, hi-1, ts[0].At, ts[hi-1].At, at); ts[guess].At >= at {
		if hi = guess; ts[hi-1].At < at {
			return ts[hi:]
		}
	} else if lo = guess + 1; ts[lo].At >= at {
		return ts[lo:]
	}
	for lo < hi {
		if mid := (lo + hi) / 2; ts[mid].At < at {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return ts[lo:]
}

// Before is the head of sorted tallies that begin before an instant.
func Before(ts []Tally, at int64) []Tally {
	n := len(ts)
	for n > 0 && ts[n-1].At >= at {
		n--
	}
	return ts[:n]
}

// Regroup adds sorted tallies up into wider windows, appending to out.
func Regroup(out, ts []Tally, width int64) []Tally {
	for _, t := range ts {
		at := t.At - Mod(t.At, width)
		if n := len(out); n > 0 && out[n-1].At == at {
			out[n-1].Events += t.Events
			out[n-1].Exposure += t.Exposure
			continue
		}
		out = append(out, Tally{at, t.Events, t.Exposure})
	}
	return out
}

// Mod is the remainder that is never negative.
func Mod(a, b int64) int64 { return ((a % b) + b) % b }

// Counting turns a cell into events and exposures.
type Counting func(c *correlate.Cell) (events, exposure int64)

// ErrorsOfRequests counts the requests that failed.
func ErrorsOfRequests(c *correlate.Cell) (int64, int64) { return min(c.Errors, c.Requests), c.Requests }

// Tallies puts a question to every cell, appending to out.
func Tallies(out []Tally, cells []correlate.Cell, q Counting) []Tally {
	out = slices.Grow(out, len(cells))
	for i := range cells {
		if e, n := q(&cells[i]); n > 0 {
			out = append(out, Tally{cells[i].Start, e, n})
		}
	}
	return out
}

// Ratio is events over exposure, 0 without any exposure.
func Ratio(events, exposure float64) float64 {
	if exposure == 0 {
		return 0
	}
	return events / exposure
}

// Rate is the ratio of events to exposures of tallies together.
func Rate(ts []Tally) float64 {
	e, n := Sum(ts)
	return Ratio(float64(e), float64(n))
}

// Requests are those of some cells together.
func Requests(cells []correlate.Cell) (n int64) {
	for i := range cells {
		n += cells[i].Requests
	}
	return n
}
