package judge

import (
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
	"github.com/shipwake/shipwake/correlate/judge/expect"
)

// throughput asks whether the service lost traffic: vanishing requests are often the only local sign of a fault. The
// events are requests, the exposure is seconds, and a fall hurts.
func (t *trial) throughput(s *Stream) {
	f := t.flow(s)
	if f.Width == 0 || (!t.received() && t.p.Guards.On(guardHeartbeat)) {
		return
	}
	treated := t.lost(f.CatchUp(s.Whole, t.c.Now))
	if len(treated) == 0 {
		return
	}
	q := &comparison{signal: "throughput", family: familyTraffic, floor: t.p.Traffic}
	control := f.Control
	grade, h := correlate.GradeD, evalue.Hypothesis{Theta: t.p.beforeAfter(t.p.Traffic), Phi: f.Phi, Fall: true}
	if f.Season != nil {
		if y, ok := f.Season.At(evalue.Span{From: t.begin, To: t.c.Now}, &t.p.Params); ok {
			grade, h.Theta, h.Phi = correlate.GradeC, t.p.Traffic.Ratio, max(h.Phi, y.Phi)
			control.NC /= y.Factor
		}
	}
	h.Control = evalue.Ratio(control.EC, control.NC)
	c := &contest{comparison: q, h: h, pairs: aside{treated: treated, control: control}, before: &control, ratio: h.Theta}
	c.logE = c.evidence(t.starts)
	t.add(c, grade)
}

// lost leaves out the silent windows in which telemetry may have been lost.
func (t *trial) lost(windows []evalue.Tally) []evalue.Tally {
	untold := func(w evalue.Tally) bool { return w.Events == 0 && !t.c.Lost(w.At, w.At+w.Exposure) }
	if t.c.Lost == nil || !t.p.Guards.On(guardHeartbeat) || !slices.ContainsFunc(windows, untold) {
		return windows
	}
	return slices.DeleteFunc(slices.Clone(windows), untold)
}

func (t *trial) flow(s *Stream) *expect.Flow {
	r := t.m.record(t.p, t.c, s)
	if r.flow != nil && slices.Equal(r.flow.Gaps, t.c.Gaps) {
		return r.flow
	}
	before, _ := halves(t.c, s)
	r.flow = expect.NewFlow(&t.p.Params, slices.Clone(t.c.Gaps), t.c.Resolution, t.c.Start, before)
	r.flow.Next = t.begin
	r.flow.Remember(s.History, t.c.Coarse)
	return r.flow
}

// received says that silence of the service would be a loss of requests: its requests were told lately, or telemetry came on
// the same way. Silence of everything is lost telemetry, and so is that of a service whose callers are still answered.
func (t *trial) received() bool {
	recent := max(t.begin, t.c.Now-t.p.Restart)
	others := false
	for i := range t.c.Streams {
		s := &t.c.Streams[i]
		if len(s.Whole) == 0 || s.Whole[len(s.Whole)-1].Start < recent {
			continue
		}
		switch s.Kind {
		case correlate.Traffic:
			return true
		case correlate.Edge:
			if t.answered(s, recent) && t.p.Guards.On(guardAnswered) {
				return false
			}
			others = true
		}
	}
	return others || t.c.Heard >= recent
}

// uncovered says that telemetry of the requests has been missing for so much of the time since the change that what came
// before says little of it.
func (c *Case) uncovered(p *Params) bool {
	const part = 5
	return part*c.unheard() > max(part*p.Restart, c.Now-c.Start)
}

// unheard is for how long neither the service's requests were told nor anything came on the way on which they are told.
func (c *Case) unheard() int64 {
	last := max(c.Start, c.Heard)
	for i := range c.Streams {
		s := &c.Streams[i]
		if n := len(s.Whole); s.Kind == correlate.Traffic && n > 0 {
			return c.Now - max(last, s.Whole[n-1].Start+c.Resolution)
		}
	}
	return 0 // it has none
}

// answered says that callers got about as many answers since an instant as before the change.
func (t *trial) answered(s *Stream, recent int64) bool {
	before, _ := halves(t.c, s)
	if len(before) == 0 || t.c.Now <= recent {
		return false
	}
	usual := float64(answers(before)) / float64(t.c.Start-before[0].Start)
	const most = 0.5
	return float64(answers(evalue.CellsIn(s.Whole, evalue.Span{From: recent, To: t.c.Now}))) > most*usual*float64(t.c.Now-recent)
}

// answers are the requests that didn't fail.
func answers(cells []correlate.Cell) (n int64) {
	for i := range cells {
		n += max(0, cells[i].Requests-cells[i].Errors)
	}
	return n
}
