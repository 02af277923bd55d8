package judge

import (
	"cmp"
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// Part is the requests for one route that one version served, in cells of Case.Minute seconds.
type Part struct {
	Name  string
	New   bool // of the version that the change brings
	Cells []correlate.Cell
}

const (
	// stirred is the share of requests that must have moved between routes in some stretch for that to be looked into.
	stirred = 0.03
	// relevant is by which factor the mix must have moved what is expected, and doubts how many standard deviations of
	// chance that must be. Requests come in sessions, which makes chance greater by the factor sessions.
	relevant, doubts, sessions = 1.1, 3, 4
	// hardly is the share of the requests below which a route counts as unseen on a side, and glimpsed the number of
	// requests below which nothing is known of it.
	hardly, glimpsed = 0.001, 10
	// imagined is how many events at the usual ratio steady what is known of a route, and counted how many there must be of
	// all routes together for any to be known.
	imagined, counted = 2, 5
	// unheardOf is the share of requests for routes without a baseline from which a rise may be theirs alone. That they
	// fail so many times as often as any other route did, and at least so often, is no excuse.
	unheardOf, farAbove, oftenFail = 0.2, 5, 0.2
	// mostly is the highest event ratio that is expected.
	mostly = 0.95
)

// mixture is which routes the requests of two sides were for: the treated side, in minutes since the change, and the
// control.
type mixture struct {
	width, first int64
	minutes      int
	beside       bool // the control is at the same time
	classes      []class
	treated      float64 // requests since the change
}

// class is requests that are compared with each other: those for one route, or those for the routes that were seen on
// one side only, which may be the same ones under other names.
type class struct {
	name         string
	after, known [][]correlate.Cell // the treated side's cells, and the control's
	perMinute    []float64          // the treated side's requests
	alongside    []float64          // the control's at the same time; nil when it is before
	treated      float64            // the sums of both
	control      float64
}

// mixture is that of one kind of control; nil when the mix didn't move.
func (t *trial) mixture(beside bool) *mixture {
	memo := &t.mixtures[0]
	if beside {
		memo = &t.mixtures[1]
	}
	if !memo.made {
		memo.made, memo.mixture = true, t.newMixture(beside)
	}
	return memo.mixture
}

func (t *trial) newMixture(beside bool) *mixture {
	c := t.c
	if c.Routes == nil || c.Minute == 0 {
		return nil
	}
	m := &mixture{width: c.Minute, first: roundUpTo(c.Start, c.Minute), beside: beside}
	if m.minutes = int((c.Now - m.first) / m.width); m.minutes <= 0 {
		return nil
	}
	if t.parts == nil {
		t.parts = c.Routes()
		slices.SortStableFunc(t.parts, func(a, b Part) int { return cmp.Compare(a.Name, b.Name) })
	}
	for i := range t.parts {
		m.add(&t.parts[i], c)
	}
	if len(m.classes) < 2 {
		return nil
	}
	m.join()
	if m.treated == 0 || !m.stirred() {
		return nil
	}
	return m
}

// add counts the requests of a part. Parts come sorted by name.
func (m *mixture) add(p *Part, c *Case) {
	if n := len(m.classes); n == 0 || m.classes[n-1].name != p.Name {
		m.classes = append(m.classes, class{name: p.Name, perMinute: make([]float64, m.minutes)})
		if m.beside {
			m.classes[n].alongside = make([]float64, m.minutes)
		}
	}
	k := &m.classes[len(m.classes)-1]
	after := cellsIn(p.Cells, span{m.first, m.first + int64(m.minutes)*m.width})
	earlier := cellsIn(p.Cells, span{math.MinInt64, c.Start - m.width + 1})
	switch {
	case !m.beside:
		k.known = append(k.known, earlier)
		k.control += float64(requests(earlier))
	case !p.New:
		k.known = append(k.known, earlier, after)
		k.control += m.count(k.alongside, after)
	}
	if !m.beside || p.New {
		k.after = append(k.after, after)
		k.treated += m.count(k.perMinute, after)
	}
}

func (m *mixture) count(into []float64, cells []correlate.Cell) (sum float64) {
	for i := range cells {
		n := float64(cells[i].Requests)
		into[(cells[i].Start-m.first)/m.width] += n
		sum += n
	}
	return sum
}

// join makes one class without a name, the last one, of the routes that were hardly seen on either side and of those whose
// name is shared.
func (m *mixture) join() {
	var treated, control float64
	for i := range m.classes {
		treated += m.classes[i].treated
		control += m.classes[i].control
	}
	m.treated = treated
	one := class{perMinute: make([]float64, m.minutes)}
	if m.beside {
		one.alongside = make([]float64, m.minutes)
	}
	kept := m.classes[:0]
	for _, k := range m.classes {
		if k.name != correlate.Folded && k.treated >= hardly*treated && k.control >= max(hardly*control, glimpsed) {
			kept = append(kept, k)
			continue
		}
		one.after, one.known = append(one.after, k.after...), append(one.known, k.known...)
		one.treated, one.control = one.treated+k.treated, one.control+k.control
		for i, n := range k.perMinute {
			one.perMinute[i] += n
		}
		for i, n := range k.alongside {
			one.alongside[i] += n
		}
	}
	m.classes = kept
	if one.treated+one.control > 0 {
		m.classes = append(m.classes, one)
	}
}

// stirred says that the mix is another than the control's, in some stretch or altogether.
func (m *mixture) stirred() bool {
	return m.some(func(in stretch) bool {
		moved := 0.0
		for i := range m.classes {
			treated, control := m.shares(&m.classes[i], in)
			moved += math.Abs(treated-control) / 2
		}
		return moved > stirred
	})
}

// stretch is some minutes since the first, with the requests of both sides.
type stretch struct {
	from, to         int
	treated, control float64
}

// some asks of every five minutes, and of all, whether something holds.
func (m *mixture) some(holds func(in stretch) bool) bool {
	const long = 5
	for from := 0; from < m.minutes; from += long {
		if in := m.stretch(from, min(from+long, m.minutes)); in.treated > 0 && in.control > 0 && holds(in) {
			return true
		}
	}
	in := m.stretch(0, m.minutes)
	return in.treated > 0 && in.control > 0 && holds(in)
}

func (m *mixture) stretch(from, to int) stretch {
	in := stretch{from: from, to: to}
	for i := range m.classes {
		k := &m.classes[i]
		in.treated += total(k.perMinute[from:to])
		if m.beside {
			in.control += total(k.alongside[from:to])
		} else {
			in.control += k.control
		}
	}
	return in
}

// shares are the parts of a class in the requests of both sides.
func (m *mixture) shares(k *class, in stretch) (treated, control float64) {
	treated = total(k.perMinute[in.from:in.to]) / in.treated
	if m.beside {
		return treated, total(k.alongside[in.from:in.to]) / in.control
	}
	return treated, k.control / in.control
}

func total(of []float64) (sum float64) {
	for _, n := range of {
		sum += n
	}
	return sum
}

// standard is what a mix makes of a question: how often the event was to be expected, had no route become worse.
type standard struct {
	*mixture
	q     question
	rate  []float64 // the control's event ratio, by class
	known []float64 // its exposures
	mean  float64
	whole stretch
	room  []part
}

// standardOf is that of a question; nil when too little is known, or when the mix hardly moves what is to be expected.
func (m *mixture) standardOf(q question) *standard {
	s := &standard{mixture: m, q: q, rate: make([]float64, len(m.classes)), known: make([]float64, len(m.classes))}
	var events, exposure float64
	for i := range m.classes {
		s.rate[i], s.known[i] = s.events(m.classes[i].known)
		events, exposure = events+s.rate[i], exposure+s.known[i]
	}
	if events < counted || events >= exposure {
		return nil
	}
	s.mean = events / exposure
	for i := range s.rate {
		s.rate[i] = (s.rate[i] + imagined) / (s.known[i] + imagined/s.mean)
	}
	s.whole = m.stretch(0, m.minutes)
	if s.whole.treated == 0 || s.whole.control == 0 || !m.some(s.moved) {
		return nil
	}
	return s
}

func (s *standard) events(of [][]correlate.Cell) (events, exposure float64) {
	for _, cells := range of {
		for i := range cells {
			e, n := s.q(&cells[i])
			events, exposure = events+float64(e), exposure+float64(n)
		}
	}
	return events, exposure
}

// part is a class in a stretch: its shares of the requests of both sides, and the event ratio to be expected of the
// treated side's.
type part struct{ treated, control, rate float64 }

// parts are those of all classes. What came to routes that are new is expected to be like what other routes lost, since
// it may be that under another name: when all lost alike, because more came, like all of it.
func (s *standard) parts(in stretch) []part {
	parts := s.room[:0]
	var left, fails float64
	for i := range s.classes {
		t, c := s.shares(&s.classes[i], in)
		parts = append(parts, part{t, c, s.rate[i]})
		if s.classes[i].name != "" && c > t {
			left, fails = left+c-t, fails+(c-t)*s.rate[i]
		}
	}
	s.room = parts
	if k := &parts[len(parts)-1]; s.classes[len(parts)-1].name == "" && k.treated > k.control && left > 0 {
		k.rate = (k.control*k.rate + (k.treated-k.control)*fails/left) / k.treated
	}
	return parts
}

// factor is by how much the mix alone moves the event ratio in a stretch.
func (s *standard) factor(in stretch) float64 {
	var treated, control float64
	for i, p := range s.parts(in) {
		treated, control = treated+p.treated*p.rate, control+p.control*s.rate[i]
	}
	return treated / control
}

// moved says that the factor is relevant and no chance: that of who happened to come and, where it lets expect fewer
// events, that of what is known of the routes.
func (s *standard) moved(in stretch) bool {
	f := s.factor(in)
	if f < relevant && f > 1/relevant {
		return false
	}
	var spread, uncertain float64
	for i, p := range s.parts(in) {
		q := p.rate / s.mean
		spread += p.treated*(q-f)*(q-f)/in.treated + p.control*(q-1)*(q-1)/in.control
		if s.known[i] > 0 && f < 1 {
			uncertain += (p.treated - f*p.control) * (p.treated - f*p.control) * q / (s.known[i] * s.mean)
		}
	}
	return math.Abs(f-1) > doubts*math.Sqrt(sessions*spread+uncertain)
}

// at is the factor in a span.
func (s *standard) at(in span) float64 { return s.factor(s.around(in)) }

// around is the minutes of a span, or the nearest that are complete.
func (s *standard) around(in span) stretch {
	last := s.minutes - 1
	from := min(max(int((in.from-s.first)/s.width), 0), last)
	to := min(max(int((in.to-s.first+s.width-1)/s.width), from+1), last+1)
	here := s.stretch(from, to)
	if here.treated == 0 || here.control == 0 {
		here = s.whole
	}
	return here
}

// standardise moves what is expected of the treated side by the mix of routes. What earlier days' season already moved
// in the same direction isn't moved twice. ratio is the floor's.
func (t *trial) standardise(c *contest, ratio, season float64) {
	if c.mix = t.standard(c.comparison, c.before == nil); c.mix != nil {
		c.plain = c.pairs
		c.pairs = c.h.expecting(c.pairs, t.factors(c, c.pairs, season))
		t.standardiseFar(c, season)
		c.h = c.h.moved(ratio, c.h.mixed(totals(c.plain), totals(c.pairs)))
	}
}

// standardiseFar is the same for what lies beyond the margin in time.
func (t *trial) standardiseFar(c *contest, season float64) {
	if c.mix != nil && len(c.far) > 0 {
		c.far = (&hypothesis{}).expecting(c.far, t.factors(c, c.far, season))
	}
}

// factors are by how much the mix moves what is expected of each pair.
func (t *trial) factors(c *contest, pairs []pair, season float64) []float64 {
	g := make([]float64, len(pairs))
	for i := range g {
		until := pairs[i].at + t.c.Resolution
		if i+1 < len(g) {
			until = max(until, min(pairs[i+1].at, until+t.p.Restart))
		}
		g[i] = beyond(c.mix.at(span{pairs[i].at, until}), season)
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

// expecting gives the treated side as much exposure as its events let expect when they are so many times as frequent as on
// the control. Where exposures without an event are counted, those become rarer.
func (h *hypothesis) expecting(pairs []pair, factors []float64) []pair {
	moved := slices.Clone(pairs)
	for i := range moved {
		p, g := &moved[i], factors[i]
		if h.complement {
			rarer := (1 - min(g*h.control, mostly)) / (1 - h.control)
			p.eT += p.nT * (rarer - 1)
			p.nT *= rarer
			continue
		}
		p.nT *= g
	}
	return moved
}

// mixed is the factor by which what is expected moved, from the treated side's exposures before and after that.
func (h *hypothesis) mixed(plain, moved pair) float64 {
	g, usual := over(moved.nT, plain.nT), over(moved.eC, moved.nC)
	if h.complement {
		return (1 - g*(1-usual)) / usual
	}
	return g
}

// moved is the null about events that are expected so many times as often as on the control.
func (h hypothesis) moved(floor float64, factor float64) hypothesis {
	if h.complement {
		h.control = min(h.control*factor, mostly)
		h.theta = complementary(floor, h.control)
	}
	return h
}

// standard is what the mix makes of the question that a comparison puts, as the service itself counts it; nil when
// nothing.
func (t *trial) standard(q *comparison, beside bool) *standard {
	m := t.mixture(beside)
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
		if ask := t.counting(at); ask != nil {
			memo.standard = m.standardOf(ask)
		}
	}
	return memo.standard
}

// counting is the question about a latency's quantile or, beyond them, about errors.
func (t *trial) counting(at int) question {
	if at == len(quantiles) {
		return errorsOfRequests
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

// slower is by how much the mix alone moves a quantile of the latency in a span.
func (s *standard) slower(q float64, in span) float64 {
	var before, after weighted
	here := s.around(in)
	for i := range s.classes {
		k := &s.classes[i]
		t, c := s.shares(k, here)
		if s.known[i] == 0 {
			continue
		}
		for _, cells := range k.known {
			before.add(cells, c/s.known[i])
			after.add(cells, t/s.known[i])
		}
	}
	if low := before.quantile(q); low > 0 {
		return after.quantile(q) / low
	}
	return 1
}

// showMix says by how much the mix moved a quantile that is shown in seconds.
func (c *contest) showMix(f *finding, in span) {
	if c.mix == nil || f.Baseline == 0 {
		return
	}
	f.Mix = c.mix.slower(c.quantile, in)
	f.Ratio = f.Observed / (f.Baseline * f.Mix)
	f.Interval = [2]float64{f.Interval[0] / f.Mix, f.Interval[1] / f.Mix}
}

// weighted is a latency histogram of requests that don't count alike.
type weighted [latencyBins]float64

func (w *weighted) add(cells []correlate.Cell, weight float64) {
	for i := range cells {
		for _, b := range cells[i].Latency {
			if at := int(b.Index); at >= 0 && at < latencyBins {
				w[at] += weight * float64(b.Count)
			}
		}
	}
}

// quantile is the q-quantile in nanoseconds, interpolated within its bin.
func (w *weighted) quantile(q float64) float64 {
	rank, seen := q*total(w[:]), 0.0
	for i, here := range w {
		if here > 0 && seen+here >= rank {
			low, high := correlate.BinFloor(int16(i)), correlate.BinFloor(int16(i)+1)
			return low * math.Pow(high/low, (rank-seen)/here)
		}
		seen += here
	}
	return 0
}

// excused says that a fault may be nothing but requests for routes that have no baseline: there are many of them, without
// them nothing convicts, and they don't fail far more often than any other route did.
func (t *trial) excused(f *finding) bool {
	if f.contest == nil || (f.family != familyErrors && f.family != familyLatency && f.family != familyLogs) {
		return false
	}
	beside := f.contest.before == nil
	m := t.mixture(beside)
	if m == nil || !m.unheard() {
		return false
	}
	ask := t.counting(len(quantiles))
	if f.family == familyLatency {
		ask = t.counting(slices.Index(quantiles[:], f.contest.quantile))
	}
	s := &standard{mixture: m, q: ask}
	last := &m.classes[len(m.classes)-1]
	if ask == nil || s.fails(last, f.family) {
		return false
	}
	return s.rest(t, f) < t.p.need(f.family.weight(&t.p.Weights))
}

// unheard says that lately many requests were for routes without a baseline: new ones, and not because others are called
// so now.
func (m *mixture) unheard() bool {
	const lately, gone = 5, 0.5
	in := m.stretch(max(0, m.minutes-lately), m.minutes)
	last := len(m.classes) - 1
	if in.treated == 0 || in.control == 0 || m.classes[last].name != "" {
		return false
	}
	fresh, old := m.shares(&m.classes[last], in)
	if fresh -= old; fresh < unheardOf {
		return false
	}
	renamed := 0.0
	for i := range m.classes[:last] {
		if t, c := m.shares(&m.classes[i], in); t < gone*c*(1-fresh) {
			renamed += c - t
		}
	}
	return fresh-renamed >= unheardOf
}

// fails says that routes without a baseline fail far more often than any other did.
func (s *standard) fails(k *class, of family) bool {
	if of == familyLatency {
		return false
	}
	e, n := s.events(k.after)
	worst := 0.0
	for i := range s.classes[:len(s.classes)-1] {
		e, n := s.events(s.classes[i].known)
		worst = max(worst, over(e+imagined/2, n))
	}
	return over(e, n) >= max(oftenFail, farAbove*worst)
}

// rest is ln E of the requests whose routes have a baseline, each route with its share.
func (s *standard) rest(t *trial, f *finding) float64 {
	known := s.classes[:len(s.classes)-1]
	if len(known) == 0 {
		return 0
	}
	pairs := make([]pair, s.minutes)
	var before pair
	for i := range known {
		e, n := s.events(known[i].known)
		before.eC, before.nC = before.eC+e, before.nC+n
	}
	for i := range pairs {
		p := &pairs[i]
		p.at = s.first + int64(i)*s.width
		in := span{p.at, p.at + s.width}
		for j := range known {
			k := &known[j]
			e, n := s.eventsIn(k.after, in)
			own, all := s.events(k.known)
			p.eT, p.nT = p.eT+e, p.nT+n
			// A route's requests are expected to have its own ratio.
			p.nC += n
			p.eC += n * over(own+imagined, all+imagined*over(before.nC, before.eC))
		}
	}
	pairs = slices.DeleteFunc(pairs, func(p pair) bool { return p.at < t.begin || p.nT == 0 })
	usual := totals(pairs)
	if usual.nT == 0 || before.nC == 0 {
		return 0
	}
	// The control's own size is what is known of it, its ratio what the mix of the known routes makes of it.
	control := pair{eC: over(usual.eC, usual.nC) * before.nC, nC: before.nC}
	return evidenceAgainst(pairs, control, f.contest.h, t.starts)
}

func (s *standard) eventsIn(of [][]correlate.Cell, in span) (events, exposure float64) {
	for _, cells := range of {
		e, n := s.events([][]correlate.Cell{cellsIn(cells, in)})
		events, exposure = events+e, exposure+n
	}
	return events, exposure
}
