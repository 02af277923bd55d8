package judge

import (
	"math"
	"slices"
	"sort"

	"github.com/shipwake/shipwake/correlate"
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
	null hypothesis
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

// zoneQuestion is a question as it is put to zones. imagined is a ratio of events that is added to all sides: what is far
// rarer is as good as never, and a zone needn't have seen it to be compared.
func (t zoning) zoneQuestion(q int) (c *comparison, imagined float64) {
	if q == zoneErrors {
		return &comparison{signal: "error_ratio", family: familyErrors, floor: t.p.Errors}, t.p.Errors.Absolute
	}
	return &comparison{
		signal: latencyNames[q], family: familyLatency, floor: t.p.Latency[q],
		nominal: 1 - quantiles[q], quantile: quantiles[q],
	}, (1 - quantiles[q]) / 10
}

// opposeZones puts a question in front of the unchanged zones; nil when there are none.
func (t zoning) opposeZones(question int) *contest {
	if len(t.c.Zones) < 2 || !t.p.Guards.On(guardZones) {
		return nil
	}
	z := &zonal{t: t, q: question}
	z.asked, z.imagined = t.zoneQuestion(question)
	for _, r := range t.zones() {
		if r.knows(question, t.p) {
			z.zones = append(z.zones, r)
		}
	}
	if len(z.zones) < 2 {
		return nil
	}
	z.weigh()
	o := z.join()
	if len(o.pairs) == 0 || !z.lookBack() {
		return nil
	}
	z.null = hypothesis{theta: z.asked.floor.Ratio, phi: z.phi, control: z.usual}
	return &contest{comparison: z.asked, joint: o, pairs: o.pairs, zones: z}
}

// weigh finds how often the event happened in each zone.
func (z *zonal) weigh() {
	z.weight = make([]float64, len(z.zones))
	var e, n int64
	for i, r := range z.zones {
		events, exposure := sum(r.base[z.q])
		z.weight[i] = over(float64(events), float64(exposure)) + z.imagined
		e, n = e+events, n+exposure
	}
	z.usual = over(float64(e), float64(n)) + z.imagined
	for i := range z.weight {
		z.weight[i] /= z.usual
	}
}

// windows are the two sides by time.
type windows struct {
	joint
	requests   []float64  // on the treated side of each pair, unweighted
	n, weighed [2]float64 // the requests of the treated and of the control's side
}

// pair adds up tallies by windows. side tells on which side those of the i-th zone are.
func (z *zonal) pair(in span, width int64, of func(*zoneRecord) []tally, side func(i int, at int64) int) (w windows) {
	first := in.from - mod(in.from, width)
	all := make([]pair, max(0, (in.to-first+width-1)/width))
	requests := make([]float64, len(all))
	for i, r := range z.zones {
		for _, c := range since(before(of(r), in.to), in.from) {
			at, n := (c.at-first)/width, float64(c.exposure)
			events, weighed := float64(c.events)+z.imagined*n, n*z.weight[i]
			switch p := &all[at]; side(i, c.at) {
			case reached:
				p.eT, p.nT, requests[at] = p.eT+events, p.nT+weighed, requests[at]+n
				w.n[0], w.weighed[0] = w.n[0]+n, w.weighed[0]+weighed
			case unreached:
				p.eC, p.nC = p.eC+events, p.nC+weighed
				w.n[1], w.weighed[1] = w.n[1]+n, w.weighed[1]+weighed
			}
		}
	}
	w.pairs, w.requests = all[:0], requests[:0]
	for i, p := range all {
		switch p.at = first + int64(i)*width; {
		case p.nT > 0 && p.nC > 0:
			w.met++
			w.pairs, w.requests = append(w.pairs, p), append(w.requests, requests[i])
		case p.nT > 0:
			w.onlyT++
		case p.nC > 0:
			w.onlyC++
		}
	}
	return w
}

// join pairs the two sides since the grace time. Like concurrent, it widens the windows where zones report at different
// instants.
func (z *zonal) join() *joint {
	for _, cells := range [...]int64{1, 6, 30} {
		z.width = cells * z.t.c.Resolution
		z.since = z.sides(func(r *zoneRecord) []tally { return r.after[z.q] })
		if z.since.covered() {
			break
		}
	}
	return &z.since.joint
}

func (z *zonal) sides(of func(*zoneRecord) []tally) windows {
	return z.pair(span{z.t.begin, z.t.c.Now}, z.width, of, func(i int, at int64) int { return z.t.sideOf(z.zones[i], at) })
}

// farther is the pairs with the treated side's requests beyond the margin in time.
func (z *zonal) farther() []pair {
	pairs := slices.Clone(z.since.pairs)
	for i, p := range z.sides(func(r *zoneRecord) []tally { return r.far[z.q] }).pairs {
		pairs[i].eT = p.eT
	}
	return pairs
}

// lookBack is about the time before the change. A zone counts there for the side on which it was more than others since.
// It is false when all were on both alike.
func (z *zonal) lookBack() bool {
	parts := make([]float64, len(z.zones)) // treated, of the cells since
	for i, r := range z.zones {
		var treated, control float64
		for _, c := range since(before(r.after[z.q], z.t.c.Now), z.t.begin) {
			switch z.t.sideOf(r, c.at) {
			case reached:
				treated++
			case unreached:
				control++
			}
		}
		parts[i] = over(treated, treated+control)
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
			first = min(first, r.base[z.q][0].at)
		}
	}
	w := z.pair(span{first, c.Start}, z.width, func(r *zoneRecord) []tally { return r.base[z.q] }, func(i int, _ int64) int { return side[i] })
	b.phi = max(1, p.FleetDispersion)
	for _, cells := range [...]int64{1, 6, 30} {
		chi2, df := split(w.pairs, cells*c.Resolution)
		b.phi = max(b.phi, p.shrunk(chi2, df))
	}
	t := totals(w.pairs)
	b.information = over(t.eT*t.eC, t.eT+t.eC)
	return b
}

// trust fills in what it takes to say more than whether the evidence convicts. The ratio of the sides before the change is
// only known as well as its own events tell: what is tested is the difference of two estimates, so φ grows with what was
// learnt since.
func (z *zonal) trust(c *contest) {
	share := z.share(z.null.information(c.pairs))
	c.h = z.null
	c.h.phi /= share
	c.scatter = max(z.t.p.scatter(c.pairs, z.null, z.t.c.Resolution)/share, c.h.phi)
	if z.q != zoneErrors && z.t.c.Now-z.t.c.Start >= z.t.p.MinHealthy {
		c.far = z.farther()
	}
}

// share is how much of evidence that rests on so much information the time before the change supports.
func (z *zonal) share(learnt float64) float64 {
	return over(z.zonesBefore.information, z.zonesBefore.information+learnt)
}

// evidence is ln E of the pairs: see evidence.
func (z *zonal) evidence(pairs []pair, starts []restart) float64 {
	s := z.null.steps()
	var l grid
	var learnt float64
	var total pair
	parts := make([]float64, 0, len(starts))
	end := len(pairs)
	for i := len(starts) - 1; i >= 0; i-- {
		from := 0
		if i > 0 {
			from = sort.Search(end, func(n int) bool { return pairs[n].at >= starts[i].at })
		}
		fresh := pairs[from:end]
		end = from
		s.splitAll(&l, fresh)
		learnt += z.null.information(fresh)
		total = totals([]pair{total, totals(fresh)})
		scaled, share := l, z.share(learnt)
		for j := range scaled {
			scaled[j] *= share
		}
		parts = append(parts, starts[i].logWeight+min(scaled.mix(), z.alone(s, total)))
	}
	return logSumExp(parts)
}

// alone is what the treated side alone says against its own ratio before the change and what the control's rose by. An
// outage may fail as many requests in each zone, or as many times more: neither is a difference.
func (z *zonal) alone(s steps, t pair) float64 {
	if t.nT == 0 || t.nC == 0 {
		return 0
	}
	heavyT, heavyC := over(z.since.weighed[0], z.since.n[0]), over(z.since.weighed[1], z.since.n[1])
	rise := t.eC/t.nC + math.Sqrt(z.null.phi*max(1, t.eC))/t.nC - z.usual
	s.h.rate = z.usual
	if z.asked.nominal > 0 {
		s.h.rate *= z.asked.floor.Ratio
	}
	s.h.rate += (z.asked.floor.Absolute + max(0, rise)*heavyC) / heavyT
	return s.absolute(t.eT, t.nT)
}

// describe fills in what some of the pairs hold of real events and requests. The baseline is what the changed zones would
// have had without the change: the ratio of the others, as much higher or lower as theirs was before.
func (z *zonal) describe(f *finding, pairs []pair) {
	if len(pairs) == 0 {
		return
	}
	first := sort.Search(len(z.since.pairs), func(i int) bool { return z.since.pairs[i].at >= pairs[0].at })
	var n float64
	for i := range pairs {
		n += z.since.requests[first+i]
	}
	t := totals(pairs)
	events := math.Round(t.eT - z.imagined*n)
	f.N, f.Events = int64(n), int64(events)
	f.Observed = events / n
	f.Baseline = max(0, t.eC/t.nC*t.nT/n-z.imagined)
}

// seconds shows a quantile of latency instead of exceedances: that of the changed zones, and what it would have been if
// it had moved as that of the others did.
func (z *zonal) seconds(f *finding, q float64, in span, phi float64) {
	var before, after [2]spread // of the treated side, of the control's
	for i, r := range z.zones {
		side := 1
		if z.treated&(1<<i) != 0 {
			side = 0
		}
		for b := range r.spread.count {
			before[side].count[b] += r.spread.count[b]
		}
		before[side].total += r.spread.total
		cells := cellsIn(r.cells, in)
		for j := range cells {
			switch z.t.sideOf(r, cells[j].Start) {
			case reached:
				after[0].add(cells[j : j+1])
			case unreached:
				after[1].add(cells[j : j+1])
			}
		}
	}
	usual := before[1].seconds(q)
	if usual == 0 || before[0].total == 0 || after[0].total == 0 || after[1].total == 0 {
		return
	}
	f.Baseline, f.Observed = before[0].seconds(q)*after[1].seconds(q)/usual, after[0].seconds(q)
	const deviations = 3.5
	reach := deviations * math.Sqrt(q*(1-q)*phi*(1/float64(after[0].total)+1/float64(after[1].total)))
	low, high := after[0].seconds(max(q-reach, 0)), after[0].seconds(min(q+reach, 1))
	f.Ratio = f.Observed / f.Baseline
	f.Interval = [2]float64{low / f.Baseline, high / f.Baseline}
}

// hearZones compares the zones that the change has reached with those that it has not, at the same time: grade B.
func (t zoning) hearZones() {
	for q := range zoneQuestions {
		t.addZones(t.opposeZones(q))
	}
}

func (t zoning) addZones(c *contest) {
	if c != nil {
		c.zones.trust(c)
		t.add(c, correlate.GradeB)
	}
}

// quietZones says that no comparison of zones can convict.
func (t zoning) quietZones() bool {
	for q := range zoneQuestions {
		c := t.opposeZones(q)
		if c != nil && c.evidence(t.starts) >= c.family.need(t.p) {
			return false
		}
	}
	return true
}
