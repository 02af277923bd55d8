package expect

import (
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
)

// Flow is what is remembered of the requests before the change.
type Flow struct {
	p       *Params
	Gaps    []Gap // that were known
	cell    int64 // width of one
	start   int64 // of the change
	Width   int64 // of the windows in which requests are counted, see cadence
	base    []evalue.Tally
	Control evalue.Pair
	Phi     float64
	Season  *Seasons

	Next    int64          // the first window since the change that isn't counted yet
	windows []evalue.Tally // before it
	Tails   evalue.Tails   // of the windows
}

// NewFlow counts the requests before a change, in cells of the given width.
func NewFlow(p *Params, gaps []Gap, resolution, start int64, cells []correlate.Cell) *Flow {
	f := &Flow{p: p, Gaps: gaps, cell: resolution, start: start}
	if f.Width = f.cadence(cells); f.Width == 0 {
		return f
	}
	f.base = f.covered(periods(cells, cells[0].Start, start, f.Width))
	e, n := evalue.Sum(f.base)
	f.Control = evalue.Pair{EC: float64(e), NC: float64(n)}
	f.Phi = f.burstiness()
	return f
}

// Remember takes in the days before.
func (f *Flow) Remember(history []correlate.Cell, coarse int64) {
	if f.Width > 0 {
		f.Season = SeasonsOf(f.covered(everyPeriod(history, coarse)), coarse, evalue.Span{From: f.base[0].At, To: f.start}, f.p)
	}
}

// CatchUp counts the windows since the change that are complete by now.
func (f *Flow) CatchUp(whole []correlate.Cell, now int64) []evalue.Tally {
	if n := (now - f.Next) / f.Width; n > 0 {
		to := f.Next + n*f.Width
		f.windows = append(f.windows, f.covered(periods(evalue.CellsIn(whole, evalue.Span{From: f.Next, To: to}), f.Next, to, f.Width))...)
		f.Next = to
	}
	return evalue.Before(f.windows, now-f.Width+1)
}

// cadence is the shortest window of 1, 6 or 30 cells in which the service was never silent before the change, 0 when
// there is none or there are fewer than 8 of them.
func (f *Flow) cadence(before []correlate.Cell) int64 {
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
func (f *Flow) burstiness() float64 {
	e, n := evalue.Sum(f.base)
	rate := evalue.Ratio(float64(e), float64(n))
	phi := 1.0
	for _, windows := range [...]int64{1, 6, 30} {
		chi2, df := 0.0, -1.0
		for _, w := range evalue.Regroup(nil, f.base, windows*f.Width) {
			expected := rate * float64(w.Exposure)
			d := float64(w.Events) - expected
			chi2, df = chi2+d*d/expected, df+1
		}
		if df >= 1 {
			phi = max(phi, f.p.Shrunk(chi2, df))
		}
	}
	return phi
}

// covered drops the windows in which telemetry may have been lost: their silence says nothing.
func (f *Flow) covered(windows []evalue.Tally) []evalue.Tally {
	for _, g := range f.Gaps {
		if !f.p.Guards.On(guardGaps) {
			break
		}
		windows = slices.DeleteFunc(windows, func(w evalue.Tally) bool { return w.At < g.To && g.From < w.At+w.Exposure })
	}
	return windows
}

func anySilent(windows []evalue.Tally) bool {
	for _, w := range windows {
		if w.Events == 0 {
			return true
		}
	}
	return false
}

// periods counts the requests of every full window of a span, also of the silent ones. The exposure is in seconds.
func periods(cells []correlate.Cell, from, to, width int64) []evalue.Tally {
	if to-from < width {
		return nil
	}
	out := make([]evalue.Tally, (to-from)/width)
	for i := range out {
		out[i] = evalue.Tally{At: from + int64(i)*width, Exposure: width}
	}
	for i := range cells {
		at := cells[i].Start - from
		if at >= 0 && at/width < int64(len(out)) {
			out[at/width].Events += cells[i].Requests
		}
	}
	return out
}

// everyPeriod is periods over all of the history.
func everyPeriod(history []correlate.Cell, coarse int64) []evalue.Tally {
	if len(history) == 0 || coarse <= 0 {
		return nil
	}
	return periods(history, history[0].Start, history[len(history)-1].Start+coarse, coarse)
}

// Gap is a stretch of time: From inclusive, To exclusive, Unix seconds.
type Gap struct{ From, To int64 }
