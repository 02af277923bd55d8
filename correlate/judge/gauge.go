package judge

import (
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// gauge judges a signal that is a value and not a count. The statistic is the largest deviation, smoothed, of the time
// since the change from its expectation: the level before, moved as earlier days moved at that hour (difference in
// differences). What is large is learnt from placebo windows: the same statistic at moments when nothing changed.
func (t *trial) gauge(s *Stream) {
	g := newGauge(t, s)
	if g == nil {
		return
	}
	f := finding{family: familyCustom}
	f.Signal, f.Grade = s.Name, g.grade
	x := g.deviate(s.Bad)
	if x.windows == 0 {
		return
	}
	f.Baseline, f.Observed = x.expected, x.observed
	f.Ratio = 1
	if x.expected != 0 {
		f.Ratio = x.observed / x.expected
		reach := g.threshold * g.scale / math.Abs(x.expected)
		f.Interval = [2]float64{f.Ratio - reach, f.Ratio + reach}
	}
	f.N, f.Events = int64(x.windows), int64(x.beyond)
	f.strength = x.largest / (g.scale * g.threshold)
	f.logE = g.rank(x.largest)
	if f.strength >= 1 {
		f.onset, f.end, f.cells = x.onset, x.end, max(x.beyond, t.p.MinBuckets)
		f.recovered = t.c.Now-f.end >= t.p.Recovery
	}
	t.findings = append(t.findings, f)
}

// gauge is a signal on a grid of smoothing windows that is aligned with the change: index 0 begins at the change.
type gauge struct {
	t         *trial
	l         level
	width     int64
	seasonal  bool
	past      []float64 // past[i] is the window that begins (len(past)−i) windows before the change, less its season
	placebos  []float64 // sorted
	scale     float64   // what a deviation is measured in
	threshold float64
	grade     correlate.Grade
}

// newGauge prepares a signal; nil when there is too little to compare with.
func newGauge(t *trial, s *Stream) *gauge {
	p := &t.p.Gauge
	g := &gauge{t: t, l: newLevel(t.c, s), width: max(p.Smoothing, t.c.Resolution)}
	g.past = make([]float64, max(0, (t.c.Start-g.l.first())/g.width))
	raw := make([]float64, len(g.past))
	for i := range raw {
		raw[i] = g.l.over(g.window(i - len(raw)))
	}
	windows := int(max(1, max(t.c.Now-t.c.Start, p.Horizon)/g.width))
	g.seasonal = t.c.Start-g.l.first() >= t.p.History
	if g.seasonal {
		g.deseason(raw)
		g.calibrate(windows, s.Bad)
	}
	g.grade, g.threshold = correlate.GradeC, p.Threshold
	if len(g.placebos) < t.p.MinPlacebos {
		g.seasonal, g.past = false, raw
		g.calibrate(windows, s.Bad)
		g.grade, g.threshold = correlate.GradeD, p.BeforeAfter
	}
	if len(g.placebos) < t.p.MinPlacebos && !g.spreadOut() {
		return nil
	}
	g.scale = max(g.scale, g.negligible(raw))
	if g.scale == 0 {
		return nil
	}
	return g
}

// window is the stretch of the window with an index relative to the change.
func (g *gauge) window(index int) (from, to int64) {
	from = g.t.c.Start + int64(index)*g.width
	return from, from + g.width
}

// deseason takes from every window the mean of the same window on up to three earlier days.
func (g *gauge) deseason(raw []float64) {
	day := int((g.t.p.Day + g.width/2) / g.width)
	for i := range raw {
		var sum, n float64
		for d := 1; d <= yesterdays && i-d*day >= 0; d++ {
			if v := raw[i-d*day]; !math.IsNaN(v) {
				sum, n = sum+v, n+1
			}
		}
		g.past[i] = raw[i] - sum/n // NaN without an earlier day
	}
}

const yesterdays = 3

// before is the mean of the windows that set the level for the window with a given index into past.
func (g *gauge) before(index int) float64 {
	n := int(max(1, g.t.p.Gauge.Baseline/g.width))
	return mean(g.past[max(0, index-n):index])
}

// calibrate collects the statistic at moments when nothing changed, spread evenly over the past.
func (g *gauge) calibrate(windows int, bad correlate.Direction) {
	g.placebos = g.placebos[:0]
	n := int(max(1, g.t.p.Gauge.Baseline/g.width))
	room := len(g.past) - windows - n
	if room < 0 {
		return
	}
	stride := max(1, windows/2, room/max(1, g.t.p.Gauge.Placebos))
	for at := len(g.past) - windows; at >= n; at -= stride {
		level := g.before(at)
		largest := math.NaN()
		for _, v := range g.past[at : at+windows] {
			largest = fmax(largest, hurt(v-level, bad))
		}
		if !math.IsNaN(largest) {
			g.placebos = append(g.placebos, largest)
		}
	}
	slices.Sort(g.placebos)
	if len(g.placebos) > 0 {
		g.scale = g.placebos[len(g.placebos)/2]
	}
}

// spreadOut falls back to the spread of single windows about their median, when there are too few for placebos.
func (g *gauge) spreadOut() bool {
	var known []float64
	for _, v := range g.past {
		if !math.IsNaN(v) {
			known = append(known, v)
		}
	}
	const few = 8
	if len(known) < few {
		return false
	}
	slices.Sort(known)
	middle := known[len(known)/2]
	for i, v := range known {
		known[i] = math.Abs(v - middle)
	}
	slices.Sort(known)
	const normal = 1.4826
	g.scale = 2 * normal * known[len(known)/2]
	g.placebos = nil
	return true
}

// negligible is the deviation below which nothing matters: half a percent of the level.
func (g *gauge) negligible(raw []float64) float64 {
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

// deviation is what the time since the change shows.
type deviation struct {
	largest            float64
	expected, observed float64 // where it is largest
	windows, beyond    int
	onset, end         int64
}

// deviate slides a smoothing window over the time since the change, a fifth of its width at a time.
func (g *gauge) deviate(bad correlate.Direction) (x deviation) {
	x.largest = math.Inf(-1)
	level := g.before(len(g.past))
	step := max(g.width/5, g.t.c.Resolution)
	for from := g.t.c.Start; from+g.width <= g.t.c.Now; from += step {
		v := g.l.over(from, from+g.width)
		expected := level + g.season(from)
		d := hurt(v-expected, bad)
		if math.IsNaN(d) {
			continue
		}
		x.windows++
		if d > x.largest {
			x.largest, x.expected, x.observed = d, expected, v
		}
		if d >= g.scale*g.threshold {
			x.beyond++
			x.end = from + g.width
			if x.onset == 0 {
				x.onset = from
			}
		}
	}
	return x
}

// season is the mean of a window that begins at an instant on up to three earlier days.
func (g *gauge) season(from int64) float64 {
	if !g.seasonal {
		return 0
	}
	var sum, n float64
	for d := int64(1); d <= yesterdays; d++ {
		if v := g.l.over(from-d*g.t.p.Day, from-d*g.t.p.Day+g.width); !math.IsNaN(v) {
			sum, n = sum+v, n+1
		}
	}
	return sum / n
}

// rank is ln of the e-value that belongs to the rank of a deviation among the placebos.
func (g *gauge) rank(largest float64) float64 {
	at, _ := slices.BinarySearch(g.placebos, largest)
	p := float64(1+len(g.placebos)-at) / float64(1+len(g.placebos))
	return -math.Ln2 - math.Log(p)/2
}

// hurt is a deviation in the direction that hurts.
func hurt(d float64, bad correlate.Direction) float64 {
	switch bad {
	case correlate.BadUp:
		return d
	case correlate.BadDown:
		return -d
	}
	return math.Abs(d)
}

// mean is the mean of what is known, NaN when nothing is.
func mean(v []float64) float64 {
	var sum, n float64
	for _, x := range v {
		if !math.IsNaN(x) {
			sum, n = sum+x, n+1
		}
	}
	return sum / n
}

// fmax is the larger of two numbers, either of which may be unknown.
func fmax(a, b float64) float64 {
	if math.IsNaN(a) || b > a {
		return b
	}
	return a
}
