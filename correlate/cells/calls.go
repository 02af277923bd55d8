package cells

import (
	"iter"
	"maps"
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// call notes who was seen calling whom, and since when.
func (st *Store) call(s *Service, m correlate.Measurement) {
	callee := st.at(correlate.Place{Service: m.Peer, Environment: m.Environment})
	first, known := s.callees[m.Peer]
	if known && m.Start >= first && callee.callers[m.Service] == first {
		return
	}
	s.callees[m.Peer], callee.callers[m.Service] = m.Start, m.Start
	callee.names = nil
	s.shape++
	callee.shape++
	if !known {
		st.bytes += callBytes
	}
	st.calls++
}

// hangUp forgets that a place calls another one, once no measurements of such calls are left.
func (st *Store) hangUp(p correlate.Place, s *Service, k Key) {
	if _, known := s.callees[k.Peer]; k.Kind != correlate.Edge || !known || s.calls(k.Peer) {
		return
	}
	callee := correlate.Place{Service: k.Peer, Environment: p.Environment}
	delete(s.callees, k.Peer)
	s.shape++
	st.bytes -= callBytes
	st.calls++
	if c := st.services[callee]; c != nil {
		delete(c.callers, p.Service)
		c.names = nil
		c.shape++
		st.release(callee, c)
	}
}

// calls says that there are measurements of calls to a service.
func (s *Service) calls(peer string) bool {
	for k := range s.streams {
		if k.Kind == correlate.Edge && k.Peer == peer {
			return true
		}
	}
	return false
}

// Callers are the services that were ever seen calling this one, in a fixed order.
func (s *Service) Callers() []string {
	if s.names == nil {
		s.names = slices.Sorted(maps.Keys(s.callers))
	}
	return s.names
}

// Adjacent are the services that were seen calling this one, or called by it, before an instant, in no order.
func (s *Service) Adjacent(by int64) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, side := range [...]map[string]int64{s.callers, s.callees} {
			for name, first := range side {
				if first < by && !yield(name) {
					return
				}
			}
		}
	}
}

// Callees are the services that this one was seen calling before an instant, sorted.
func (s *Service) Callees(by int64) (names []string) {
	for name, first := range s.callees {
		if first < by {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Calls says that this service was seen calling any before an instant.
func (s *Service) Calls(by int64) bool {
	for _, first := range s.callees {
		if first < by {
			return true
		}
	}
	return false
}

// CallsKnown is another number whenever who calls whom may be known otherwise than before.
func (st *Store) CallsKnown() int { return st.calls }

// SameCalls is the stretch of time around an instant in which no call was seen for the first time: what is known of calls
// is the same for every instant after from, up to and including to.
func (st *Store) SameCalls(by int64) (from, to int64) {
	from, to = math.MinInt64, math.MaxInt64
	for _, s := range st.services {
		for _, first := range s.callees {
			if first < by {
				from = max(from, first)
			} else {
				to = min(to, first)
			}
		}
	}
	return from, to
}
