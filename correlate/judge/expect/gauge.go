package expect

import (
	"math"

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
	past      [][]float64
	levels    []float64 // of the time before the change, by reference
	scales    []scale
	Placebos  []float64 // the statistic where nothing changed, sorted
	Grade     correlate.Grade
	Threshold float64
}

// scale is a width of windows, in seconds, and what a deviation at this width is measured in.
type scale struct {
	width int64
	unit  float64
}

// yesterdays are the earlier days that say how this one goes on.
var yesterdays = [...]int64{1, 2, 3}

// NewGauge prepares a signal; nil when there is too little to compare with.
func NewGauge(p *Params, l Level, bad correlate.Direction, resolution, start, now int64) *Gauge {
	g := &Gauge{p: p, l: l, bad: bad, cell: resolution, start: start, now: now, width: max(p.Gauge.Smoothing, resolution)}
	raw := g.values()
	if g.seasonal(raw) || (p.Guards.On(guardGaugeBefore) && g.plain(raw)) {
		return g
	}
	return nil
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

// seasonal compares with earlier days; false when they are too few to know what is usual.
func (g *Gauge) seasonal(raw []float64) bool {
	p := g.p
	if g.start-g.l.First() < p.History || !p.Guards.On(guardGaugeSeason) {
		return false
	}
	g.Grade, g.Threshold = correlate.GradeC, p.Gauge.Threshold
	g.days = g.days[:0]
	for _, d := range yesterdays {
		if d > 1 && !p.Guards.On(guardBracket) {
			break
		}
		g.days = append(g.days, d*p.Day)
	}
	g.compare(raw)
	usual := g.calibrate(negligible(raw))
	return len(g.Placebos) >= p.MinPlacebos && g.measure(usual, negligible(raw))
}

// plain compares with the time before alone, and with its spread where it is too short for placebos.
func (g *Gauge) plain(raw []float64) bool {
	p := g.p
	g.Grade, g.Threshold = correlate.GradeD, p.Gauge.BeforeAfter
	g.days = []int64{0}
	g.compare(raw)
	usual := g.calibrate(negligible(raw))
	if len(g.Placebos) < p.MinPlacebos {
		g.Placebos = nil
		for m := range usual {
			usual[m] = spreadOf(raw)
		}
	}
	return g.measure(usual, negligible(raw))
}

// negligible is the deviation below which nothing matters: half a percent of the level.
func negligible(raw []float64) float64 {
	var sum, n float64
	for _, v := range raw {
		if !math.IsNaN(v) {
			sum, n = sum+math.Abs(v), n+1
		}
	}
	if n == 0 {
		return 0
	}
	return 0.005 * sum / n
}
