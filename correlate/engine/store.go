package engine

import (
	"maps"
	"slices"
	"strings"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/window"
)

// place is a service in an environment: the unit that changes and is judged.
type place struct{ Service, Environment string }

func (p place) compare(o place) int {
	if c := strings.Compare(p.Service, o.Service); c != 0 {
		return c
	}
	return strings.Compare(p.Environment, o.Environment)
}

// streamKey is a correlate.Key without its place and version.
type streamKey struct {
	kind   correlate.SignalKind
	origin correlate.Origin
	name   string
	peer   string
}

// stream is the cells of one kind of measurement: all versions together, fine and coarse, and each version alone. A zone
// only has the latter, also of no version.
type stream struct {
	total    series
	coarse   series
	versions map[string]*series
}

// service is what telemetry has said of one place.
type service struct {
	streams  map[streamKey]*stream
	routes   map[routeKey]*series
	versions map[string]*sighting
	callers  map[string]int64 // services that were seen calling this one, and the first bucket of that
	callees  map[string]int64
	sorted   []streamKey // the keys of streams, nil when they changed
	names    []string    // the callers, see callerNames
}

// beganBefore says that anything was measured before an instant.
func (str *stream) beganBefore(t int64) bool {
	if str.total.beganBefore(t) || str.coarse.beganBefore(t) {
		return true
	}
	for _, v := range str.versions {
		if v.beganBefore(t) {
			return true
		}
	}
	return false
}

// routesBefore and versionsBefore are how many were seen before an instant.
func (s *service) routesBefore(t int64) (n int) {
	for _, r := range s.routes {
		if r.beganBefore(t) {
			n++
		}
	}
	return n
}

func (s *service) versionsBefore(t int64) (n int) {
	for _, v := range s.versions {
		if v.first < t {
			n++
		}
	}
	return n
}

// sighting is when a version was first and last seen serving, as bucket starts.
type sighting struct{ first, last int64 }

// store is the memory of measurements.
type store struct {
	services map[place]*service
	heard    map[string][]int64 // the buckets in which anything of an environment was received, sorted
	series   int
	apart    int   // how many of the series tell a version or a part of the requests apart
	bytes    int64 // what all of it takes, see weight.go
	calls    int   // how often a call was seen for the first time, or a caller was forgotten
	losses   map[place]*losses
	full     bool  // new services are not told apart
	floor    int64 // nothing that starts earlier is restored
}

func newStore() *store {
	return &store{services: map[place]*service{}, heard: map[string][]int64{}, losses: map[place]*losses{}}
}

func (st *store) at(p place) *service {
	s := st.services[p]
	if s == nil {
		s = &service{
			streams:  map[streamKey]*stream{},
			routes:   map[routeKey]*series{},
			versions: map[string]*sighting{},
			callers:  map[string]int64{},
			callees:  map[string]int64{},
		}
		st.services[p] = s
		st.bytes += serviceBytes
	}
	return s
}

func keyOf(k correlate.Key) streamKey {
	key := streamKey{kind: k.Kind, origin: k.Origin, name: k.Name, peer: k.Peer}
	if k.Kind == correlate.Edge {
		key.name = "" // the callee's version: its own traffic tells it better
	}
	return key
}

// hear notes a bucket in which something was received.
func (st *store) hear(environment string, start int64) {
	starts := st.heard[environment]
	if n := len(starts); n == 0 || starts[n-1] < start {
		st.heard[environment] = append(starts, start)
		return
	}
	if at, known := slices.BinarySearch(starts, start); !known {
		st.heard[environment] = slices.Insert(starts, at, start)
	}
}

// lastHeard is the last bucket before an instant in which anything of an environment was received, 0 when none is known.
func (st *store) lastHeard(environment string, now int64) int64 {
	starts := st.heard[environment]
	n, _ := slices.BinarySearch(starts, now)
	if n == 0 {
		return 0
	}
	return starts[n-1]
}

// addFine merges a fine cell, unless it is of what was forgotten.
func (st *store) addFine(m correlate.Measurement) {
	p := place{m.Service, m.Environment}
	st.hear(m.Environment, m.Start)
	gone := st.forgotten(p)
	if m.Start < gone.coarse || (isPart(m.Kind) && m.Start < gone.operations) {
		return
	}
	s := st.at(p)
	if m.Start < max(gone.fine, st.floor) {
		if m.Version != "" {
			st.see(s, m.Version, m.Start)
		}
		return
	}
	str := st.stream(s, keyOf(m.Key))
	if m.Kind != correlate.Zone {
		st.bytes += str.total.add(m.Cell)
	}
	if m.Kind == correlate.Zone || (m.Version != "" && m.Kind != correlate.Edge && m.Kind != correlate.Trace) {
		if m.Version != "" {
			st.see(s, m.Version, m.Start)
		}
		if m.Kind == correlate.Zone || m.Start >= gone.versions {
			st.bytes += st.version(str, m.Version).add(m.Cell)
		}
	}
	if m.Kind == correlate.Edge && m.Peer != "" {
		callee := st.at(place{m.Peer, m.Environment})
		if first, known := s.callees[m.Peer]; !known || m.Start < first || callee.callers[m.Service] != first {
			s.callees[m.Peer], callee.callers[m.Service] = m.Start, m.Start
			if !known {
				st.bytes += callBytes
			}
			st.calls++
		}
	}
}

// addCoarse merges a cell into the rollup it belongs to. Zones are compared with each other, and traces tell versions of
// now apart: nobody asks for them of earlier days.
func (st *store) addCoarse(m correlate.Measurement, width int64) {
	if m.Kind == correlate.Zone || m.Kind == correlate.Trace {
		return
	}
	c := m.Cell
	c.Start = window.Floor(c.Start, width)
	p := place{m.Service, m.Environment}
	if gone := st.forgotten(p); c.Start < gone.coarse || (isPart(m.Kind) && c.Start < gone.operations) {
		return
	}
	st.bytes += st.stream(st.at(p), keyOf(m.Key)).coarse.add(c)
}

func (st *store) version(str *stream, name string) *series {
	v := str.versions[name]
	if v == nil {
		v = &series{}
		str.versions[name] = v
		st.series++
		st.apart++
		st.bytes += seriesBytes
	}
	return v
}

func (st *store) stream(s *service, k streamKey) *stream {
	str := s.streams[k]
	if str == nil {
		str = &stream{versions: map[string]*series{}}
		s.streams[k] = str
		s.sorted = nil
		st.series++
		st.bytes += streamBytes
	}
	return str
}

func (st *store) see(s *service, version string, start int64) {
	seen := s.versions[version]
	if seen == nil {
		s.versions[version] = &sighting{start, start}
		st.bytes += sightingBytes
		return
	}
	seen.first, seen.last = min(seen.first, start), max(seen.last, start)
}

// keys are the stream keys in a fixed order.
func (s *service) keys() []streamKey {
	if s.sorted != nil {
		return s.sorted
	}
	keys := slices.Collect(maps.Keys(s.streams))
	slices.SortFunc(keys, func(a, b streamKey) int {
		return correlate.Key{Kind: a.kind, Origin: a.origin, Name: a.name, Peer: a.peer}.
			Compare(correlate.Key{Kind: b.kind, Origin: b.origin, Name: b.name, Peer: b.peer})
	})
	s.sorted = keys
	return keys
}

// callerNames are the callers in a fixed order.
func (s *service) callerNames() []string {
	if len(s.names) != len(s.callers) {
		s.names = slices.Sorted(maps.Keys(s.callers))
	}
	return s.names
}

// places are the known places in a fixed order.
func (st *store) places() []place {
	return slices.SortedFunc(maps.Keys(st.services), place.compare)
}

// rollup collects the coarse cells that start at the given time, sorted by key.
func (st *store) rollup(start int64) []correlate.Measurement {
	var cells []correlate.Measurement
	for p, s := range st.services {
		for k, str := range s.streams {
			for _, c := range str.coarse.between(start, start+1) {
				cells = append(cells, correlate.Measurement{
					Key: correlate.Key{
						Service: p.Service, Environment: p.Environment,
						Kind: k.kind, Origin: k.origin, Name: k.name, Peer: k.peer,
					},
					Cell: c,
				})
			}
		}
	}
	slices.SortFunc(cells, func(a, b correlate.Measurement) int { return a.Key.Compare(b.Key) })
	return cells
}

// expire forgets fine cells before the time that fineFrom gives for a place, and coarse cells before coarse. A stream
// or version without cells left is forgotten with them; when a version was seen is not.
func (st *store) expire(fineFrom func(place) int64, coarse int64) {
	for environment, starts := range st.heard {
		from := fineFrom(place{Environment: environment})
		n, _ := slices.BinarySearch(starts, from)
		st.heard[environment] = slices.Clone(starts[n:])
	}
	for p, s := range st.services {
		fine := fineFrom(p)
		for k, str := range s.streams {
			st.dropFrom(str, fine)
			st.bytes -= str.coarse.drop(coarse).bytes
			st.tidy(p, s, k, str)
		}
		for name, seen := range s.versions {
			if seen.last < coarse {
				delete(s.versions, name)
				st.bytes -= sightingBytes
			}
		}
		st.expireRoutes(s, fine)
		st.release(p, s)
	}
	st.expireLosses(fineFrom)
}

// dropFrom forgets the fine cells of a stream, and the versions that have none left.
func (st *store) dropFrom(str *stream, fine int64) taken {
	freed := str.total.drop(fine)
	st.bytes -= freed.bytes
	freed.add(st.dropVersions(str, fine))
	return freed
}

func (st *store) dropVersion(str *stream, name string) {
	delete(str.versions, name)
	st.series--
	st.apart--
	st.bytes -= seriesBytes
}

// tidy forgets a stream without cells, and with an edge who calls whom.
func (st *store) tidy(p place, s *service, k streamKey, str *stream) {
	if len(str.total) > 0 || len(str.coarse) > 0 || len(str.versions) > 0 {
		return
	}
	delete(s.streams, k)
	s.sorted = nil
	st.series--
	st.bytes -= streamBytes
	if _, known := s.callees[k.peer]; k.kind != correlate.Edge || !known || s.calls(k.peer) {
		return
	}
	callee := place{k.peer, p.Environment}
	delete(s.callees, k.peer)
	st.bytes -= callBytes
	st.calls++
	if c := st.services[callee]; c != nil {
		delete(c.callers, p.Service)
		c.names = nil
		st.release(callee, c)
	}
}

// calls says that there are measurements of calls to a service.
func (s *service) calls(peer string) bool {
	for k := range s.streams {
		if k.kind == correlate.Edge && k.peer == peer {
			return true
		}
	}
	return false
}

// release forgets a place of which nothing is known any more.
func (st *store) release(p place, s *service) {
	if len(s.streams) == 0 && len(s.routes) == 0 && len(s.callers) == 0 && st.services[p] == s {
		st.bytes -= serviceBytes + sightingBytes*int64(len(s.versions))
		delete(st.services, p)
		st.calls++
	}
}
