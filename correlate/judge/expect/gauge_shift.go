package expect

import (
	"math"
	"slices"
)

// Shift is how far a signal has moved since a change, in its own unit: the mean since the change less what was expected
// of it. The interval holds the true shift with the confidence that was asked for, at all looks together; an end is
// infinite when there are too few placebo windows to bound it.
type Shift struct {
	Expected, Observed float64
	Estimate           float64
	Lower, Upper       float64
	Placebos           int // windows without a change that the interval is made of
}

// Shift estimates it, looking first after some seconds and then again up to now; ok is false before that and without
// data. The ends of the interval are quantiles of how far off the same estimate was at its worst look where nothing
// changed, each exceeded with a chance of alpha.
func (g *Gauge) Shift(first int64, alpha float64) (s Shift, ok bool) {
	if g.now-g.start < max(first, g.width) {
		return s, false
	}
	if s.Observed = g.l.Over(g.start, g.now); math.IsNaN(s.Observed) {
		return s, false
	}
	off := make([]float64, len(g.days))
	for r, day := range g.days {
		off[r] = s.Observed - g.levels[r]
		if day > 0 {
			off[r] -= g.l.Over(g.start-day, g.now-day)
		}
	}
	if s.Estimate = median(off); math.IsNaN(s.Estimate) {
		return s, false
	}
	s.Expected = s.Observed - s.Estimate
	low, high := g.drifts(g.windowsIn(first), g.windowsIn(g.now-g.start))
	s.Placebos = len(high)
	s.Lower, s.Upper = s.Estimate-beyond(high, alpha), s.Estimate+beyond(low, alpha)
	return s, true
}

// drifts are how far the mean since a placebo moment was below and above what was expected of it, at the worst of the
// looks after some windows of the grid, from first to last.
func (g *Gauge) drifts(first, last int) (below, above []float64) {
	off := make([]float64, len(g.past))
	for _, at := range g.moments(last) {
		levels := g.levelsAt(at, nil)
		sum, n := 0.0, 0.0
		low, high := math.NaN(), math.NaN()
		for i := range last {
			for r := range g.past {
				off[r] = g.past[r][at+i] - levels[r]
			}
			if d := median(off); !math.IsNaN(d) {
				sum, n = sum+d, n+1
			}
			if i+1 >= first && n > 0 {
				low, high = fmax(low, -sum/n), fmax(high, sum/n)
			}
		}
		below, above = append(below, low), append(above, high)
	}
	return known(below), known(above)
}

// beyond is what the next of some exchangeable values exceeds with a chance of at most alpha: +Inf when they are too few
// to say (Vovk, Gammerman & Shafer, Algorithmic Learning in a Random World, 2005).
func beyond(values []float64, alpha float64) float64 {
	at := int(math.Ceil((1 - alpha) * float64(len(values)+1)))
	if at > len(values) {
		return math.Inf(1)
	}
	slices.Sort(values)
	return values[max(at-1, 0)]
}
