package engine

import (
	"cmp"
	"slices"

	"github.com/shipwake/shipwake/correlate/blame"
)

// graph is who calls whom, as it is asked for at each look: remembered until the store learns of another call or forgets
// one.
type graph struct {
	calls int // what the store knew, see store.calls
	near  map[place]map[place]bool
	of    map[string]*blame.Graph // by environment
}

// known forgets what isn't true any more.
func (e *Engine) known() *graph {
	if g := &e.graph; g.near == nil || g.calls != e.store.calls {
		*g = graph{e.store.calls, map[place]map[place]bool{}, map[string]*blame.Graph{}}
	}
	return &e.graph
}

// near is the places within a few hops of one, itself included. The caller must not change it.
func (e *Engine) near(p place) map[place]bool {
	g := e.known()
	if g.near[p] == nil {
		g.near[p] = e.store.near(p)
	}
	return g.near[p]
}

// graphOf is who calls whom in an environment. The caller must not change it.
func (e *Engine) graphOf(environment string) *blame.Graph {
	g := e.known()
	if g.of[environment] == nil {
		g.of[environment] = blame.NewGraph(e.store.edges(environment))
	}
	return g.of[environment]
}

func (st *store) near(p place) map[place]bool {
	near := map[place]bool{p: true}
	edge := []place{p}
	for range hops {
		var next []place
		for _, q := range edge {
			s := st.services[q]
			if s == nil {
				continue
			}
			for _, side := range []map[string]bool{s.callers, s.callees} {
				for name := range side {
					if n := (place{name, p.Environment}); !near[n] {
						near[n] = true
						next = append(next, n)
					}
				}
			}
		}
		edge = next
	}
	return near
}

// edges are the known calls of an environment, sorted.
func (st *store) edges(environment string) []blame.Edge {
	var edges []blame.Edge
	for p, s := range st.services {
		if p.Environment != environment {
			continue
		}
		for callee := range s.callees {
			edges = append(edges, blame.Edge{From: p.Service, To: callee})
		}
	}
	slices.SortFunc(edges, func(a, b blame.Edge) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	return edges
}
