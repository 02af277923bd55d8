package engine

import (
	"cmp"
	"maps"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge"
	"github.com/shipwake/shipwake/correlate/window"
)

// routeBuckets is how many fine buckets a cell of a route is wide: a minute says soon enough which requests came, and the
// two hours of a route take some 25 kB. The reducer tells at most 17 routes of a version and instrumentation apart.
const routeBuckets = 6

// routeKey tells the series of the routes of a service apart.
type routeKey struct {
	origin        correlate.Origin
	name, version string
}

func (k routeKey) compare(o routeKey) int {
	return cmp.Or(cmp.Compare(k.origin, o.origin), cmp.Compare(k.name, o.name), cmp.Compare(k.version, o.version))
}

// addRoute merges a cell of a route. Routes are kept as long as fine cells, so that the ledger's checkpoints bring them
// back; there are no rollups of them.
func (st *store) addRoute(m correlate.Measurement, width int64) {
	p := place{m.Service, m.Environment}
	m.Cell.Start = window.Floor(m.Start, width)
	if gone := st.forgotten(p); m.Start < max(gone.fine, gone.operations, st.floor) {
		return
	}
	s := st.at(p)
	k := routeKey{m.Origin, m.Name, m.Version}
	cells := s.routes[k]
	if cells == nil {
		cells = &series{}
		s.routes[k] = cells
		st.series++
		st.apart++
		st.bytes += seriesBytes
	}
	st.bytes += cells.add(m.Cell)
}

// expireRoutes forgets the cells of routes before a time.
func (st *store) expireRoutes(s *service, before int64) (freed taken) {
	for k, cells := range s.routes {
		freed.add(cells.drop(before))
		if len(*cells) == 0 {
			delete(s.routes, k)
			st.series--
			st.apart--
			st.bytes -= seriesBytes
		}
	}
	st.bytes -= freed.bytes
	return freed
}

// routeWidth is the width of a route's cell in seconds.
func (e *Engine) routeWidth() int64 { return routeBuckets * e.cfg.Resolution }

// routesOf are the requests of a service by route, as one instrumentation tells them, in cells that ended by an instant.
func (e *Engine) routesOf(s *service, w *watch, origin correlate.Origin, from, now int64) []judge.Part {
	keys := slices.Collect(maps.Keys(s.routes))
	keys = slices.DeleteFunc(keys, func(k routeKey) bool { return k.origin != origin })
	slices.SortFunc(keys, routeKey.compare)
	parts := make([]judge.Part, len(keys))
	width := e.routeWidth()
	for i, k := range keys {
		parts[i] = judge.Part{
			Name: k.name, New: w.version != "" && k.version == w.version,
			Cells: outside(s.routes[k].between(from, now-width+1), w.past.bad, width, w.start),
		}
	}
	return parts
}
