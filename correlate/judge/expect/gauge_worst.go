package expect

import (
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// Worst is the largest shift that a signal showed since a change, over stretches of a fixed length. Values are in the
// signal's own unit.
type Worst struct {
	Level              float64 // mean magnitude that was expected since the change
	Expected, Observed float64 // in the worst stretch
	Shift              float64 // there, positive in the direction that hurts
	// Upper is the largest shift that may have lasted for a stretch, but for a chance of alpha; +Inf when that is unknown.
	Upper float64
}

// lasting is the length of what is bounded, in windows of the grid. What is over sooner is for the scan to see.
const lasting = 4

// Worst bounds the shift with an error of at most alpha; ok is false while the time since the change holds no stretch, and when
// nothing is known of the last one.
//
// A fault that lasts for a stretch shows there as its size plus what that stretch would have been off without it. So it is
// at most the largest shift that shows anywhere, plus the quantile of how far stretches at placebo moments were off the
// other way (split conformal prediction: Vovk, Gammerman & Shafer, Algorithmic Learning in a Random World, 2005). Later
// looks see all stretches that earlier ones saw, so that looking again adds no chance to miss it.
func (g *Gauge) Worst(alpha float64) (w Worst, ok bool) {
	width := lasting * g.width
	if g.now-g.start < width {
		return w, false
	}
	noise := g.stretches(g.windowsIn(max(g.now-g.start, g.p.Gauge.Horizon)))
	sum, n := 0.0, 0.0
	w.Shift, w.Upper = math.Inf(-1), math.Inf(-1)
	for _, sign := range signs(g.bad) {
		hides := beyond(scaled(noise, -sign), alpha)
		for from := g.start; from+width <= g.now; from += g.step(g.width) {
			value, off := g.shift(from, from+width)
			if ok = !math.IsNaN(off); !ok {
				continue
			}
			sum, n = sum+math.Abs(value-off), n+1
			if sign*off > w.Shift {
				w.Expected, w.Observed, w.Shift = value-off, value, sign*off
			}
			w.Upper = max(w.Upper, sign*off+hides)
		}
	}
	w.Level = sum / n
	return w, ok
}

// signs are the directions that hurt, as factors of a shift.
func signs(bad correlate.Direction) []float64 {
	switch bad {
	case correlate.BadUp:
		return []float64{1}
	case correlate.BadDown:
		return []float64{-1}
	}
	return []float64{1, -1}
}

// shift is the value over [from, to) and by how much it is off: the median over the references. NaN when unknown.
func (g *Gauge) shift(from, to int64) (value, off float64) {
	value = g.l.Over(from, to)
	each := make([]float64, len(g.days))
	for r, day := range g.days {
		each[r] = value - g.levels[r]
		if day > 0 {
			each[r] -= g.l.Over(from-day, to-day)
		}
	}
	return value, median(each)
}

// stretches are by how much stretches were off within so many windows after placebo moments.
func (g *Gauge) stretches(windows int) (off []float64) {
	smooth := g.smooth(lasting)
	each := make([]float64, len(smooth))
	for _, at := range g.moments(windows) {
		levels := g.levelsAt(at, nil)
		for i := at; i+lasting <= at+windows; i += lasting / 2 {
			for r := range smooth {
				each[r] = smooth[r][i] - levels[r]
			}
			if d := median(each); !math.IsNaN(d) {
				off = append(off, d)
			}
		}
	}
	return off
}

// scaled are values times a factor.
func scaled(values []float64, by float64) []float64 {
	out := slices.Clone(values)
	for i := range out {
		out[i] *= by
	}
	return out
}
