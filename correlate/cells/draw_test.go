package cells

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
)

const midnight = 1772409600 // 2 March 2026, a multiple of a rollup's width

func config() Config {
	return Config{
		Resolution: 10, Coarse: 300, Lateness: 30, AllowedLateness: 600, Baseline: 600, FineKeep: 1500, CoarseKeep: 8 * 24 * 3600,
	}
}

func place(service string) correlate.Place {
	return correlate.Place{Service: service, Environment: correlate.DefaultEnvironment}
}

func traffic(service, version string, start, requests int64) correlate.Measurement {
	m := correlate.Measurement{
		Key: correlate.Key{
			Service: service, Environment: correlate.DefaultEnvironment, Version: version, Kind: correlate.Traffic, Origin: correlate.OriginSpan,
		},
		Cell: correlate.Cell{Start: start, Requests: requests},
	}
	m.Latency.Add(190, requests)
	return m
}

func call(from, to string, start int64) correlate.Measurement {
	m := traffic(from, "", start, 1)
	m.Kind, m.Origin, m.Peer = correlate.Edge, correlate.OriginClientSpan, to
	return m
}

func lost(service, what string, start int64) correlate.Measurement {
	k := correlate.Key{Service: service, Environment: correlate.DefaultEnvironment, Kind: correlate.Lost, Name: what}
	if service == "" {
		k.Environment = ""
	}
	return correlate.Measurement{Key: k, Cell: correlate.Cell{Start: start, Requests: 1}}
}

// drawMeasurements are some of a few services in a stretch of time, of all kinds that are kept apart.
func drawMeasurements(t *rapid.T, from, to int64) []correlate.Measurement {
	name := rapid.SampledFrom([]string{"a", "b", "c", "d"})
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) correlate.Measurement {
		m := traffic(name.Draw(t, "service"), rapid.SampledFrom([]string{"", "v1", "v2"}).Draw(t, "version"),
			from+10*rapid.Int64Range(0, (to-from)/10-1).Draw(t, "bucket"), rapid.Int64Range(1, 9).Draw(t, "requests"))
		m.Kind = rapid.SampledFrom([]correlate.SignalKind{
			correlate.Traffic, correlate.Log, correlate.Gauge, correlate.Edge, correlate.Zone, correlate.Trace, correlate.Route, correlate.Lost,
		}).Draw(t, "kind")
		switch m.Kind {
		case correlate.Edge, correlate.Trace:
			m.Peer = name.Draw(t, "peer")
		case correlate.Zone, correlate.Route, correlate.Gauge:
			m.Name = rapid.SampledFrom([]string{"x", "y"}).Draw(t, "name")
		case correlate.Lost:
			m = lost(m.Service, rapid.SampledFrom([]string{correlate.LostShed, correlate.LostSignals}).Draw(t, "what"), m.Start)
		}
		return m
	}), 0, 60).Draw(t, "measurements")
}

// copies are measurements that share no memory with others, as each that comes in.
func copies(all []correlate.Measurement) []correlate.Measurement {
	all = slices.Clone(all)
	for i := range all {
		all[i].Latency = slices.Clone(all[i].Latency)
	}
	return all
}

func addAll(st *Store, all []correlate.Measurement) {
	for _, m := range copies(all) {
		st.Add(m)
	}
}

// everything is the cells of a series, which isn't touched.
func everything(s *Series) run { return s.copied(math.MinInt64, math.MaxInt64) }

// dump is everything that a store knows, in words.
func dump(st *Store) (lines []string) {
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	for _, p := range st.Places() {
		s := st.Service(p)
		add("%v called by %v", p, s.callers)
		add("%v calls %v", p, s.callees)
		for _, v := range s.Versions() {
			seen, _ := s.Version(v)
			add("%v version %q seen %v", p, v, seen)
		}
		for _, k := range s.Keys() {
			str := s.Stream(k)
			add("%v %v total %v rollups %v", p, k, everything(str.Total()), everything(str.Coarse()))
			for _, v := range str.Versions(nil) {
				add("%v %v version %q %v", p, k, v, everything(str.Version(v)))
			}
		}
		for _, r := range s.Routes(correlate.OriginSpan) {
			add("%v route %v %v %v", p, r.Name, r.Version, everything(r.Cells))
		}
	}
	for _, environment := range []string{correlate.DefaultEnvironment, "staging"} {
		for w := byOthers; w <= byLogs; w++ {
			add("heard %s %v %v", environment, w, st.hearing[pipeline{environment, w}])
		}
	}
	for _, p := range slices.SortedFunc(maps.Keys(st.losses), correlate.Place.Compare) {
		add("lost %v %v", p, *st.losses[p])
	}
	add("%+v", st.Memory())
	return lines
}
