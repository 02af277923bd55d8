package judge

import (
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// throughput asks whether the service lost traffic: vanishing requests are often the only local sign of a fault. The
// events are requests, the exposure is seconds, and a fall hurts.
func (t *trial) throughput(s *Stream) {
	f := t.flow(s)
	if f.width == 0 || (!t.heard() && t.p.Guards.On(guardHeartbeat)) {
		return
	}
	treated := f.catchUp(s.Whole, t.c.Now)
	if len(treated) == 0 {
		return
	}
	q := &comparison{signal: "throughput", family: familyTraffic, floor: t.p.Traffic}
	control := f.control
	grade, h := correlate.GradeD, hypothesis{theta: t.p.beforeAfter(t.p.Traffic), phi: f.phi, fall: true}
	if f.season != nil {
		if y, ok := f.season.at(span{t.begin, t.c.Now}, &t.p.expectations); ok {
			grade, h.theta, h.phi = correlate.GradeC, t.p.Traffic.Ratio, max(h.phi, y.phi)
			control.nC /= y.factor
		}
	}
	h.control = over(control.eC, control.nC)
	t.add(&contest{comparison: q, h: h, pairs: alongside(treated, control), before: &control}, grade)
}

func (t *trial) flow(s *Stream) *flow {
	r := t.m.record(t.p, t.c, s)
	if r.flow != nil && slices.Equal(r.flow.gaps, t.c.Gaps) {
		return r.flow
	}
	before, _ := halves(t.c, s)
	r.flow = newFlow(&t.p.expectations, slices.Clone(t.c.Gaps), t.c.Resolution, t.c.Start, before)
	r.flow.next = t.begin
	r.flow.remember(s.History, t.c.Coarse)
	return r.flow
}

// heard says that silence of the service would be a loss of requests: it, or anybody else, was heard lately. Silence of
// everything is lost telemetry, and so is that of a service whose callers are still answered.
func (t *trial) heard() bool {
	recent := max(t.begin, t.c.Now-t.p.Restart)
	others := false
	for i := range t.c.Streams {
		s := &t.c.Streams[i]
		if len(s.Whole) == 0 || s.Whole[len(s.Whole)-1].Start < recent {
			continue
		}
		if s.Kind != correlate.Edge {
			return true
		}
		if t.answered(s, recent) && t.p.Guards.On(guardAnswered) {
			return false
		}
		others = true
	}
	return others || t.c.Heard >= recent
}

// answered says that callers got about as many answers since an instant as before the change.
func (t *trial) answered(s *Stream, recent int64) bool {
	before, _ := halves(t.c, s)
	if len(before) == 0 || t.c.Now <= recent {
		return false
	}
	usual := float64(answers(before)) / float64(t.c.Start-before[0].Start)
	const most = 0.5
	return float64(answers(cellsIn(s.Whole, span{recent, t.c.Now}))) > most*usual*float64(t.c.Now-recent)
}

// answers are the requests that didn't fail.
func answers(cells []correlate.Cell) (n int64) {
	for i := range cells {
		n += max(0, cells[i].Requests-cells[i].Errors)
	}
	return n
}
