package judge

import (
	"cmp"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
	"github.com/shipwake/shipwake/correlate/judge/expect"
)

// routeMix is that of one kind of control; nil when the mix didn't move.
func (t *trial) routeMix(beside bool) *expect.RouteMix {
	memo := &t.mixes[0]
	if beside {
		memo = &t.mixes[1]
	}
	if !memo.made {
		memo.made, memo.RouteMix = true, t.newRouteMix(beside)
	}
	return memo.RouteMix
}

func (t *trial) newRouteMix(beside bool) *expect.RouteMix {
	c := t.c
	if c.Routes == nil || c.Minute == 0 || (c.Now-evalue.RoundUpTo(c.Start, c.Minute))/c.Minute <= 0 {
		return nil
	}
	if t.parts == nil {
		t.parts = c.Routes()
		slices.SortStableFunc(t.parts, func(a, b expect.Part) int { return cmp.Compare(a.Name, b.Name) })
	}
	return expect.NewRouteMix(t.parts, c.Minute, c.Start, c.Now, beside)
}

// standardise moves what is expected of the treated side by the mix of routes. What earlier days' season already moved
// in the same direction isn't moved twice. ratio is the floor's.
func (t *trial) standardise(c *contest, ratio, season float64) {
	if c.mix = t.standardOf(c.comparison, c.before == nil); c.mix != nil {
		c.plain = c.pairs
		c.pairs = c.h.Expecting(c.pairs, t.factors(c, c.pairs, season))
		t.standardiseFar(c, season)
		c.h = c.h.Moved(ratio, c.h.Mixed(evalue.Totals(c.plain), evalue.Totals(c.pairs)))
	}
}

// standardiseFar is the same for what lies beyond the margin in time.
func (t *trial) standardiseFar(c *contest, season float64) {
	if c.mix != nil && len(c.far) > 0 {
		c.far = (&evalue.Hypothesis{}).Expecting(c.far, t.factors(c, c.far, season))
	}
}

// factors are by how much the mix moves what is expected of each pair.
func (t *trial) factors(c *contest, pairs []evalue.Pair, season float64) []float64 {
	g := make([]float64, len(pairs))
	for i := range g {
		until := pairs[i].At + t.c.Resolution
		if i+1 < len(g) {
			until = max(until, min(pairs[i+1].At, until+t.p.Restart))
		}
		g[i] = beyond(c.mix.At(evalue.Span{From: pairs[i].At, To: until}), season)
		if c.family == familyLogs {
			g[i] = max(g[i], 1) // not all errors that are logged are of requests
		}
	}
	return g
}

// beyond is what a factor adds to another that says part of the same.
func beyond(mix, season float64) float64 {
	switch {
	case mix > 1 && season > 1:
		return max(mix, season) / season
	case mix < 1 && season < 1:
		return min(mix, season) / season
	}
	return mix
}

// standardOf is what the mix makes of the question that a comparison puts, as the service itself counts it; nil when
// nothing.
func (t *trial) standardOf(q *comparison, beside bool) *expect.Standard {
	m := t.routeMix(beside)
	if m == nil {
		return nil
	}
	at := len(quantiles) // of the errors
	if q.family == familyLatency {
		at = slices.Index(quantiles[:], q.quantile)
	}
	memo := &t.standards[at]
	if beside {
		memo = &t.standards[len(quantiles)+1+at]
	}
	if !memo.made {
		memo.made = true
		if ask := t.countingOf(at); ask != nil {
			memo.Standard = m.StandardOf(ask)
		}
		if memo.Standard != nil && !t.p.Guards.On(guardRouteMix) {
			memo.Standard = nil
		}
	}
	return memo.Standard
}

// countingOf is how events are counted for the question about a latency's quantile or, beyond them, about errors.
func (t *trial) countingOf(at int) evalue.Counting {
	if at == len(quantiles) {
		return evalue.ErrorsOfRequests
	}
	for i := range t.c.Streams {
		if s := &t.c.Streams[i]; s.Kind == correlate.Traffic {
			r := t.m.record(t.p, t.c, s)
			if r.view == nil {
				return nil
			}
			above := r.above[at]
			return func(c *correlate.Cell) (int64, int64) { return c.Latency.Above(above), c.Latency.Total() }
		}
	}
	return nil
}

// showMix says by how much the mix moved a quantile that is shown in seconds.
func (c *contest) showMix(f *finding, in evalue.Span) {
	if c.mix == nil || f.Baseline == 0 {
		return
	}
	f.Mix = c.mix.Slower(c.quantile, in)
	f.Ratio = f.Observed / (f.Baseline * f.Mix)
	f.Interval = [2]float64{f.Interval[0] / f.Mix, f.Interval[1] / f.Mix}
}

// excused says that a fault may be nothing but requests for routes that have no baseline: there are many of them, without
// them nothing convicts, and they don't fail far more often than any other route did.
func (t ruling) excused(f *finding) bool {
	if f.contest == nil || !asked[f.family].routed {
		return false
	}
	beside := f.contest.before == nil
	m := t.routeMix(beside)
	if m == nil || !m.ManyNew() {
		return false
	}
	ask := t.countingOf(len(quantiles))
	if f.family == familyLatency {
		ask = t.countingOf(slices.Index(quantiles[:], f.contest.quantile))
	}
	s := &expect.Standard{RouteMix: m, Q: ask}
	last := &m.Classes[len(m.Classes)-1]
	if ask == nil || (f.family != familyLatency && s.Fails(last)) {
		return false
	}
	pairs, control := s.Rest(t.begin)
	if len(pairs) > 0 && evalue.EvidenceAgainst(pairs, control, f.contest.h, t.starts) >= f.family.need(t.p) {
		return false
	}
	return t.p.Guards.On(guardNewRoutes)
}
