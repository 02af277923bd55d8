package judge

import (
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge/expect"
)

// gauge judges a signal that is a value and not a count. The statistic is the largest deviation, over windows of several
// widths, of the time since the change from what earlier days let expect of it (gauge_expect.go), in units of what such
// a deviation is without a change (gauge_placebo.go). The evidence is how rare that is where nothing changed
// (gauge_tail.go).
//
// Where two versions serve at the same time, they are compared instead (gauge_beside.go), and once the old one is gone
// both comparisons share the evidence.
func (t *trial) gauge(s *Stream) { valuing{t}.ask(s) }

// valuing is what a trial asks of values.
type valuing struct{ *trial }

func (t valuing) ask(s *Stream) {
	share := t.share()
	if s.New != nil && s.Kind != correlate.Rate && t.p.Guards.On(guardValuesBeside) {
		share /= 2
		if t.beside(s, share) {
			return
		}
	}
	g := t.level(s)
	if g == nil {
		return
	}
	x := g.Scan(t.p.Alpha * share)
	if x.Windows == 0 {
		return
	}
	f := t.valued(s, g.Grade, share, &x)
	if x.Expected != 0 {
		reach := x.Reach / math.Abs(x.Expected)
		f.Interval = [2]float64{f.Ratio - reach, f.Ratio + reach}
	}
	f.gauge, f.margin = g, max(s.Margin, s.Tolerance)
	if s.Margin == 0 {
		f.margin = max(t.p.ValueMargin, s.Tolerance)
	}
	t.findings = append(t.findings, f)
}

// beside compares the values of the new version with those of others at the same time, and says whether the others
// are still there.
func (t valuing) beside(s *Stream, share float64) (still bool) {
	level := func(cells []correlate.Cell, history []correlate.Cell) expect.Level {
		return expect.NewLevel(s.Kind, cells, t.c.Resolution, history, t.c.Coarse)
	}
	before, _ := halves(t.c, s)
	b := expect.Beside{
		New: level(s.New, nil), Old: level(s.Old, nil), Before: level(before, nil), Bad: s.Bad, Tolerance: s.Tolerance,
		Start: t.c.Start, Now: t.c.Now, Least: max(t.p.Gauge.Smoothing/5, t.c.Resolution), Most: max(t.p.Gauge.Smoothing, t.c.Resolution),
	}
	x := b.Compare()
	if x.Windows == 0 {
		return false
	}
	f := t.valued(s, correlate.GradeA, share, &x.Excess)
	if x.Expected != 0 {
		f.Interval = [2]float64{1 + x.Low/x.Expected, 1 + x.High/x.Expected}
		slices.Sort(f.Interval[:])
	}
	t.findings = append(t.findings, f)
	return s.Old[len(s.Old)-1].Start >= t.c.Now-2*t.p.Restart
}

// valued is a finding of a signal that is a value.
func (t valuing) valued(s *Stream, grade correlate.Grade, share float64, x *expect.Excess) finding {
	f := finding{family: familyCustom, share: share}
	f.Signal, f.Grade = s.Name, grade
	f.Baseline, f.Observed, f.Ratio = x.Expected, x.Observed, 1
	if x.Expected != 0 {
		f.Ratio = x.Observed / x.Expected
	}
	f.N, f.Events = int64(x.Windows), int64(x.Beyond)
	f.logE = x.LogE
	f.strength = t.strength(x, share)
	if x.Beyond > 0 {
		f.onset, f.end = x.Onset, x.End
		f.recovered = t.c.Now-f.end >= t.p.Recovery
	}
	return f
}

// strength is how far a value has come on its way to convict: by its evidence, and before that by its p-value, since the
// evidence is nothing until shortly before. One that was off at a single point doesn't convict.
func (t valuing) strength(x *expect.Excess, share float64) float64 {
	const almost = 0.99
	s := x.LogE / t.p.need(share)
	switch {
	case s >= 1 && (x.Points >= 2 || !t.p.Guards.On(guardLonePoint)):
		return s
	case s >= 1:
		return almost
	}
	return max(s, min(x.Way, almost))
}

// level is what is known of a signal, prepared once.
func (t valuing) level(s *Stream) *expect.Gauge {
	r := t.m.record(t.p, t.c, s)
	l := expect.NewLevel(s.Kind, s.Whole, t.c.Resolution, s.History, t.c.Coarse)
	if g := r.value.gauge; g == nil || !g.At(l, t.c.Now) {
		r.value.gauge = expect.NewGauge(&t.p.Params, l, s.Bad, t.c.Resolution, t.c.Start, t.c.Now)
		if r.value.gauge != nil {
			r.value.gauge.Tolerance = s.Tolerance
		}
	}
	return r.value.gauge
}

// share is the share of Alpha that each custom signal may spend: what the families leave of which the service had
// telemetry before the change, in equal parts.
func (t valuing) share() float64 {
	w := &t.p.Weights
	left, signals := 1.0, 0
	var requests, logs, restarts bool
	for i := range t.c.Streams {
		s := &t.c.Streams[i]
		switch s.Kind {
		case correlate.Gauge, correlate.Rate, correlate.Ratio, correlate.Distribution:
			signals++
		case correlate.Traffic, correlate.Edge:
			requests = requests || t.before(s)
		case correlate.Log, correlate.Exception:
			logs = logs || t.before(s)
		case correlate.Saturation:
			restarts = restarts || s.Name == correlate.Restarts && t.before(s)
		}
	}
	if requests {
		left -= w.Errors + w.Latency + w.Traffic
	}
	if logs {
		left -= w.Logs + w.Exceptions
	}
	if restarts {
		left -= w.Saturation
	}
	return left / float64(max(signals, 1))
}

// before says that a stream was there before the change.
func (t valuing) before(s *Stream) bool {
	return len(s.History) > 0 || len(s.Whole) > 0 && s.Whole[0].Start < t.c.Start
}

// measure bounds by how much the values may have moved.
func (t ruling) measure() {
	for i := range t.findings {
		if f := &t.findings[i]; f.gauge != nil {
			if w, ok := f.gauge.Worst(t.p.AlphaHealthy); ok {
				f.worst = &w
			}
		}
	}
}

// tolerance is how far a signal that is a value may move in the direction that hurts, in its own unit.
func (f *finding) tolerance() float64 { return f.margin * f.worst.Level }
