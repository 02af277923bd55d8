package engine

import (
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/blame"
	"github.com/shipwake/shipwake/correlate/cells"
)

// place is a service in an environment.
type place = correlate.Place

// graph is who calls whom, as it was known at an instant and is asked for at each look: remembered until the store learns
// of another call or forgets one, and as long as no call that it knows of began in between.
type graph struct {
	calls    int   // what the store knew, see cells.Store.CallsKnown
	from, to int64 // it holds for from < instant <= to
	near     map[place]map[place]bool
	of       map[string]*blame.Graph // by environment
}

// known forgets what isn't true any more.
func (e *Engine) known() *graph {
	g := &e.graph
	if g.near == nil || g.calls != e.store.CallsKnown() || e.asOf <= g.from || e.asOf > g.to {
		*g = graph{calls: e.store.CallsKnown(), near: map[place]map[place]bool{}, of: map[string]*blame.Graph{}}
		g.from, g.to = e.store.SameCalls(e.asOf)
	}
	return g
}

// near is the places within a few hops of one, itself included. The caller must not change it.
func (e *Engine) near(p place) map[place]bool {
	g := e.known()
	if g.near[p] == nil {
		g.near[p] = nearBy(e.store, p, e.asOf)
	}
	return g.near[p]
}

// graphOf is who calls whom in an environment. The caller must not change it.
func (e *Engine) graphOf(environment string) *blame.Graph {
	g := e.known()
	if g.of[environment] == nil {
		g.of[environment] = blame.NewGraph(edges(e.store, environment, e.asOf))
	}
	return g.of[environment]
}

func nearBy(st *cells.Store, p place, by int64) map[place]bool {
	near := map[place]bool{p: true}
	edge := []place{p}
	for range hops {
		var next []place
		for _, q := range edge {
			s := st.Service(q)
			if s == nil {
				continue
			}
			for name := range s.Adjacent(by) {
				if n := (place{Service: name, Environment: p.Environment}); !near[n] {
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
