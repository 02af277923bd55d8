package expect

import "math"

// Course is a quantity of a service in windows of one width, before a change and since: NaN where nothing is known. The
// last window before ends at the change.
type Course struct {
	Width         int64 // seconds
	Before, After []float64
}

// Worst bounds how far the quantity rose in some stretch since the change, as Gauge.Worst does; ok is false while the time
// since holds no stretch, and without days to compare with.
func (c *Course) Worst(p *Params, alpha float64) (w Worst, ok bool) {
	if int64(len(c.Before))*c.Width < p.History || len(c.After) < lasting || !p.Guards.On(guardSeason) {
		return w, false
	}
	g := &Gauge{p: p, width: c.Width, baseline: p.Gauge.Baseline}
	for _, d := range yesterdays {
		g.days = append(g.days, d*p.Day)
	}
	g.compare(c.Before)
	noise := g.stretches(max(len(c.After), g.windowsIn(p.Gauge.Horizon)))
	return c.since(g, beyond(scaled(noise, -1), alpha))
}

// since looks at all stretches since the change, of which each may hide so much.
func (c *Course) since(g *Gauge, hides float64) (w Worst, ok bool) {
	all := append(append(make([]float64, 0, len(c.Before)+len(c.After)), c.Before...), c.After...)
	each := make([]float64, len(g.days))
	sum, n := 0.0, 0.0
	w.Shift = math.Inf(-1)
	for i := len(c.Before); i+lasting <= len(all); i++ {
		value := mean(all[i : i+lasting])
		for r, day := range g.days {
			each[r] = math.NaN()
			if from := i - g.windowsIn(day); from >= 0 {
				each[r] = value - mean(all[from:from+lasting]) - g.levels[r]
			}
		}
		off := median(each)
		if ok = !math.IsNaN(off); !ok {
			continue
		}
		sum, n = sum+math.Abs(value-off), n+1
		if off > w.Shift {
			w.Expected, w.Observed, w.Shift = value-off, value, off
		}
	}
	w.Level, w.Upper = sum/n, w.Shift+hides
	return w, ok
}
