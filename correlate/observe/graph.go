package observe

import (
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/blame"
	"github.com/shipwake/shipwake/correlate/cells"
)

// hops is how far from a changed service a fault is still looked for.
const hops = 3

// calls is who calls whom, as it was known at an instant and is asked for at each look: remembered until the store learns
// of another call or forgets one, and as long as no call that it knows of began in between.
type calls struct {
	known    int   // what the store knew, see cells.Store.CallsKnown
	from, to int64 // it holds for from < instant <= to
	near     map[correlate.Place]map[correlate.Place]bool
	of       map[string]*blame.Graph // by environment
}

// callsBy forgets what isn't true at an instant.
func (o *Observer) callsBy(t int64) *calls {
	g := &o.calls
	if g.near == nil || g.known != o.cells.CallsKnown() || t <= g.from || t > g.to {
		*g = calls{
			known: o.cells.CallsKnown(), near: map[correlate.Place]map[correlate.Place]bool{}, of: map[string]*blame.Graph{},
		}
		g.from, g.to = o.cells.SameCalls(t)
	}
	return g
}

// Near is the places within a few hops of one by the calls that were known at an instant, itself included. The caller must
// not change it.
func (o *Observer) Near(p correlate.Place, t int64) map[correlate.Place]bool {
	g := o.callsBy(t)
	if g.near[p] == nil {
		g.near[p] = near(o.cells, p, t)
	}
	return g.near[p]
}

// Graph is who calls whom in an environment, as it was known at an instant. The caller must not change it.
func (o *Observer) Graph(environment string, t int64) *blame.Graph {
	g := o.callsBy(t)
	if g.of[environment] == nil {
		g.of[environment] = blame.NewGraph(edges(o.cells, environment, t))
	}
	return g.of[environment]
}

func near(st *cells.Store, p correlate.Place, by int64) map[correlate.Place]bool {
	near := map[correlate.Place]bool{p: true}
	edge := []correlate.Place{p}
	for range hops {
		var next []correlate.Place
		for _, q := range edge {
			s := st.Service(q)
			if s == nil {
				continue
			}
			for name := range s.Adjacent(by) {
				if n := (correlate.Place{Service: name, Environment: p.Environment}); !near[n] {
					near[n] = true
					next = append(next, n)
				}
			}
		}
		edge = next
	}
	return near
}

// edges are the calls of an environment that were known at an instant, sorted.
func edges(st *cells.Store, environment string, by int64) []blame.Edge {
	var edges []blame.Edge
	for _, p := range st.Places() {
		if p.Environment != environment {
			continue
		}
		for _, callee := range st.Service(p).Callees(by) {
			edges = append(edges, blame.Edge{From: p.Service, To: callee})
		}
	}
	return edges
}
