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
	return expect.NewRouteMix(t.routes(), c.Minute, c.Start, c.Now, beside)
}

// routes are the requests by route, sorted; nil where they aren't told apart.
func (t *trial) routes() []expect.Part {
	if t.parts == nil && t.c.Routes != nil {
		t.parts = t.c.Routes()
		slices.SortStableFunc(t.parts, func(a, b expect.Part) int { return cmp.Compare(a.Name, b.Name) })
	}
	return t.parts
}

// standardise moves what is expected of the treated side by the mix of routes. What earlier days' season already moved
// in the same direction isn't moved twice. ratio is the floor's.
func (t *trial) standardise(c *contest, ratio, season float64) {
	if c.mix = t.standardOf(c.comparison, c.before == nil); c.mix != nil {
		c.plain = c.pairs.all()
		c.pairs = aside{made: c.h.Expecting(c.plain, t.factors(c, c.plain, season))}
		c.h = c.h.Moved(ratio, c.h.Mixed(evalue.Totals(c.plain), evalue.Totals(c.pairs.all())))
	}
}

// standardiseFar is the same for what lies beyond the margin in time.
func (t *trial) standardiseFar(c *contest, season float64) {
	if c.mix != nil && !c.far.empty() {
		c.far = aside{made: (&evalue.Hypothesis{}).Expecting(c.far.all(), t.factors(c, c.far.all(), season))}
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
	if m == nil || q.ofMean() {
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

// countingOf is how events are counted for the question about a latency's quantile or, beyond them, about errors; nil for
// a question that counts none.
func (t *trial) countingOf(at int) evalue.Counting {
	switch at {
	case -1:
		return nil
	case len(quantiles):
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
	if f.contest == nil || !asked[f.family].routed || f.contest.ofMean() {
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

const (
	// mostHurt is how many routes a piece of evidence names, leastHurt the share of the additional events that one has.
	mostHurt, leastHurt = 3, 0.1
)

// hurt are the routes on which most of the additional events of a fault happen, the most first: those that fail, or that
// are slower than the threshold. With grade A it is the new version's requests that count.
func (t ruling) hurt(f *finding) []correlate.RouteEffect {
	if f.contest == nil || (f.family != familyErrors && f.family != familyLatency) || t.c.Minute == 0 {
		return nil
	}
	ask, q := evalue.ErrorsOfRequests, f.contest.quantile
	if f.family == familyLatency {
		if ask = t.countingOf(slices.Index(quantiles[:], q)); ask == nil {
			return nil
		}
	}
	type extra struct {
		correlate.RouteEffect
		events float64
	}
	var all []extra
	total := 0.0
	for parts := t.routes(); len(parts) > 0; {
		n := 1
		for n < len(parts) && parts[n].Name == parts[0].Name {
			n++
		}
		r := newRouteCourse(parts[:n], t.c, f)
		if events := r.extra(ask); events > 0 {
			all = append(all, extra{r.effect(q), events})
			total += events
		}
		parts = parts[n:]
	}
	slices.SortStableFunc(all, func(a, b extra) int { return cmp.Compare(b.events, a.events) })
	var most []correlate.RouteEffect
	for _, r := range all {
		if len(most) < mostHurt && r.events >= leastHurt*total {
			most = append(most, r.RouteEffect)
		}
	}
	return most
}

// routeCourse is the requests for one route before the change, and those since the onset of a fault that are compared.
type routeCourse struct {
	name          string
	before, after []correlate.Cell
}

func newRouteCourse(parts []expect.Part, c *Case, f *finding) routeCourse {
	r := routeCourse{name: parts[0].Name}
	since := evalue.Span{From: f.onset - evalue.Mod(f.onset, c.Minute), To: c.Now}
	for i := range parts {
		r.before = append(r.before, evalue.CellsIn(parts[i].Cells, evalue.Span{To: c.Start - c.Minute + 1})...)
		if f.Grade != correlate.GradeA || parts[i].New {
			r.after = append(r.after, evalue.CellsIn(parts[i].Cells, since)...)
		}
	}
	return r
}

// extra is how many events there were more than before among as many requests.
func (r *routeCourse) extra(ask evalue.Counting) float64 {
	e, n := evalue.Sum(evalue.Tallies(nil, r.after, ask))
	before, of := evalue.Sum(evalue.Tallies(nil, r.before, ask))
	return float64(e) - evalue.Ratio(float64(before), float64(of))*float64(n)
}

// effect is the ratio of errors, or the quantile in seconds when there is one, before and since.
func (r *routeCourse) effect(quantile float64) correlate.RouteEffect {
	e := correlate.RouteEffect{Route: r.name}
	for i, cells := range [...][]correlate.Cell{r.before, r.after} {
		level := [...]*float64{&e.Baseline, &e.Observed}[i]
		if quantile > 0 {
			var h evalue.Histogram
			h.Add(cells)
			*level = round(h.Seconds(quantile))
			continue
		}
		events, n := evalue.Sum(evalue.Tallies(nil, cells, evalue.ErrorsOfRequests))
		*level = round(evalue.Ratio(float64(events), float64(n)))
	}
	e.N = evalue.Requests(r.after)
	return e
}
