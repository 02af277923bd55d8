package judge

import (
	"github.com/shipwake/shipwake/correlate/judge/evalue"
	"github.com/shipwake/shipwake/correlate/judge/expect"
)

// Quiet says that nothing seen now can convict. It costs far less than an assessment, because an upper bound of the
// evidence does, and nothing is described. False says nothing.
func (m *Memory) Quiet(p *Params, c *Case) bool {
	m.decided = decided{}
	if m.vigil.still(m, p, c) {
		return true
	}
	t, quiet := m.lookQuickly(p, c)
	if quiet {
		m.vigil.keep(t)
	}
	return quiet
}

// lookQuickly asks everything that may convict for the bound of its evidence.
func (m *Memory) lookQuickly(p *Params, c *Case) (t quickLook, quiet bool) {
	if m.catastrophe(p, c) != nil {
		return t, false
	}
	t = quickLook{begun(&m.quick, m, p, c, c.countsFrom(p), m.quick.starts)}
	if !zoning(t).quiet() {
		return t, false
	}
	concurrently := t.concurrently()
	for i := range c.Streams {
		s := &c.Streams[i]
		if in := inquiryOf(s.Kind); !(in.outside && concurrently) && !in.quiet(t, s) {
			return t, false
		}
	}
	return t, true
}

// quickLook looks only whether a trial may convict.
type quickLook struct{ *trial }

func (t quickLook) quietSaturation(s *Stream) bool { return t.strength(saturating(t).restarts, s) < 1 }

func (t quickLook) quietException(s *Stream) bool { return t.strength(t.newException, s) < 1 }

func (t quickLook) quietValue(s *Stream) bool { return t.value(s) < 1 }

// quietTraffic is about requests that were served, and whether as many came.
func (t quickLook) quietTraffic(s *Stream) bool {
	return t.quietCounts(s) && (!t.p.Guards.On(guardThroughput) || t.quietFlow(s, familyTraffic.leastNeed(t.p)))
}

// quietCounts is about events that are counted.
func (t quickLook) quietCounts(s *Stream) bool {
	beside := t.concurrent(s)
	qs := t.m.record(t.p, t.c, s).count(t.p, t.c, s, !beside)
	for i := range qs {
		q := &qs[i]
		bar := q.family.leastNeed(t.p)
		if e := q.meet(t.trial); e.joint != nil && e.joint.Bound(e.h, t.starts, e.pairs) >= bar {
			return false
		}
		if !beside && !t.quietBefore(q, bar) {
			return false
		}
	}
	return true
}

// strength is that of what a question that is no contest finds.
func (t quickLook) strength(question func(*Stream), s *Stream) float64 {
	known := len(t.findings)
	question(s)
	strongest := 0.0
	for i := range t.findings[known:] {
		strongest = max(strongest, t.findings[known+i].strength)
	}
	return strongest
}

// value is the strength of a signal that is a value. It can only change when another of its smoothing windows ends.
func (t quickLook) value(s *Stream) float64 {
	r := t.m.record(t.p, t.c, s)
	ended := (t.c.Now - t.c.Start) / t.p.Gauge.Step(t.c.Resolution)
	if r.value.ended != ended {
		r.value.ended, r.value.strength = ended, t.strength(t.gauge, s)
	}
	return r.value.strength
}

// quietBefore is about the time before the change as the control. How far seasonal expectations are off is only looked
// up when it matters: it weakens the evidence.
func (t quickLook) quietBefore(q *comparison, bar float64) bool {
	treated := t.expect(q, evalue.Since(q.after, t.begin))
	if len(treated) == 0 || len(q.base) == 0 {
		return true
	}
	phi := q.dispersion(t.c.Resolution, false, t.p)
	sums := q.tails.Since(treated, t.starts)
	reaches := func(ratio, phi float64, control evalue.Pair) bool {
		h := t.p.Hypothesize(q.floor.Absolute, ratio, q.nominal, evalue.Ratio(control.EC, control.NC), phi)
		return evalue.BoundAgainst(sums, control, h, t.starts) >= bar
	}
	return t.quietAgainst(q.season, q.control, phi, q.floor, reaches)
}

// quietFlow is about lost requests.
func (t quickLook) quietFlow(s *Stream, bar float64) bool {
	f := t.flow(s)
	if f.Width == 0 || (!t.received() && t.p.Guards.On(guardHeartbeat)) {
		return true
	}
	sums := f.Tails.Since(f.CatchUp(s.Whole, t.c.Now), t.starts)
	reaches := func(ratio, phi float64, control evalue.Pair) bool {
		h := evalue.Hypothesis{Theta: ratio, Phi: phi, Fall: true, Control: evalue.Ratio(control.EC, control.NC)}
		return evalue.BoundAgainst(sums, control, h, t.starts) >= bar
	}
	return t.quietAgainst(f.Season, f.Control, f.Phi, t.p.Traffic, reaches)
}

// quietAgainst tries the null without a season and, where there may be one, with it.
func (t quickLook) quietAgainst(y *expect.Seasons, control evalue.Pair, phi float64, floor Floor, reaches func(ratio, phi float64, control evalue.Pair) bool) bool {
	if y == nil {
		return !reaches(t.p.beforeAfter(floor), phi, control)
	}
	after := evalue.Span{From: t.begin, To: t.c.Now}
	moved := control
	moved.NC /= y.Factor(after, &t.p.Params)
	if !reaches(t.p.beforeAfter(floor), phi, control) && !reaches(floor.Ratio, phi, moved) {
		return true
	}
	if c := y.Calibrated(after, &t.p.Params); c.OK {
		return !reaches(floor.Ratio, max(phi, c.Phi), moved)
	}
	return !reaches(t.p.beforeAfter(floor), phi, control)
}
