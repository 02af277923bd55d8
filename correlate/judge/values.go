package judge

import (
	"math"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge/expect"
)

// gauge judges a signal that is a value and not a count. The statistic is the largest deviation, over windows of several
// widths, of the time since the change from what earlier days let expect of it (gauge_expect.go), in units of what such
// a deviation is without a change (gauge_placebo.go).
func (t *trial) gauge(s *Stream) {
	l := expect.NewLevel(s.Kind, s.Whole, t.c.Resolution, s.History, t.c.Coarse)
	g := expect.NewGauge(&t.p.Params, l, s.Bad, t.c.Resolution, t.c.Start, t.c.Now)
	if g == nil {
		return
	}
	x := g.Scan()
	if x.Windows == 0 {
		return
	}
	f := finding{family: familyCustom}
	f.Signal, f.Grade = s.Name, g.Grade
	f.Baseline, f.Observed, f.Ratio = x.Expected, x.Observed, 1
	if x.Expected != 0 {
		f.Ratio = x.Observed / x.Expected
		reach := g.Threshold * x.Unit / math.Abs(x.Expected)
		f.Interval = [2]float64{f.Ratio - reach, f.Ratio + reach}
	}
	f.N, f.Events = int64(x.Windows), int64(x.Beyond)
	f.strength = x.Largest / g.Threshold
	f.logE = expect.Rank(g.Placebos, x.Largest)
	if w, ok := g.Worst(t.p.AlphaHealthy); ok {
		f.worst = &w
	}
	if f.strength >= 1 {
		f.onset, f.end, f.cells = x.Onset, x.End, max(x.Beyond, t.p.MinBuckets)
		f.recovered = t.c.Now-f.end >= t.p.Recovery
	}
	t.findings = append(t.findings, f)
}

// tolerance is how far a signal that is a value may move in the direction that hurts, in its own unit.
func (f *finding) tolerance(p *Params) float64 {
	return p.ValueMargin * f.worst.Level
}

// saturation shows a resource before and after the change. It never convicts: a busier processor may be
// the price of more work.
func (t *trial) saturation(s *Stream) {
	l := expect.NewLevel(s.Kind, s.Whole, t.c.Resolution, s.History, t.c.Coarse)
	before, after := l.Over(l.First(), t.c.Start), l.Over(t.begin, t.c.Now)
	if math.IsNaN(before) || math.IsNaN(after) {
		return
	}
	f := finding{family: supporting}
	f.Signal, f.Grade, f.Baseline, f.Observed, f.Ratio = "saturation "+s.Name, correlate.GradeD, before, after, 1
	if before != 0 {
		f.Ratio = after / before
	}
	_, n := l.Fine.Between(t.begin, t.c.Now)
	f.N = int64(n)
	t.findings = append(t.findings, f)
}
