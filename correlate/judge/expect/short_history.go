package expect

import (
	"slices"

	"github.com/shipwake/shipwake/correlate/judge/evalue"
)

// ShortHistory is pseudo-changes where history is too short to know a season: how far off the hour before a moment was as an
// expectation of what followed, at every quarter of an hour that is known. Bursts and drifts that last for minutes don't
// show in the windows of one baseline, and nothing else tells them from the work of a change.
//
// It is a function of the history alone, so that it survives a restart with it, ages with it, and doesn't learn from what
// was made of it.
type ShortHistory struct {
	sums   sums
	length int64 // of the time before
	until  int64
	phis   []Calibration
}

// NewShortHistory prepares a history and the time up to the change, in the history's cells; nil when there is no more than
// the time before the change.
func NewShortHistory(history, base []evalue.Tally, width, start int64, changed []int64) *ShortHistory {
	if len(history) == 0 || len(base) == 0 || width <= 0 {
		return nil
	}
	end := history[len(history)-1].At + width
	all := evalue.Regroup(slices.Clone(history), evalue.Since(base, end), width)
	all = slices.DeleteFunc(all, func(t evalue.Tally) bool { return changing(evalue.Span{From: t.At, To: t.At + width}, changed) })
	if len(all) == 0 {
		return nil
	}
	return &ShortHistory{sums: newSums(all, width), length: start - base[0].At, until: start}
}

// Phi is φ of what follows for so long.
func (r *ShortHistory) Phi(after int64, p *Params) float64 {
	if r == nil {
		return 1
	}
	after = evalue.RoundUp(after, p.Restart)
	for _, c := range r.phis {
		if c.length == after {
			return c.Phi
		}
	}
	chi2, df := r.placebos(after)
	c := Calibration{length: after, Phi: max(1, (chi2+p.ShortHistoryWeight*p.FleetDispersion)/(df+p.ShortHistoryWeight))}
	if c.Phi > 1 && !p.Guards.On(guardShortHistory) {
		c.Phi = 1
	}
	r.phis = append(r.phis, c)
	return c.Phi
}

// placebos is χ² of what followed earlier moments for some time against the time before them, with its degrees of
// freedom. Windows that overlap say the same in part: each counts as much as it brings that is new.
func (r *ShortHistory) placebos(after int64) (chi2, df float64) {
	width := r.sums.width
	stride := max(r.length/4/width*width, width)
	weight := min(1, float64(stride)/float64(after))
	for at := (r.until - after) / width * width; at-r.length >= r.sums.first; at -= stride {
		e0, n0 := r.sums.of(evalue.Span{From: at - r.length, To: at})
		e, n := r.sums.of(evalue.Span{From: at, To: at + after})
		if n == 0 || n0 == 0 {
			continue
		}
		expected := n * (e0 + 0.5) / n0
		d := e - expected
		chi2 += weight * d * d / (expected * (1 + n/n0))
		df += weight
	}
	return chi2, df
}

// changing says that a span touches the time in which a service warms up after one of some changes.
func changing(in evalue.Span, changed []int64) bool {
	return slices.ContainsFunc(changed, func(at int64) bool { return in.Overlaps(evalue.Span{From: at, To: at + warming}) })
}
