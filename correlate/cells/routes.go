package cells

import (
	"cmp"
	"maps"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/window"
)

// routeBuckets is how many fine buckets a cell of a route is wide: a minute says soon enough which requests came, and the
// two hours of a route take some 4 kB. The reducer tells at most 17 routes of a version and instrumentation apart.
const routeBuckets = 6

// routeKey tells the series of the routes of a service apart.
type routeKey struct {
	origin        correlate.Origin
	name, version string
}

func (k routeKey) compare(o routeKey) int {
	return cmp.Or(cmp.Compare(k.origin, o.origin), cmp.Compare(k.name, o.name), cmp.Compare(k.version, o.version))
}

// Route is the requests of a service for one route that one version answered.
type Route struct {
	Name, Version string
	Cells         *Series
}

// RouteWidth is the width of a route's cell in seconds.
func (c Config) RouteWidth() int64 { return routeBuckets * c.Resolution }

// Routes are the routes of a service as one instrumentation tells them, sorted by name and version.
func (s *Service) Routes(origin correlate.Origin) []Route {
	keys := slices.Collect(maps.Keys(s.routes))
	keys = slices.DeleteFunc(keys, func(k routeKey) bool { return k.origin != origin })
	slices.SortFunc(keys, routeKey.compare)
	all := make([]Route, len(keys))
	for i, k := range keys {
		all[i] = Route{k.name, k.version, s.routes[k]}
	}
	return all
}

// RoutesBefore is how many routes have cells that start before an instant, counted once for each version and instrumentation.
func (s *Service) RoutesBefore(t int64) (n int) {
	for _, r := range s.routes {
		if r.BeganBefore(t) {
			n++
		}
	}
	return n
}

// addRoute merges a cell of a route. Routes are kept as long as fine cells, so that the ledger's checkpoints bring them
// back; there are no rollups of them.
func (st *Store) addRoute(m correlate.Measurement) {
	p := placeOf(&m.Key)
	m.Cell.Start = window.Floor(m.Start, st.cfg.RouteWidth())
	if gone := st.forgotten(p); m.Start < max(gone.fine, gone.operations, st.floor) {
		return
	}
	s := st.at(p)
	k := routeKey{m.Origin, m.Name, m.Version}
	cells := s.routes[k]
	if cells == nil {
		cells = newSeries(st.ofRoutes, window.Floor(st.packed, st.cfg.Coarse))
		s.routes[k] = cells
		s.shape++
		st.series++
		st.apart++
		st.bytes += seriesBytes
	}
	st.bytes += cells.add(m.Cell)
}

// dropRoutes forgets the cells of routes before a time.
func (st *Store) dropRoutes(s *Service, before int64) (freed taken) {
	for k, cells := range s.routes {
		freed.add(cells.drop(before))
		if cells.empty() {
			delete(s.routes, k)
			s.shape++
			st.series--
			st.apart--
			st.bytes -= seriesBytes
		}
	}
	st.bytes -= freed.bytes
	return freed
}
