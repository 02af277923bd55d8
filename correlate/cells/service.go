package cells

import (
	"maps"
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// Service is what telemetry has said of one place.
type Service struct {
	streams  map[Key]*Stream
	routes   map[routeKey]*Series
	versions map[string]*Sighting
	seen     []string         // the names of versions, nil when they changed
	callers  map[string]int64 // services that were seen calling this one, and the first bucket of that
	callees  map[string]int64
	sorted   []Key    // the keys of streams, nil when they changed
	names    []string // the callers, nil when they changed
	shape    int
}

// Shape is another number whenever a stream, a version, a route, a caller or a callee of the service came or went, or cells were
// dropped.
func (s *Service) Shape() int { return s.shape }

// Settled says that all streams, versions and calls of the service had begun before an instant: none begins later while Shape is
// the same.
func (s *Service) Settled(by int64) bool {
	for _, str := range s.streams {
		if !str.settled(by) {
			return false
		}
	}
	for _, v := range s.versions {
		if v.First >= by {
			return false
		}
	}
	for _, first := range s.callees {
		if first >= by {
			return false
		}
	}
	return true
}

// Sighting is when a version was first and last seen serving, as bucket starts.
type Sighting struct{ First, Last int64 }

// Keys are those of the streams in a fixed order.
func (s *Service) Keys() []Key {
	if s.sorted == nil {
		s.sorted = slices.SortedFunc(maps.Keys(s.streams), Key.Compare)
	}
	return s.sorted
}

// Stream is the stream of a key, nil when there is none.
func (s *Service) Stream(k Key) *Stream { return s.streams[k] }

// Version is when a version was seen; ok is false when it was not.
func (s *Service) Version(name string) (seen Sighting, ok bool) {
	if v := s.versions[name]; v != nil {
		return *v, true
	}
	return Sighting{}, false
}

// Versions are the names of the versions that were seen, sorted. The caller must not change them.
func (s *Service) Versions() []string {
	if s.seen == nil && len(s.versions) > 0 {
		s.seen = slices.Sorted(maps.Keys(s.versions))
	}
	return s.seen
}

// VersionsBefore is how many versions were seen before an instant.
func (s *Service) VersionsBefore(t int64) (n int) {
	for _, v := range s.versions {
		if v.First < t {
			n++
		}
	}
	return n
}

// Served says that a version was seen in a stretch of time.
func (s *Service) Served(version string, from, to int64) bool {
	_, served := s.FirstServed(version, from, to)
	return served
}

// FirstServed is when a version was first seen in a stretch of time; ok is false when it was not.
func (s *Service) FirstServed(version string, from, to int64) (at int64, ok bool) {
	for _, str := range s.streams {
		v := str.versions[version]
		if v == nil {
			continue
		}
		if in := v.Between(from, to); len(in) > 0 && (!ok || in[0].Start < at) {
			at, ok = in[0].Start, true
		}
	}
	return at, ok
}

// Requested says that requests were counted before an instant.
func (s *Service) Requested(by int64) bool {
	for k, str := range s.streams {
		if k.Kind == correlate.Traffic && str.BeganBefore(by) {
			return true
		}
	}
	return false
}

// tidy forgets a stream without cells, and with an edge who calls whom.
func (st *Store) tidy(p correlate.Place, s *Service, k Key, str *Stream) {
	if !str.total.empty() || !str.coarse.empty() || len(str.versions) > 0 {
		return
	}
	delete(s.streams, k)
	s.sorted = nil
	s.shape++
	st.series--
	st.bytes -= streamBytes
	st.hangUp(p, s, k)
}
