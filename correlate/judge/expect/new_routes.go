package expect

import (
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
)

// manyNew is the share of requests for routes without a baseline from which a rise may be theirs alone. That they fail so
// many times as often as any other route did, and at least so often, is no excuse.
const manyNew, farAbove, oftenFail = 0.2, 5, 0.2

// ManyNew says that lately many requests were for routes without a baseline: new ones, and not because others are called
// so now.
func (m *RouteMix) ManyNew() bool {
	const lately, gone = 5, 0.5
	in := m.stretch(max(0, m.minutes-lately), m.minutes)
	last := len(m.Classes) - 1
	if in.treated == 0 || in.control == 0 || m.Classes[last].name != "" {
		return false
	}
	fresh, old := m.shares(&m.Classes[last], in)
	if fresh -= old; fresh < manyNew {
		return false
	}
	renamed := 0.0
	for i := range m.Classes[:last] {
		if t, c := m.shares(&m.Classes[i], in); t < gone*c*(1-fresh) {
			renamed += c - t
		}
	}
	return fresh-renamed >= manyNew
}

// Fails says that routes without a baseline fail far more often than any other did.
func (s *Standard) Fails(k *Class) bool {
	e, n := s.events(k.after)
	worst := 0.0
	for i := range s.Classes[:len(s.Classes)-1] {
		e, n := s.events(s.Classes[i].known)
		worst = max(worst, evalue.Ratio(e+imagined/2, n))
	}
	return evalue.Ratio(e, n) >= max(oftenFail, farAbove*worst)
}

// Rest is the requests since an instant whose routes have a baseline, each route with its share, and what they are compared
// with. The pairs are none when there is nothing to compare.
func (s *Standard) Rest(begin int64) (pairs []evalue.Pair, control evalue.Pair) {
	known := s.Classes[:len(s.Classes)-1]
	if len(known) == 0 {
		return nil, evalue.Pair{}
	}
	pairs = make([]evalue.Pair, s.minutes)
	var before evalue.Pair
	for i := range known {
		e, n := s.events(known[i].known)
		before.EC, before.NC = before.EC+e, before.NC+n
	}
	for i := range pairs {
		p := &pairs[i]
		p.At = s.first + int64(i)*s.width
		in := evalue.Span{From: p.At, To: p.At + s.width}
		for j := range known {
			k := &known[j]
			e, n := s.eventsIn(k.after, in)
			own, all := s.events(k.known)
			p.ET, p.NT = p.ET+e, p.NT+n
			// A route's requests are expected to have its own ratio.
			p.NC += n
			p.EC += n * evalue.Ratio(own+imagined, all+imagined*evalue.Ratio(before.NC, before.EC))
		}
	}
	pairs = slices.DeleteFunc(pairs, func(p evalue.Pair) bool { return p.At < begin || p.NT == 0 })
	usual := evalue.Totals(pairs)
	if usual.NT == 0 || before.NC == 0 {
		return nil, evalue.Pair{}
	}
	// The control's own size is what is known of it, its ratio what the mix of the known routes makes of it.
	return pairs, evalue.Pair{EC: evalue.Ratio(usual.EC, usual.NC) * before.NC, NC: before.NC}
}

func (s *Standard) eventsIn(of [][]correlate.Cell, in evalue.Span) (events, exposure float64) {
	for _, cells := range of {
		e, n := s.events([][]correlate.Cell{evalue.CellsIn(cells, in)})
		events, exposure = events+e, exposure+n
	}
	return events, exposure
}
