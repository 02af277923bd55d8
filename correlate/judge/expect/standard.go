package expect

import (
	"math"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
)

const (
	// relevant is by which factor the mix must have moved what is expected, and doubts how many standard deviations of
	// chance that must be. Requests come in sessions, which makes chance greater by the factor sessions.
	relevant, doubts, sessions = 1.1, 3, 4
	// imagined is how many events at the usual ratio steady what is known of a route, and counted how many there must be of
	// all routes together for any to be known.
	imagined, counted = 2, 5
)

// Standard is what a mix makes of a question: how often the event was to be expected, had no route become worse.
type Standard struct {
	*RouteMix
	Q     evalue.Counting
	rate  []float64 // the control's event ratio, by class
	known []float64 // its exposures
	mean  float64
	whole stretch
	room  []part
}

// StandardOf is that of a question; nil when too little is known, or when the mix hardly moves what is to be expected.
func (m *RouteMix) StandardOf(q evalue.Counting) *Standard {
	s := &Standard{RouteMix: m, Q: q, rate: make([]float64, len(m.Classes)), known: make([]float64, len(m.Classes))}
	var events, exposure float64
	for i := range m.Classes {
		s.rate[i], s.known[i] = s.events(m.Classes[i].known)
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

func (s *Standard) events(of [][]correlate.Cell) (events, exposure float64) {
	for _, cells := range of {
		for i := range cells {
			e, n := s.Q(&cells[i])
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
func (s *Standard) parts(in stretch) []part {
	parts := s.room[:0]
	var left, fails float64
	for i := range s.Classes {
		t, c := s.shares(&s.Classes[i], in)
		parts = append(parts, part{t, c, s.rate[i]})
		if s.Classes[i].name != "" && c > t {
			left, fails = left+c-t, fails+(c-t)*s.rate[i]
		}
	}
	s.room = parts
	if k := &parts[len(parts)-1]; s.Classes[len(parts)-1].name == "" && k.treated > k.control && left > 0 {
		k.rate = (k.control*k.rate + (k.treated-k.control)*fails/left) / k.treated
	}
	return parts
}

// factor is by how much the mix alone moves the event ratio in a stretch.
func (s *Standard) factor(in stretch) float64 {
	var treated, control float64
	for i, p := range s.parts(in) {
		treated, control = treated+p.treated*p.rate, control+p.control*s.rate[i]
	}
	return treated / control
}

// moved says that the factor is relevant and no chance: that of who happened to come and, where it lets expect fewer
// events, that of what is known of the routes.
func (s *Standard) moved(in stretch) bool {
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

// At is the factor in a span.
func (s *Standard) At(in evalue.Span) float64 { return s.factor(s.around(in)) }

// around is the minutes of a span, or the nearest that are complete.
func (s *Standard) around(in evalue.Span) stretch {
	last := s.minutes - 1
	from := min(max(int((in.From-s.first)/s.width), 0), last)
	to := min(max(int((in.To-s.first+s.width-1)/s.width), from+1), last+1)
	here := s.stretch(from, to)
	if here.treated == 0 || here.control == 0 {
		here = s.whole
	}
	return here
}

// Slower is by how much the mix alone moves a quantile of the latency in a span.
func (s *Standard) Slower(q float64, in evalue.Span) float64 {
	var before, after evalue.WeightedHistogram
	here := s.around(in)
	for i := range s.Classes {
		k := &s.Classes[i]
		t, c := s.shares(k, here)
		if s.known[i] == 0 {
			continue
		}
		for _, cells := range k.known {
			before.Add(cells, c/s.known[i])
			after.Add(cells, t/s.known[i])
		}
	}
	if low := before.Quantile(q); low > 0 {
		return after.Quantile(q) / low
	}
	return 1
}
