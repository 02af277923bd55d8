package engine

import (
	"cmp"
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate/blame"
)

// graph is who calls whom, as it was known at an instant and is asked for at each look: remembered until the store learns
// of another call or forgets one, and as long as no call that it knows of began in between.
type graph struct {
	calls    int   // what the store knew, see store.calls
	from, to int64 // it holds for from < instant <= to
	near     map[place]map[place]bool
	of       map[string]*blame.Graph // by environment
}

// known forgets what isn't true any more.
func (e *Engine) known() *graph {
	g := &e.graph
	if g.near == nil || g.calls != e.store.calls || e.asOf <= g.from || e.asOf > g.to {
		*g = graph{calls: e.store.calls, near: map[place]map[place]bool{}, of: map[string]*blame.Graph{}}
		g.from, g.to = e.store.sameCalls(e.asOf)
	}
	return g
}

// sameCalls is the stretch of time around an instant in which no call was seen for the first time.
func (st *store) sameCalls(asOf int64) (from, to int64) {
	from, to = math.MinInt64, math.MaxInt64
	for _, s := range st.services {
		for _, first := range s.callees {
			if first < asOf {
				from = max(from, first)
			} else {
				to = min(to, first)
			}
		}
	}
	return from, to
}

// near is the places within a few hops of one, itself included. The caller must not change it.
func (e *Engine) near(p place) map[place]bool {
	g := e.known()
	if g.near[p] == nil {
		g.near[p] = e.store.near(p, e.asOf)
	}
	return g.near[p]
}

// graphOf is who calls whom in an environment. The caller must not change it.
func (e *Engine) graphOf(environment string) *blame.Graph {
	g := e.known()
	if g.of[environment] == nil {
		g.of[environment] = blame.NewGraph(e.store.edges(environment, e.asOf))
	}
	return g.of[environment]
}

func (st *store) near(p place, asOf int64) map[place]bool {
	near := map[place]bool{p: true}
	edge := []place{p}
	for range hops {
		var next []place
		for _, q := range edge {
			s := st.services[q]
			if s == nil {
				continue
			}
			for _, side := range []map[string]int64{s.callers, s.callees} {
				for name, first := range side {
					if n := (place{name, p.Environment}); first < asOf && !near[n] {
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

// edges are the calls of an environment that were known at an instant, sorted.
func (st *store) edges(environment string, asOf int64) []blame.Edge {
	var edges []blame.Edge
	for p, s := range st.services {
		if p.Environment != environment {
			continue
		}
		for callee, first := range s.callees {
			if first < asOf {
				edges = append(edges, blame.Edge{From: p.Service, To: callee})
			}
		}
	}
	slices.SortFunc(edges, func(a, b blame.Edge) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	return edges
}
