package judge

import "math"

// gauge judges a signal that is a value and not a count. The statistic is the largest deviation, over windows of several
// widths, of the time since the change from what earlier days let expect of it (gauge_expect.go), in units of what such
// a deviation is without a change (gauge_placebo.go).
func (t *trial) gauge(s *Stream) {
	l := newLevel(s.Kind, s.Whole, t.c.Resolution, s.History, t.c.Coarse)
	g := newGauge(&t.p.expectations, l, s.Bad, t.c.Resolution, t.c.Start, t.c.Now)
	if g == nil {
		return
	}
	x := g.scan()
	if x.windows == 0 {
		return
	}
	f := finding{family: familyCustom}
	f.Signal, f.Grade = s.Name, g.grade
	f.Baseline, f.Observed, f.Ratio = x.expected, x.observed, 1
	if x.expected != 0 {
		f.Ratio = x.observed / x.expected
		reach := g.threshold * x.unit / math.Abs(x.expected)
		f.Interval = [2]float64{f.Ratio - reach, f.Ratio + reach}
	}
	f.N, f.Events = int64(x.windows), int64(x.beyond)
	f.strength = x.largest / g.threshold
	f.logE = rank(g.placebos, x.largest)
	if f.strength >= 1 {
		f.onset, f.end, f.cells = x.onset, x.end, max(x.beyond, t.p.MinBuckets)
		f.recovered = t.c.Now-f.end >= t.p.Recovery
	}
	t.findings = append(t.findings, f)
}
