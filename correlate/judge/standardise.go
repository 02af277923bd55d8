package judge

import (
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

const (
	// relevant is by which factor the mix must have moved what is expected, and doubts how many standard deviations of
	// chance that must be. Requests come in sessions, which makes chance greater by the factor sessions.
	relevant, doubts, sessions = 1.1, 3, 4
	// imagined is how many events at the usual ratio steady what is known of a route, and counted how many there must be of
	// all routes together for any to be known.
	imagined, counted = 2, 5
	// mostly is the highest event ratio that is expected.
	mostly = 0.95
)

// standard is what a mix makes of a question: how often the event was to be expected, had no route become worse.
type standard struct {
	*mixture
	q     counting
	rate  []float64 // the control's event ratio, by class
	known []float64 // its exposures
	mean  float64
	whole stretch
	room  []part
}

// standardOf is that of a question; nil when too little is known, or when the mix hardly moves what is to be expected.
func (m *mixture) standardOf(q counting) *standard {
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
			memo.standard = m.standardOf(ask)
		}
		if memo.standard != nil && !t.p.Guards.On(guardRouteMix) {
			memo.standard = nil
		}
	}
	return memo.standard
}

// countingOf is how events are counted for the question about a latency's quantile or, beyond them, about errors.
func (t *trial) countingOf(at int) counting {
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
