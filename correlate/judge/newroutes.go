package judge

import (
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// unheardOf is the share of requests for routes without a baseline from which a rise may be theirs alone. That they fail so
// many times as often as any other route did, and at least so often, is no excuse.
const unheardOf, farAbove, oftenFail = 0.2, 5, 0.2

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
func (s *standard) fails(k *class) bool {
	e, n := s.events(k.after)
	worst := 0.0
	for i := range s.classes[:len(s.classes)-1] {
		e, n := s.events(s.classes[i].known)
		worst = max(worst, over(e+imagined/2, n))
	}
	return over(e, n) >= max(oftenFail, farAbove*worst)
}

// rest is the requests since an instant whose routes have a baseline, each route with its share, and what they are compared
// with. The pairs are none when there is nothing to compare.
func (s *standard) rest(begin int64) (pairs []pair, control pair) {
	known := s.classes[:len(s.classes)-1]
	if len(known) == 0 {
		return nil, pair{}
	}
	pairs = make([]pair, s.minutes)
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
	pairs = slices.DeleteFunc(pairs, func(p pair) bool { return p.at < begin || p.nT == 0 })
	usual := totals(pairs)
	if usual.nT == 0 || before.nC == 0 {
		return nil, pair{}
	}
	// The control's own size is what is known of it, its ratio what the mix of the known routes makes of it.
	return pairs, pair{eC: over(usual.eC, usual.nC) * before.nC, nC: before.nC}
}

func (s *standard) eventsIn(of [][]correlate.Cell, in span) (events, exposure float64) {
	for _, cells := range of {
		e, n := s.events([][]correlate.Cell{cellsIn(cells, in)})
		events, exposure = events+e, exposure+n
	}
	return events, exposure
}
