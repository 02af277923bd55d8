package judge

import "math"

// excess is what the time since the change shows: its largest deviation and the stretch in which it was too large.
type excess struct {
	largest            float64 // in units of its scale
	expected, observed float64 // where it is largest
	unit               float64 // of its scale
	windows, beyond    int
	onset, end         int64 // 0 when nothing was too large
}

// scan slides the windows of all scales over the time since the change.
func (g *gauge) scan() excess {
	x := excess{largest: math.Inf(-1)}
	for _, s := range g.scales {
		for from := g.t.c.Start; from+s.width <= g.t.c.Now; from += g.step(s.width) {
			g.look(&x, from, s)
		}
	}
	return x
}

// step is by how much windows slide.
func (g *gauge) step(width int64) int64 { return max(max(width, g.width)/10, g.t.c.Resolution) }

// look takes in one window.
func (g *gauge) look(x *excess, from int64, s scale) {
	value, b := g.deviation(from, from+s.width)
	d := b.hurt(g.bad)
	if math.IsNaN(d) {
		return
	}
	x.windows++
	if d/s.unit > x.largest {
		x.largest, x.unit = d/s.unit, s.unit
		x.expected, x.observed = value-b.off(), value
	}
	if d < s.unit*g.threshold {
		return
	}
	x.beyond++
	x.end = max(x.end, from+s.width)
	if x.onset == 0 || from < x.onset {
		x.onset = g.onset(from, s)
	}
}

// onset is when a deviation began that makes the mean of a window too large: the first step that is off by half as much.
func (g *gauge) onset(from int64, s scale) int64 {
	for at := from; at < from+s.width; at += g.step(g.width) {
		if _, b := g.deviation(at, at+g.step(g.width)); b.hurt(g.bad) >= s.unit*g.threshold/2 {
			return at
		}
	}
	return from
}
