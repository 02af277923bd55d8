package expect

import "math"

// Excess is what the time since the change shows: its largest deviation and the stretch in which it was too large.
type Excess struct {
	LogE               float64 // ln of the evidence
	Largest            float64 // deviation, in units of its width
	Expected, Observed float64 // where it is largest
	Reach              float64 // the deviation there that would convict by itself
	Windows, Beyond    int
	Points             int   // cells in that stretch that were off by half as much by themselves
	Onset, End         int64 // 0 when nothing was too large
}

// ended are the windows of a width that ended. What they show doesn't change any more.
type ended struct {
	width int64
	of    []window
}

type window struct {
	from              int64
	value, off, harms float64
}

// Scan slides the windows of all widths over the time since the change. The evidence convicts when it is at least
// 1/level, and without an effect it is so at any time with a chance of at most level.
func (g *Gauge) Scan(level float64) Excess {
	g.catchUp()
	best := Excess{LogE: math.Inf(-1)}
	sum := 0.0
	for i := range g.lengths(g.now) {
		h, share := &g.horizons[i], shareOf(i)
		if len(h.units) == 0 {
			continue
		}
		enough := level * share * (1 - beyondEnough)
		x, p := g.look(h, enough)
		if x.Windows == 0 {
			continue
		}
		e := share * evidence(p, enough)
		sum += e
		if x.LogE = math.Log(e); x.LogE > best.LogE {
			best = x
		}
	}
	best.LogE = math.Log(sum)
	return best
}

// catchUp looks at the windows that ended since the last time.
func (g *Gauge) catchUp() {
	if g.seen == nil {
		for _, w := range g.widths() {
			g.seen = append(g.seen, ended{width: w})
		}
	}
	for i := range g.seen {
		s := &g.seen[i]
		for from := g.start + int64(len(s.of))*g.step(s.width); from+s.width <= g.now; from += g.step(s.width) {
			value, b := g.deviation(from, from+s.width)
			expected := value - b.off()
			s.of = append(s.of, window{from, value, expected, g.matters(b.hurt(g.bad) - g.Tolerance*math.Abs(expected))})
		}
	}
}

// look is what a horizon shows, and the p-value of its largest deviation.
func (g *Gauge) look(h *horizon, enough float64) (x Excess, p float64) {
	x.Largest = math.Inf(-1)
	reach, unit := h.tail.reach(enough), 0.0
	for i := range g.seen {
		s := &g.seen[i]
		if math.IsNaN(h.units[i]) {
			continue
		}
		for _, w := range s.of {
			if w.from+s.width > g.now || math.IsNaN(w.harms) {
				continue
			}
			x.Windows++
			ratio := w.harms / h.units[i]
			if ratio > x.Largest && w.from+s.width <= g.start+h.length {
				x.Largest, x.Expected, x.Observed, unit = ratio, w.off, w.value, h.units[i]
			}
			if ratio >= reach {
				x.Beyond++
				x.End = max(x.End, w.from+s.width)
			}
		}
	}
	x.Reach = max(reach*unit, g.negligible)
	if x.Largest < reach {
		x.Beyond, x.End = 0, 0
	}
	if x.Beyond > 0 {
		x.Onset = g.onset(x.End, x.Reach)
		x.Points = g.points(x.Onset, x.End, x.Reach)
	}
	return x, h.tail.p(x.Largest)
}

// step is by how much windows of a width slide: a multiple of the params' step, as the widths are.
func (g *Gauge) step(width int64) int64 {
	return max(1, width/g.width) * g.p.Gauge.Step(g.cell)
}

// Step is by how much the narrowest windows slide: no window ends in between.
func (p *GaugeParams) Step(resolution int64) int64 { return max(p.Smoothing/10, resolution) }

// onset is the beginning of the stretch, up to an end, in which the narrowest windows were off by more than half of bar
// for longest or most: the change point of a cumulative sum (Page, Continuous Inspection Schemes, Biometrika 1954).
func (g *Gauge) onset(end int64, bar float64) int64 {
	var best, run float64
	onset, from := g.start, g.start
	width := g.seen[0].width
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

// points are the cells in a stretch that are off by more than half of bar.
func (g *Gauge) points(from, to int64, bar float64) (n int) {
	for _, at := range g.l.Fine.at {
		if at < from || at >= to {
			continue
		}
		_, b := g.deviation(at, at+g.cell)
		if b.hurt(g.bad) > bar/2 {
			n++
		}
	}
	return n
}
