package judge

import (
	"math"
	"slices"
	"sort"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
)

// zonal is what a contest between zones has besides its pairs.
//
// Every request counts by how often the event happened in its zone before the change, against all zones. Of exposures
// that are weighted so, both sides had the same ratio of events then, whichever zones they are, and a zone may change
// sides. What then differs is the difference of differences.
type zonal struct {
	t        zoning
	q        int
	asked    *comparison
	zones    []*zoneRecord
	weight   []float64 // of a request of each zone
	imagined float64   // see zoneQuestion
	usual    float64   // the weighted ratio of events before the change, the same in every zone
	width    int64     // of the windows of the pairs
	since    windows

	// null is that of the evidence; its φ doesn't hold how little is known of the time before.
	null evalue.Hypothesis
	zonesBefore
}

// zonesBefore is how the events fell on the two sides before the change: φ of that, and the information on the ratio of
// the sides. It depends on which zones are on which side, the bits of treated, and on the width of windows.
type zonesBefore struct {
	treated     uint64
	width       int64
	phi         float64
	information float64
}

// question is a question as it is put to zones. imagined is a ratio of events that is added to all sides: what is far
// rarer is as good as never, and a zone needn't have seen it to be compared.
func (t zoning) question(q int) (c *comparison, imagined float64) {
	if q == zoneErrors {
		return &comparison{signal: "error_ratio", family: familyErrors, floor: t.p.Errors}, t.p.Errors.Absolute
	}
	return &comparison{
		signal: latencyNames[q], family: familyLatency, floor: t.p.Latency[q],
		nominal: 1 - quantiles[q], quantile: quantiles[q],
	}, (1 - quantiles[q]) / 10
}

// contest puts a question in front of the unchanged zones; nil when there are none.
func (t zoning) contest(question int) *contest {
	if len(t.c.Zones) < 2 || !t.p.Guards.On(guardZones) {
		return nil
	}
	z := &zonal{t: t, q: question}
	z.asked, z.imagined = t.question(question)
	for _, r := range t.records() {
		if r.knows(question, t.p) {
			z.zones = append(z.zones, r)
		}
	}
	if len(z.zones) < 2 {
		return nil
	}
	z.weigh()
	o := z.join()
	if len(o.Pairs) == 0 || !z.lookBack() {
		return nil
	}
	z.null = evalue.Hypothesis{Theta: z.asked.floor.Ratio, Phi: z.phi, Control: z.usual}
	c := &contest{comparison: z.asked, joint: o, pairs: aside{made: o.Pairs}, zones: z, ratio: z.asked.floor.Ratio, seasonal: 1}
	c.logE = c.evidence(t.starts)
	return c
}

// weigh finds how often the event happened in each zone.
func (z *zonal) weigh() {
	z.weight = make([]float64, len(z.zones))
	var e, n int64
	for i, r := range z.zones {
		events, exposure := evalue.Sum(r.base[z.q])
		z.weight[i] = evalue.Ratio(float64(events), float64(exposure)) + z.imagined
		e, n = e+events, n+exposure
	}
	z.usual = evalue.Ratio(float64(e), float64(n)) + z.imagined
	for i := range z.weight {
		z.weight[i] /= z.usual
	}
}

// windows are the two sides by time.
type windows struct {
	evalue.Joint
	requests   []float64  // on the treated side of each pair, unweighted
	n, weighed [2]float64 // the requests of the treated and of the control's side
}

// pair adds up tallies by windows. side tells on which side those of the i-th zone are.
func (z *zonal) pair(in evalue.Span, width int64, of func(*zoneRecord) []evalue.Tally, side func(i int, at int64) int) (w windows) {
	first := in.From - evalue.Mod(in.From, width)
	all := make([]evalue.Pair, max(0, (in.To-first+width-1)/width))
	requests := make([]float64, len(all))
	for i, r := range z.zones {
		for _, c := range evalue.Since(evalue.Before(of(r), in.To), in.From) {
			at, n := (c.At-first)/width, float64(c.Exposure)
			events, weighed := float64(c.Events)+z.imagined*n, n*z.weight[i]
			switch p := &all[at]; side(i, c.At) {
			case reached:
				p.ET, p.NT, requests[at] = p.ET+events, p.NT+weighed, requests[at]+n
				w.n[0], w.weighed[0] = w.n[0]+n, w.weighed[0]+weighed
			case unreached:
				p.EC, p.NC = p.EC+events, p.NC+weighed
				w.n[1], w.weighed[1] = w.n[1]+n, w.weighed[1]+weighed
			}
		}
	}
	w.Pairs, w.requests = all[:0], requests[:0]
	for i, p := range all {
		if p.At = first + int64(i)*width; w.Meet(p) {
			w.Pairs, w.requests = append(w.Pairs, p), append(w.requests, requests[i])
		}
	}
	return w
}

// join pairs the two sides since the grace time. Like concurrent, it widens the windows where zones report at different
// instants.
func (z *zonal) join() *evalue.Joint {
	for _, cells := range [...]int64{1, 6, 30} {
		z.width = cells * z.t.c.Resolution
		z.since = z.sides(func(r *zoneRecord) []evalue.Tally { return r.after[z.q] })
		if z.since.Covered() {
			break
		}
	}
	return &z.since.Joint
}

func (z *zonal) sides(of func(*zoneRecord) []evalue.Tally) windows {
	return z.pair(evalue.Span{From: z.t.begin, To: z.t.c.Now}, z.width, of, func(i int, at int64) int { return z.t.sideOf(z.zones[i], at) })
}

// farther is the pairs with the treated side's requests beyond the margin in time.
func (z *zonal) farther() []evalue.Pair {
	pairs := slices.Clone(z.since.Pairs)
	for i, p := range z.sides(func(r *zoneRecord) []evalue.Tally { return r.far[z.q] }).Pairs {
		pairs[i].ET = p.ET
	}
	return pairs
}

// lookBack is about the time before the change. A zone counts there for the side on which it was more than others since.
// It is false when all were on both alike.
func (z *zonal) lookBack() bool {
	parts := make([]float64, len(z.zones)) // treated, of the cells since
	for i, r := range z.zones {
		var treated, control float64
		for _, c := range evalue.Since(evalue.Before(r.after[z.q], z.t.c.Now), z.t.begin) {
			switch z.t.sideOf(r, c.At) {
			case reached:
				treated++
			case unreached:
				control++
			}
		}
		parts[i] = evalue.Ratio(treated, treated+control)
	}
	least, most := slices.Min(parts), slices.Max(parts)
	if least == most {
		return false
	}
	side, treated := make([]int, len(parts)), uint64(0)
	for i, part := range parts {
		side[i] = unreached
		if part > (least+most)/2 {
			side[i], treated = reached, treated|1<<i
		}
	}
	known := &z.t.m.zones.earlier[z.q]
	if known.treated != treated || known.width != z.width {
		*known = z.measure(side)
		known.treated, known.width = treated, z.width
	}
	z.zonesBefore = *known
	return z.information > 0
}

// measure looks at windows of 1, 6 and 30 cells before the change.
func (z *zonal) measure(side []int) (b zonesBefore) {
	p, c := z.t.p, z.t.c
	first := c.Start
	for _, r := range z.zones {
		if len(r.base[z.q]) > 0 {
			first = min(first, r.base[z.q][0].At)
		}
	}
	w := z.pair(evalue.Span{From: first, To: c.Start}, z.width, func(r *zoneRecord) []evalue.Tally { return r.base[z.q] }, func(i int, _ int64) int { return side[i] })
	b.phi = max(1, p.FleetDispersion)
	for _, cells := range [...]int64{1, 6, 30} {
		chi2, df := evalue.Split(w.Pairs, cells*c.Resolution)
		b.phi = max(b.phi, p.Shrunk(chi2, df))
	}
	t := evalue.Totals(w.Pairs)
	b.information = evalue.Ratio(t.ET*t.EC, t.ET+t.EC)
	return b
}

// trust fills in what it takes to say more than whether the evidence convicts. The ratio of the sides before the change is
// only known as well as its own events tell: what is tested is the difference of two estimates, so φ grows with what was
// learnt since.
func (z *zonal) trust(c *contest) {
	share := z.share(z.null.Information(c.pairs.all()))
	c.h = z.null
	c.h.Phi /= share
	pairs, null, phi := c.pairs.all(), z.null, c.h.Phi
	c.spread = func() (unsteady, scatter float64) {
		return 0, max(z.t.p.Scatter(pairs, null, z.t.c.Resolution)/share, phi)
	}
	if z.q != zoneErrors && (z.t.c.Now-z.t.c.Start >= z.t.p.MinHealthy || c.logE > 0) {
		c.far = aside{made: z.farther()}
	}
}

// share is how much of evidence that rests on so much information the time before the change supports.
func (z *zonal) share(learnt float64) float64 {
	return evalue.Ratio(z.zonesBefore.information, z.zonesBefore.information+learnt)
}

// evidence is ln E of the pairs: see evidence.
func (z *zonal) evidence(pairs []evalue.Pair, starts []evalue.Restart) float64 {
	return z.against(z.null, pairs, starts)
}

// moved is ln E of that a quantile moved by more than the margin in time.
func (z *zonal) moved(far []evalue.Pair, starts []evalue.Restart) float64 {
	return z.against(z.null.Same(), far, starts)
}

func (z *zonal) against(null evalue.Hypothesis, pairs []evalue.Pair, starts []evalue.Restart) float64 {
	s := null.Steps()
	var l evalue.Grid
	var learnt float64
	var total evalue.Pair
	parts := make([]float64, 0, len(starts))
	end := len(pairs)
	for i := len(starts) - 1; i >= 0; i-- {
		from := 0
		if i > 0 {
			from = sort.Search(end, func(n int) bool { return pairs[n].At >= starts[i].At })
		}
		fresh := pairs[from:end]
		end = from
		s.SplitAll(&l, fresh)
		learnt += null.Information(fresh)
		total = evalue.Totals([]evalue.Pair{total, evalue.Totals(fresh)})
		scaled, share := l, z.share(learnt)
		for j := range scaled {
			scaled[j] *= share
		}
		parts = append(parts, starts[i].LogWeight+min(scaled.Mix(), z.alone(s, total)))
	}
	return evalue.LogSumExp(parts)
}

// alone is what the treated side alone says against its own ratio before the change and what the control's rose by. An
// outage may fail as many requests in each zone, or as many times more: neither is a difference.
func (z *zonal) alone(s evalue.Steps, t evalue.Pair) float64 {
	if t.NT == 0 || t.NC == 0 {
		return 0
	}
	heavyT, heavyC := evalue.Ratio(z.since.weighed[0], z.since.n[0]), evalue.Ratio(z.since.weighed[1], z.since.n[1])
	rise := t.EC/t.NC + math.Sqrt(z.null.Phi*max(1, t.EC))/t.NC - z.usual
	s.H.Rate = z.usual
	if z.asked.nominal > 0 {
		s.H.Rate *= s.H.Theta
	}
	s.H.Rate += (z.asked.floor.Absolute + max(0, rise)*heavyC) / heavyT
	return s.Absolute(t.ET, t.NT)
}

// describe fills in what some of the pairs hold of real events and requests. The baseline is what the changed zones would
// have had without the change: the ratio of the others, as much higher or lower as theirs was before.
func (z *zonal) describe(f *finding, pairs []evalue.Pair) {
	if len(pairs) == 0 {
		return
	}
	first := sort.Search(len(z.since.Pairs), func(i int) bool { return z.since.Pairs[i].At >= pairs[0].At })
	var n float64
	for i := range pairs {
		n += z.since.requests[first+i]
	}
	t := evalue.Totals(pairs)
	events := math.Round(t.ET - z.imagined*n)
	f.N, f.Events = int64(n), int64(events)
	f.Observed = events / n
	f.Baseline = max(0, t.EC/t.NC*t.NT/n-z.imagined)
}

// shift is by how many times longer a quantile of latency became in the changed zones than in the others, and by how much in
// each. Both moves are uncertain, and as wide as their buckets.
func (z *zonal) shift(q float64, in evalue.Span, phi float64) (x evalue.Shift, before, after [2]evalue.Durations) {
	for i, r := range z.zones {
		side := 1
		if z.treated&(1<<i) != 0 {
			side = 0
		}
		before[side].Merge(&r.spread)
		cells := evalue.CellsIn(r.cells, in)
		for j := range cells {
			switch z.t.sideOf(r, cells[j].Start) {
			case reached:
				after[0].Add(cells[j : j+1])
			case unreached:
				after[1].Add(cells[j : j+1])
			}
		}
	}
	return shiftOf(&after[0], &before[0], q, phi).Over(shiftOf(&after[1], &before[1], q, phi)), before, after
}

// seconds shows a quantile of latency instead of exceedances: that of the changed zones, and what it would have been if
// it had moved as that of the others did.
func (z *zonal) seconds(f *finding, q float64, in evalue.Span, phi float64) {
	x, before, after := z.shift(q, in, phi)
	if !x.Known() {
		return
	}
	f.Baseline, f.Observed = level(&before[0], &after[0], q)*level(&after[1], &before[1], q)/level(&before[1], &after[1], q), level(&after[0], &before[0], q)
	f.shifted(x)
}

// compare compares the zones that the change has reached with those that it has not, at the same time: grade B.
func (t zoning) compare() {
	for q := range zoneQuestions {
		t.add(t.contest(q))
	}
}

func (t zoning) add(c *contest) {
	if c != nil {
		c.zones.trust(c)
		t.trial.add(c, correlate.GradeB)
	}
}

// quiet says that no comparison of zones can convict.
func (t zoning) quiet() bool {
	for q := range zoneQuestions {
		c := t.contest(q)
		if c != nil && c.logE >= c.family.leastNeed(t.p) {
			return false
		}
	}
	return true
}
