package judge

import (
	"github.com/shipwake/shipwake/correlate"
)

// Moved is by how much the requests of a service got worse in the stretch [from, to), against the time before it, in
// what another service's signal is about: errors, latency, or either. ratio is the quotient of the event ratios, least
// the lower end of its interval. Both are 0 when there is nothing to compare.
//
// It is the question of difference in differences: did others move as well, just then? The stretch is given, so it takes
// far less to see than a fault does whose beginning is unknown.
func (m *Memory) Moved(p *Params, c *Case, signal string, from, to int64) (ratio, least float64) {
	for i := range c.Streams {
		s := &c.Streams[i]
		if s.Kind != correlate.Traffic {
			continue
		}
		qs := m.record(p, c, s).count(p, c, s, true)
		for j := range qs {
			q := &qs[j]
			if !about(q.family, signal) || len(q.base) == 0 {
				continue
			}
			eT, nT := sum(before(since(q.after, from), to))
			eC, nC := sum(before(q.after, from))
			t := pair{eT: float64(eT), nT: float64(nT), eC: q.control.eC + float64(eC), nC: q.control.nC + float64(nC)}
			if t.nT == 0 || t.nC == 0 {
				continue
			}
			h := p.hypothesize(0, 1, 0, over(t.eC, t.nC), q.dispersion(c.Resolution, false, p))
			l := newLikelihood([]pair{t}, h)
			lo, hi := interval(&l, p.Alpha)
			if b := h.bounds(lo, hi); b[0] > least {
				ratio, least = quotient(over(t.eT, t.nT), over(t.eC, t.nC), t), b[0]
			}
		}
	}
	return ratio, least
}

// about says whether a family of questions is what a signal is about. What is none's, all are about.
func about(f family, signal string) bool {
	for of := range families {
		if mine := asked[of].about; mine != nil && mine(signal) {
			return f == of
		}
	}
	return true
}
