package judge

import (
	"math"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge/expect"
)

// gauge judges a signal that is a value and not a count. The statistic is the largest deviation, over windows of several
// widths, of the time since the change from what earlier days let expect of it (gauge_expect.go), in units of what such
// a deviation is without a change (gauge_placebo.go). The evidence is how rare that is where nothing changed
// (gauge_tail.go).
func (t *trial) gauge(s *Stream) {
	g := t.level(s)
	if g == nil {
		return
	}
	f := finding{family: familyCustom, share: t.customShare()}
	x := g.Scan(t.p.Alpha * f.share)
	if x.Windows == 0 {
		return
	}
	f.Signal, f.Grade = s.Name, g.Grade
	f.Baseline, f.Observed, f.Ratio = x.Expected, x.Observed, 1
	if x.Expected != 0 {
		f.Ratio = x.Observed / x.Expected
		reach := x.Reach / math.Abs(x.Expected)
		f.Interval = [2]float64{f.Ratio - reach, f.Ratio + reach}
	}
	f.N, f.Events = int64(x.Windows), int64(x.Beyond)
	f.logE = x.LogE
	f.strength = min(f.logE/t.p.need(f.share), t.most(&x))
	if x.Beyond > 0 {
		f.onset, f.end, f.cells = x.Onset, x.End, max(x.Beyond, t.p.MinBuckets)
		f.recovered = t.c.Now-f.end >= t.p.Recovery
	}
	t.findings = append(t.findings, f)
}

// most is how strong a value may be: one that was off at a single point doesn't convict.
func (t *trial) most(x *expect.Excess) float64 {
	const almost = 0.99
	if x.Points < 2 && t.p.Guards.On(guardLonePoint) {
		return almost
	}
	return math.Inf(1)
}

// level is what is known of a signal, prepared once.
func (t *trial) level(s *Stream) *expect.Gauge {
	r := t.m.record(t.p, t.c, s)
	l := expect.NewLevel(s.Kind, s.Whole, t.c.Resolution, s.History, t.c.Coarse)
	if g := r.value.gauge; g == nil || !g.At(l, t.c.Now) {
		r.value.gauge = expect.NewGauge(&t.p.Params, l, s.Bad, t.c.Resolution, t.c.Start, t.c.Now)
	}
	return r.value.gauge
}

// customShare is the share of Alpha that each custom signal may spend: what the families leave of which the service had
// telemetry before the change, in equal parts.
func (t *trial) customShare() float64 {
	w := &t.p.Weights
	left, signals := 1.0, 0
	var requests, logs bool
	for i := range t.c.Streams {
		s := &t.c.Streams[i]
		switch s.Kind {
		case correlate.Gauge, correlate.Rate, correlate.Ratio, correlate.Distribution:
			signals++
		case correlate.Traffic, correlate.Edge:
			requests = requests || t.before(s)
		case correlate.Log, correlate.Exception:
			logs = logs || t.before(s)
		}
	}
	if requests {
		left -= w.Errors + w.Latency + w.Traffic
	}
	if logs {
		left -= w.Logs + w.Exceptions
	}
	return left / float64(max(signals, 1))
}

// before says that a stream was there before the change.
func (t *trial) before(s *Stream) bool {
	return len(s.History) > 0 || len(s.Whole) > 0 && s.Whole[0].Start < t.c.Start
}
