package expect

import "math"

// Excess is what the time since the change shows: its largest deviation and the stretch in which it was too large.
type Excess struct {
	Largest            float64 // in units of its scale
	Expected, Observed float64 // where it is largest
	Unit               float64 // of its scale
	Windows, Beyond    int
	Onset, End         int64 // 0 when nothing was too large
}

// Scan slides the windows of all scales over the time since the change.
func (g *Gauge) Scan() Excess {
	x := Excess{Largest: math.Inf(-1)}
	for _, s := range g.scales {
		for from := g.start; from+s.width <= g.now; from += g.step(s.width) {
			g.look(&x, from, s)
		}
	}
	if x.Beyond > 0 {
		x.Onset = g.onset(x.End, x.Unit*g.Threshold)
	}
	return x
}

// step is by how much windows of a width slide: a multiple of the params' step, as the widths are.
func (g *Gauge) step(width int64) int64 {
	return max(1, width/g.width) * g.p.Gauge.Step(g.cell)
}

// Step is by how much the narrowest windows slide: no window ends in between.
func (p *GaugeParams) Step(resolution int64) int64 { return max(p.Smoothing/10, resolution) }

// look takes in one window.
func (g *Gauge) look(x *Excess, from int64, s scale) {
	value, b := g.deviation(from, from+s.width)
	d := b.hurt(g.bad)
	if math.IsNaN(d) {
		return
	}
	x.Windows++
	if d/s.unit > x.Largest {
		x.Largest, x.Unit = d/s.unit, s.unit
		x.Expected, x.Observed = value-b.off(), value
	}
	if d < s.unit*g.Threshold {
		return
	}
	x.Beyond++
	x.End = max(x.End, from+s.width)
}

// onset is the beginning of the stretch, up to an end, in which the narrowest windows were off by more than half of bar
// for longest or most: the change point of a cumulative sum (Page, Continuous Inspection Schemes, Biometrika 1954).
func (g *Gauge) onset(end int64, bar float64) int64 {
	var best, run float64
	onset, from := g.start, g.start
	width := g.scales[0].width
	for at := g.start; at < end; at += width {
		_, b := g.deviation(at, at+width)
		d := b.hurt(g.bad)
		if math.IsNaN(d) {
			continue
		}
		if run <= 0 {
			run, from = 0, at
		}
		if run += d/bar - 0.5; run > best {
			best, onset = run, from
		}
	}
	return onset
}
