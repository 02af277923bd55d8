package judge

import "slices"

// rehearsal is pseudo-changes where history is too short to know a season: how far off the hour before a moment was as an
// expectation of what followed, at every quarter of an hour that is known. Bursts and drifts that last for minutes don't
// show in the windows of one baseline, and nothing else tells them from the work of a change.
//
// It is a function of the history alone, so that it survives a restart with it, ages with it, and doesn't learn from what
// was made of it.
type rehearsal struct {
	sums   sums
	length int64 // of the time before
	until  int64
	phis   []calibration
}

// rehearse prepares a history and the time up to the change, in the history's cells; nil when there is no more than
// the time before the change.
func rehearse(history, base []tally, width, start int64, changed []int64) *rehearsal {
	if len(history) == 0 || len(base) == 0 || width <= 0 {
		return nil
	}
	end := history[len(history)-1].at + width
	all := regroup(slices.Clone(history), since(base, end), width)
	all = slices.DeleteFunc(all, func(t tally) bool { return changing(span{t.at, t.at + width}, changed) })
	if len(all) == 0 {
		return nil
	}
	return &rehearsal{sums: newSums(all, width), length: start - base[0].at, until: start}
}

// phi is φ of what follows for so long.
func (r *rehearsal) phi(after int64, p *expectations) float64 {
	if r == nil {
		return 1
	}
	after = roundUp(after, p.Restart)
	for _, c := range r.phis {
		if c.length == after {
			return c.phi
		}
	}
	chi2, df := r.rehearsed(after)
	c := calibration{length: after, phi: max(1, (chi2+p.ShortHistoryWeight*p.FleetDispersion)/(df+p.ShortHistoryWeight))}
	if c.phi > 1 && !p.Guards.On(guardShortHistory) {
		c.phi = 1
	}
	r.phis = append(r.phis, c)
	return c.phi
}

// rehearsed is χ² of what followed earlier moments for some time against the time before them, with its degrees of
// freedom. Windows that overlap say the same in part: each counts as much as it brings that is new.
func (r *rehearsal) rehearsed(after int64) (chi2, df float64) {
	width := r.sums.width
	stride := max(r.length/4/width*width, width)
	weight := min(1, float64(stride)/float64(after))
	for at := (r.until - after) / width * width; at-r.length >= r.sums.first; at -= stride {
		e0, n0 := r.sums.of(span{at - r.length, at})
		e, n := r.sums.of(span{at, at + after})
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
func changing(in span, changed []int64) bool {
	return slices.ContainsFunc(changed, func(at int64) bool { return in.overlaps(span{at, at + warming}) })
}
