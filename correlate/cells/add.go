package cells

import (
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/window"
)

// Add takes a measurement in. A cell in a rollup that is already closed stays out of it.
func (st *Store) Add(m correlate.Measurement) {
	switch m.Kind {
	case correlate.Lost:
		st.lost(m)
	case correlate.Route:
		st.addRoute(m)
	default:
		st.addFine(m)
		if window.Floor(m.Start, st.cfg.Coarse) >= st.closed {
			st.addCoarse(m)
		}
	}
}

// addFine merges a fine cell, unless it is of what was forgotten.
func (st *Store) addFine(m correlate.Measurement) {
	p := placeOf(&m.Key)
	st.hear(m.Environment, m.Origin, m.Start)
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
	st.addVersion(s, str, m, gone)
	st.bytes += str.shareAgain(m.Start)
	if m.Kind == correlate.Edge && m.Peer != "" {
		st.call(s, m)
	}
}

// addVersion merges a cell into the series of its version. A zone only has these, also of no version.
func (st *Store) addVersion(s *Service, str *Stream, m correlate.Measurement, gone forgotten) {
	zone := m.Kind == correlate.Zone
	if !zone && (m.Version == "" || m.Kind == correlate.Edge || m.Kind == correlate.Trace) {
		return
	}
	if m.Version != "" {
		st.see(s, m.Version, m.Start)
	}
	if zone || m.Start >= gone.versions {
		st.bytes += st.version(s, str, m.Version).add(m.Cell)
	}
}

// addCoarse merges a cell into the rollup it belongs to. It returns false for what is not kept.
func (st *Store) addCoarse(m correlate.Measurement) bool {
	if !inRollups(m.Kind) {
		return false
	}
	c := m.Cell
	c.Start = window.Floor(c.Start, st.cfg.Coarse)
	p := placeOf(&m.Key)
	if gone := st.forgotten(p); c.Start < gone.coarse || (isPart(m.Kind) && c.Start < gone.operations) {
		return false
	}
	str := st.stream(st.at(p), keyOf(m.Key))
	if c.Start < str.measured {
		st.bytes += str.measure(c.Start)
	}
	st.bytes += str.coarse.add(c)
	return true
}

func placeOf(k *correlate.Key) correlate.Place {
	return correlate.Place{Service: k.Service, Environment: k.Environment}
}

func keyOf(k correlate.Key) Key {
	key := Key{Kind: k.Kind, Origin: k.Origin, Name: k.Name, Peer: k.Peer}
	if k.Kind == correlate.Edge {
		key.Name = "" // the callee's version: its own traffic tells it better
	}
	return key
}

func (st *Store) version(s *Service, str *Stream, name string) *Series {
	v := str.versions[name]
	if v == nil {
		s.shape++
		v = newSeries(st.ofFine, st.packed)
		str.versions[name] = v
		st.series++
		st.apart++
		st.bytes += seriesBytes
	}
	return v
}

func (st *Store) stream(s *Service, k Key) *Stream {
	str := s.streams[k]
	if str == nil {
		str = &Stream{
			total: *newSeries(st.ofFine, st.packed), coarse: *newSeries(st.ofRollups, st.rolled),
			versions: map[string]*Series{}, width: st.cfg.Coarse, measured: unmeasured,
		}
		s.streams[k] = str
		s.sorted = nil
		s.shape++
		st.series++
		st.bytes += streamBytes
	}
	return str
}

func (st *Store) see(s *Service, version string, start int64) {
	seen := s.versions[version]
	if seen == nil {
		s.versions[version], s.seen = &Sighting{start, start}, nil
		s.shape++
		st.bytes += sightingBytes
		return
	}
	seen.First, seen.Last = min(seen.First, start), max(seen.Last, start)
}
