package judge

import (
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// tally is what one cell says of one question: so many events among so many exposures.
type tally struct{ at, events, exposure int64 }

// sum adds tallies up.
func sum(ts []tally) (events, exposure int64) {
	for i := range ts {
		events += ts[i].events
		exposure += ts[i].exposure
	}
	return events, exposure
}

// since is the tail of sorted tallies that begin at or after an instant.
func since(ts []tally, at int64) []tally {
	lo, hi := 0, len(ts)
	for lo < hi {
		if mid := (lo + hi) / 2; ts[mid].at < at {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return ts[lo:]
}

// before is the head of sorted tallies that begin before an instant.
func before(ts []tally, at int64) []tally {
	n := len(ts)
	for n > 0 && ts[n-1].at >= at {
		n--
	}
	return ts[:n]
}

// regroup adds sorted tallies up into wider windows, appending to out.
func regroup(out, ts []tally, width int64) []tally {
	for _, t := range ts {
		at := t.at - mod(t.at, width)
		if n := len(out); n > 0 && out[n-1].at == at {
			out[n-1].events += t.events
			out[n-1].exposure += t.exposure
			continue
		}
		out = append(out, tally{at, t.events, t.exposure})
	}
	return out
}

func mod(a, b int64) int64 { return ((a % b) + b) % b }

// counting turns a cell into events and exposures.
type counting func(c *correlate.Cell) (events, exposure int64)

func errorsOfRequests(c *correlate.Cell) (int64, int64) { return min(c.Errors, c.Requests), c.Requests }

// ask puts a question to every cell, appending to out.
func ask(out []tally, cells []correlate.Cell, q counting) []tally {
	out = slices.Grow(out, len(cells))
	for i := range cells {
		if e, n := q(&cells[i]); n > 0 {
			out = append(out, tally{cells[i].Start, e, n})
		}
	}
	return out
}

func over(events, exposure float64) float64 {
	if exposure == 0 {
		return 0
	}
	return events / exposure
}

func rate(ts []tally) float64 {
	e, n := sum(ts)
	return over(float64(e), float64(n))
}

func requests(cells []correlate.Cell) (n int64) {
	for i := range cells {
		n += cells[i].Requests
	}
	return n
}
