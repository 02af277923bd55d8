package judge

import (
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
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
			eT, nT := evalue.Sum(evalue.Before(evalue.Since(q.after, from), to))
			eC, nC := evalue.Sum(evalue.Before(q.after, from))
			t := evalue.Pair{ET: float64(eT), NT: float64(nT), EC: q.control.EC + float64(eC), NC: q.control.NC + float64(nC)}
			if t.NT == 0 || t.NC == 0 {
				continue
			}
			h := p.Hypothesize(0, 1, 0, evalue.Ratio(t.EC, t.NC), q.dispersion(c.Resolution, false, p))
			l := evalue.NewLikelihood([]evalue.Pair{t}, h)
			lo, hi := evalue.Interval(&l, p.Alpha)
			if b := h.Bounds(lo, hi); b[0] > least {
				ratio, least = quotient(evalue.Ratio(t.ET, t.NT), evalue.Ratio(t.EC, t.NC), t), b[0]
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
