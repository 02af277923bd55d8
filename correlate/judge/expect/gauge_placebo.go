package expect

import (
	"math"
	"slices"
)

// A deviation is measured in what deviates without a change: the larger of the median of the largest deviations in
// placebo windows, which are equally long and at moments when nothing changed, and of the largest deviation in the time
// just before the change. The latter is what the signal does at that hour of that day: a signal that was restless or off
// already is not blamed on the change, and the noise may differ between night and day. How rare such a ratio is without
// a change, the same ratio in the placebo windows says: they don't overlap, so that each says something of its own.

// multiples are the widths of windows in windows of the grid: short for spikes, long for shifts and drifts.
var multiples = [...]int64{1, 2, 4}

// fifths are widths in fifths of a window of the grid, to see a large fault early.
var fifths = [...]int64{1, 2}

// horizon is a stretch of time after a change in which it may show. A fault that comes with the change shows at once, and
// there are more short placebo windows than long ones; one that comes late is looked for in a share of the evidence.
type horizon struct {
	length int64     // seconds
	usual  []float64 // largest deviation without a change, by multiple; NaN where it isn't known
	units  []float64 // of deviations, by width; NaN of a width that isn't looked at
	tail   tail      // of the ratio where nothing changed
}

// lengths are the horizons at an instant: a short one, a usual one, and after that twice as long ones.
func (g *Gauge) lengths(now int64) []int64 {
	out := []int64{min(g.p.Gauge.Early, g.p.Gauge.Horizon), g.p.Gauge.Horizon}
	for last := out[1]; last < now-g.start; out = append(out, last) {
		last *= 2
	}
	return out
}

// shareOf is the share of the evidence that a horizon may spend: the first two get the same, and all others together a
// tenth.
func shareOf(horizon int) float64 {
	if horizon < 2 {
		return 0.45
	}
	return 0.1 / float64(int(1)<<min(horizon-1, 30))
}

// calibrate prepares the horizons; false when there are too few placebos for any.
func (g *Gauge) calibrate(least int) bool {
	g.horizons, g.seen = g.horizons[:0], nil
	enough := false
	for _, length := range g.lengths(g.now) {
		h := horizon{length: length}
		placebos := g.placebos(&h)
		if len(placebos) >= least {
			h.tail, enough = newTail(placebos), true
			g.measure(&h)
		}
		g.horizons = append(g.horizons, h)
	}
	return enough
}

// placebos are the statistic where nothing changed, sorted.
func (g *Gauge) placebos(h *horizon) []float64 {
	windows := g.windowsIn(h.length)
	moments := g.moments(windows)
	levels := make([][]float64, len(moments))
	for j, at := range moments {
		levels[j] = g.levelsAt(at, nil)
	}
	statistic := unknown(len(moments))
	h.usual = unknown(len(multiples))
	for m, n := range g.multiples(windows) {
		after, smooth := unknown(len(moments)), g.smooth(n)
		for j, at := range moments {
			after[j] = g.matters(g.peak(smooth, levels[j], at, at+windows-n))
		}
		h.usual[m] = median(after)
		for j, at := range moments {
			statistic[j] = fmax(statistic[j], after[j]/g.unit(h.usual[m], g.before(smooth, levels[j], at, n)))
		}
	}
	statistic = known(statistic)
	slices.Sort(statistic)
	return statistic
}

// multiples are those that a stretch of windows has room for.
func (g *Gauge) multiples(windows int) (out []int) {
	for m, n := range multiples {
		if int(n) <= windows && (m == 0 || g.p.Guards.On(guardGaugeWidths)) {
			out = append(out, int(n))
		}
	}
	return out
}

// matters is a deviation, 0 when it is negligible: sums of many values are not exact.
func (g *Gauge) matters(d float64) float64 {
	if d > 0 && d < g.negligible {
		return 0
	}
	return d
}

// unit is what a deviation is measured in.
func (g *Gauge) unit(usual, before float64) float64 {
	return fmax(fmax(g.negligible, usual), before)
}

// before is the largest deviation, of windows of a width, in the time just before a moment.
func (g *Gauge) before(smooth [][]float64, levels []float64, at, n int) float64 {
	if !g.p.Guards.On(guardBaselineNoise) {
		return math.NaN()
	}
	return g.peak(smooth, levels, at-g.windowsIn(min(g.p.Gauge.BaselineNoise, g.baseline)), at-n)
}

// moments are where placebo windows begin on the grid, one after the other.
func (g *Gauge) moments(windows int) (at []int) {
	for i := len(g.past[0]) - windows; i >= g.windowsIn(g.baseline); i -= windows {
		at = append(at, i)
	}
	return at
}

// smooth are the means of n neighbouring windows of the grid, by reference: index i begins where window i begins.
func (g *Gauge) smooth(n int) [][]float64 {
	out := make([][]float64, len(g.past))
	for r, past := range g.past {
		out[r] = make([]float64, max(0, len(past)-n+1))
		for i := range out[r] {
			out[r][i] = mean(past[i : i+n])
		}
	}
	return out
}

// peak is the largest deviation that hurts from window from up to and including window to, NaN when none is known.
func (g *Gauge) peak(smooth [][]float64, levels []float64, from, to int) float64 {
	largest := math.NaN()
	for i := max(0, from); i <= min(to, len(smooth[0])-1); i++ {
		b := newBracket()
		for r := range smooth {
			b.add(smooth[r][i] - levels[r])
		}
		largest = fmax(largest, b.hurt(g.bad))
	}
	return largest
}

// widths are those of all windows that are looked at, in seconds: first the short ones.
func (g *Gauge) widths() (out []int64) {
	for _, f := range fifths {
		out = append(out, max(f*g.width/5, g.cell))
	}
	for _, n := range multiples {
		out = append(out, n*g.width)
	}
	return out
}

// measure sets the units of all widths.
func (g *Gauge) measure(h *horizon) {
	at := len(g.past[0])
	h.units = unknown(len(fifths) + len(multiples))
	for m, n := range g.multiples(g.windowsIn(h.length)) {
		h.units[len(fifths)+m] = g.unit(h.usual[m], g.before(g.smooth(n), g.levels, at, n))
	}
	for i, width := range g.widths()[:len(fifths)] {
		if width < g.width && g.p.Guards.On(guardGlances) {
			h.units[i] = g.short(width, h.usual[0])
		}
	}
}

// short measures windows that are shorter than the grid's. History knows no such windows; but unless neighbouring values
// repel each other, the mean over a part of the time deviates at most by the square root of the ratio of the widths more.
func (g *Gauge) short(width int64, usual float64) float64 {
	before := math.NaN()
	for to := g.start; g.p.Guards.On(guardBaselineNoise) && to-width >= g.start-min(g.p.Gauge.BaselineNoise, g.baseline); to -= g.step(width) {
		_, b := g.deviation(to-width, to)
		before = fmax(before, b.hurt(g.bad))
	}
	return g.unit(usual*math.Sqrt(float64(g.width)/float64(width)), before)
}

func unknown(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = math.NaN()
	}
	return out
}

func known(v []float64) []float64 {
	out := make([]float64, 0, len(v))
	for _, x := range v {
		if !math.IsNaN(x) {
			out = append(out, x)
		}
	}
	return out
}

// median of what is known, NaN when nothing is.
func median(v []float64) float64 {
	v = known(v)
	if len(v) == 0 {
		return math.NaN()
	}
	slices.Sort(v)
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// mean of what is known, NaN when nothing is.
func mean(v []float64) float64 {
	var sum, n float64
	for _, x := range v {
		if !math.IsNaN(x) {
			sum, n = sum+x, n+1
		}
	}
	return sum / n
}

// fmax is the larger of two numbers, the one that is known when the other isn't.
func fmax(a, b float64) float64 {
	if math.IsNaN(a) || b > a {
		return b
	}
	return a
}
