package expect

import (
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// Gauge is a signal with what is known of it before the change, on a grid of windows of which one ends at the change.
type Gauge struct {
	p     *Params
	l     Level
	start int64 // of the change
	now   int64
	cell  int64 // width of a cell
	bad   correlate.Direction
	width int64 // of a window of the grid
	// days are how far back the references lie that are taken from a value, in seconds: 0 takes nothing.
	days []int64
	// past[r][i] is the window that begins len(past[r])−i windows before the change, less its reference r.
	past       [][]float64
	levels     []float64 // of the time before the change, by reference
	negligible float64   // a deviation below it never matters
	baseline   int64     // how much time before a moment sets its level, seconds
	horizons   []horizon
	seen       []ended // by width
	// Tolerance is by which share of what is expected the signal may be off without harm.
	Tolerance float64
	Grade     correlate.Grade
}

// yesterdays are the earlier days that say how this one goes on.
var yesterdays = [...]int64{1, 2, 3}

// NewGauge prepares a signal; nil when there is too little to compare with.
func NewGauge(p *Params, l Level, bad correlate.Direction, resolution, start, now int64) *Gauge {
	g := &Gauge{p: p, l: l, bad: bad, cell: resolution, start: start, now: now, width: max(p.Gauge.Smoothing, resolution)}
	raw := g.values()
	g.negligible = negligible(raw)
	if g.seasonal(raw) || (p.Guards.On(guardGaugeBefore) && g.plain(raw)) {
		return g
	}
	return nil
}

// At is the signal as it is known at another instant; false when that takes another preparation.
func (g *Gauge) At(l Level, now int64) bool {
	if len(g.lengths(now)) > len(g.horizons) {
		return false
	}
	g.l, g.now = l, now
	return true
}

// values are the windows of the grid before the change, NaN where there is no data.
func (g *Gauge) values() []float64 {
	raw := make([]float64, max(0, (g.start-g.l.First())/g.width))
	for i := range raw {
		from := g.start - int64(len(raw)-i)*g.width
		raw[i] = g.l.Over(from, from+g.width)
	}
	return raw
}

// seasonal compares with earlier days; false when they are too few to know what is usual. What was the same all the time
// has no season: all of its history is as good as its last days.
func (g *Gauge) seasonal(raw []float64) bool {
	p := g.p
	if g.start-g.l.First() < p.History || !p.Guards.On(guardGaugeSeason) {
		return false
	}
	g.Grade, g.days, g.baseline = correlate.GradeC, g.days[:0], p.Gauge.Baseline
	for _, d := range yesterdays {
		if d > 1 && !p.Guards.On(guardBracket) {
			break
		}
		g.days = append(g.days, d*p.Day)
	}
	if g.constant(raw) {
		g.days = append(g.days[:0], 0)
	}
	g.compare(raw)
	return g.calibrate(p.MinPlacebos)
}

// plain compares with the time before alone, of which a short stretch sets the level when there isn't much.
func (g *Gauge) plain(raw []float64) bool {
	const some, few = 4, 8
	g.Grade, g.days = correlate.GradeD, []int64{0}
	g.baseline = min(g.p.Gauge.Baseline, max(int64(len(raw))*g.width/some, g.width))
	g.compare(raw)
	return g.calibrate(few)
}

// constant says that all known values are nearly the same.
func (g *Gauge) constant(raw []float64) bool {
	v := known(raw)
	return len(v) > 0 && slices.Max(v)-slices.Min(v) <= g.negligible
}

// negligible is the deviation below which nothing matters: half a percent of the level, and what a value is rounded to.
func negligible(raw []float64) float64 {
	const part = 0.005
	var sum, n float64
	for _, v := range raw {
		if !math.IsNaN(v) {
			sum, n = sum+math.Abs(v), n+1
		}
	}
	if n == 0 {
		return 1.0 / correlate.Fixed
	}
	return max(part*sum/n, 1.0/correlate.Fixed)
}
