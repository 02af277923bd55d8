package expect

import (
	"math"
	"slices"
)

// A deviation is measured in what deviates without a change: the larger of the median of the largest deviations in
// placebo windows, which are equally long and at moments when nothing changed, and of the largest deviation in the time
// just before the change. The latter is what the signal does at that hour of that day: a signal that was restless or off
// already is not blamed on the change, and the noise may differ between night and day.

// multiples are the widths of windows in windows of the grid: short for spikes, long for shifts and drifts.
var multiples = [...]int{1, 2, 4}

// shortWidths are widths in fifths of a window of the grid, to see a large fault early.
var shortWidths = [...]int64{1, 2}

// calibrate fills the placebos and returns the usual largest deviation by multiple, NaN where it isn't known.
func (g *Gauge) calibrate(negligible float64) (usual [len(multiples)]float64) {
	windows := g.windowsIn(max(g.now-g.start, g.p.Gauge.Horizon))
	moments := g.moments(windows)
	levels := make([][]float64, len(moments))
	for j, at := range moments {
		levels[j] = g.levelsAt(at, nil)
	}
	statistic := unknown(len(moments))
	before, after := unknown(len(moments)), unknown(len(moments))
	for m, n := range multiples {
		if m > 0 && !g.p.Guards.On(guardGaugeWidths) {
			usual[m] = math.NaN()
			continue
		}
		smooth := g.smooth(n)
		for j, at := range moments {
			before[j] = g.peak(smooth, levels[j], at-g.windowsIn(g.p.Gauge.BaselineNoise), at-n)
			after[j] = g.peak(smooth, levels[j], at, at+windows-n)
		}
		usual[m] = median(after)
		for j := range moments {
			statistic[j] = fmax(statistic[j], after[j]/fmax(before[j], max(usual[m], negligible)))
		}
	}
	g.Placebos = known(statistic)
	slices.Sort(g.Placebos)
	return usual
}

// moments are where placebo windows begin on the grid, spread evenly over the past.
func (g *Gauge) moments(windows int) (at []int) {
	p := &g.p.Gauge
	first, last := g.windowsIn(max(p.Baseline, p.BaselineNoise)), len(g.past[0])-windows
	stride := max(1, windows/2, (last-first)/max(1, p.Placebos))
	for i := last; i >= first; i -= stride {
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

// measure sets the units of all scales; false when there are none.
func (g *Gauge) measure(usual [len(multiples)]float64, negligible float64) bool {
	g.scales = g.scales[:0]
	for _, fifths := range shortWidths {
		if !g.p.Guards.On(guardGlances) {
			break
		}
		g.short(fifths, usual[0], negligible)
	}
	at := len(g.past[0])
	for m, n := range multiples {
		if math.IsNaN(usual[m]) {
			continue
		}
		before := negligible
		if g.p.Guards.On(guardBaselineNoise) {
			before = g.peak(g.smooth(n), g.levels, at-g.windowsIn(g.p.Gauge.BaselineNoise), at-n)
		}
		g.add(int64(n)*g.width, usual[m], fmax(before, negligible))
	}
	return len(g.scales) > 0
}

// short measures windows of a few fifths of the grid's. History knows no such windows; but unless neighbouring values
// repel each other, the mean over a part of the time deviates at most by the square root of the ratio of the widths more.
func (g *Gauge) short(fifths int64, usual, negligible float64) {
	width := max(fifths*g.width/5, g.cell)
	if width >= g.width {
		return
	}
	before := negligible
	for to := g.start; g.p.Guards.On(guardBaselineNoise) && to-width >= g.start-g.p.Gauge.BaselineNoise; to -= g.step(width) {
		_, b := g.deviation(to-width, to)
		before = fmax(b.hurt(g.bad), before)
	}
	g.add(width, usual*math.Sqrt(float64(g.width)/float64(width)), before)
}

func (g *Gauge) add(width int64, usual, before float64) {
	if unit := max(usual, before); unit > 0 { // false of NaN
		g.scales = append(g.scales, scale{width, unit})
	}
}

// spreadOf is a stand-in for the largest deviation of a time that is too short for placebos: two standard deviations of
// single windows, by their median absolute deviation. NaN when they are few.
func spreadOf(raw []float64) float64 {
	v := known(raw)
	const few = 8
	if len(v) < few {
		return math.NaN()
	}
	middle := median(v)
	for i := range v {
		v[i] = math.Abs(v[i] - middle)
	}
	const normal = 1.4826
	return 2 * normal * median(v)
}

// Rank is ln of the e-value that belongs to the rank of a statistic among the placebos, calibrated by ½p^−½ (Vovk & Wang,
// E-values: calibration, combination and applications, Annals of Statistics 2021). Beyond the largest placebo p falls
// with the square of the distance: a Pareto tail whose variance just doesn't exist.
func Rank(placebos []float64, statistic float64) float64 {
	at, _ := slices.BinarySearch(placebos, statistic)
	p := float64(1+len(placebos)-at) / float64(1+len(placebos))
	logE := -math.Ln2 - math.Log(p)/2
	if n := len(placebos); n > 0 && at == n && placebos[n-1] > 0 {
		logE += math.Log(statistic / placebos[n-1])
	}
	return logE
}

func unknown(n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = math.NaN()
	}
	return v
}

// known are the values that are, as a copy.
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
