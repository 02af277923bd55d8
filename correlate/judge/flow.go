package judge

import (
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// flow is what is remembered of the requests before the change.
type flow struct {
	p       *expectations
	gaps    []Gap // that were known
	cell    int64 // width of one
	start   int64 // of the change
	width   int64 // of the windows in which requests are counted, see cadence
	base    []tally
	control pair
	phi     float64
	season  *seasons

	next    int64   // the first window since the change that isn't counted yet
	windows []tally // before it
	tails   tails   // of the windows
}

// newFlow counts the requests before a change, in cells of the given width.
func newFlow(p *expectations, gaps []Gap, resolution, start int64, cells []correlate.Cell) *flow {
	f := &flow{p: p, gaps: gaps, cell: resolution, start: start}
	if f.width = f.cadence(cells); f.width == 0 {
		return f
	}
	f.base = f.covered(periods(cells, cells[0].Start, start, f.width))
	e, n := sum(f.base)
	f.control = pair{eC: float64(e), nC: float64(n)}
	f.phi = f.burstiness()
	return f
}

// remember takes in the days before.
func (f *flow) remember(history []correlate.Cell, coarse int64) {
	if f.width > 0 {
		f.season = seasonsOf(f.covered(everyPeriod(history, coarse)), coarse, span{f.base[0].at, f.start}, f.p)
	}
}

// catchUp counts the windows since the change that are complete by now.
func (f *flow) catchUp(whole []correlate.Cell, now int64) []tally {
	if n := (now - f.next) / f.width; n > 0 {
		to := f.next + n*f.width
		f.windows = append(f.windows, f.covered(periods(cellsIn(whole, span{f.next, to}), f.next, to, f.width))...)
		f.next = to
	}
	return before(f.windows, now-f.width+1)
}

// cadence is the shortest window of 1, 6 or 30 cells in which the service was never silent before the change, 0 when
// there is none or there are fewer than 8 of them.
func (f *flow) cadence(before []correlate.Cell) int64 {
	if len(before) == 0 {
		return 0
	}
	for _, cells := range [...]int64{1, 6, 30} {
		windows := f.covered(periods(before, before[0].Start, f.start, cells*f.cell))
		if len(windows) >= 8 && !anySilent(windows) {
			return cells * f.cell
		}
	}
	return 0
}

// burstiness is φ of the requests before the change, of windows of 1, 6 and 30 times the width.
func (f *flow) burstiness() float64 {
	e, n := sum(f.base)
	rate := over(float64(e), float64(n))
	phi := 1.0
	for _, windows := range [...]int64{1, 6, 30} {
		chi2, df := 0.0, -1.0
		for _, w := range regroup(nil, f.base, windows*f.width) {
			expected := rate * float64(w.exposure)
			d := float64(w.events) - expected
			chi2, df = chi2+d*d/expected, df+1
		}
		if df >= 1 {
			phi = max(phi, f.p.shrunk(chi2, df))
		}
	}
	return phi
}

// covered drops the windows in which telemetry may have been lost: their silence says nothing.
func (f *flow) covered(windows []tally) []tally {
	for _, g := range f.gaps {
		if !f.p.Guards.On(guardGaps) {
			break
		}
		windows = slices.DeleteFunc(windows, func(w tally) bool { return w.at < g.To && g.From < w.at+w.exposure })
	}
	return windows
}

func anySilent(windows []tally) bool {
	for _, w := range windows {
		if w.events == 0 {
			return true
		}
	}
	return false
}

// periods counts the requests of every full window of a span, also of the silent ones. The exposure is in seconds.
func periods(cells []correlate.Cell, from, to, width int64) []tally {
	if to-from < width {
		return nil
	}
	out := make([]tally, (to-from)/width)
	for i := range out {
		out[i] = tally{at: from + int64(i)*width, exposure: width}
	}
	for i := range cells {
		at := cells[i].Start - from
		if at >= 0 && at/width < int64(len(out)) {
			out[at/width].events += cells[i].Requests
		}
	}
	return out
}

// everyPeriod is periods over all of the history.
func everyPeriod(history []correlate.Cell, coarse int64) []tally {
	if len(history) == 0 || coarse <= 0 {
		return nil
	}
	return periods(history, history[0].Start, history[len(history)-1].Start+coarse, coarse)
}

// Gap is a stretch of time: From inclusive, To exclusive, Unix seconds.
type Gap struct{ From, To int64 }
