package blame

import (
	"math"
	"slices"
)

// Graph is who calls whom. It doesn't change.
type Graph struct{ callees, callers map[string][]string }

// NewGraph makes the graph of some calls.
func NewGraph(edges []Edge) *Graph {
	g := &Graph{map[string][]string{}, map[string][]string{}}
	for _, e := range edges {
		g.callees[e.From] = append(g.callees[e.From], e.To)
		g.callers[e.To] = append(g.callers[e.To], e.From)
	}
	return g
}

// distance is how many calls lead from the fault down to a service, and up to it; -1 when none do. A fault that was
// seen on an edge is as near to the callee as to the service itself.
func (g *Graph) distance(f Fault, service string) (down, up int) {
	down = hops(g.callees, f.Service, service)
	up = hops(g.callers, f.Service, service)
	if f.Peer != "" {
		if d := hops(g.callees, f.Peer, service); d >= 0 && (down < 0 || d < down) {
			down = d
		}
	}
	return down, up
}

// hops is the length of the shortest path, -1 when there is none.
func hops(next map[string][]string, from, to string) int {
	seen := map[string]bool{from: true}
	for front, n := []string{from}, 0; len(front) > 0; n++ {
		var further []string
		for _, s := range front {
			if s == to {
				return n
			}
			for _, t := range next[s] {
				if !seen[t] {
					seen[t] = true
					further = append(further, t)
				}
			}
		}
		front = further
	}
	return -1
}

// Connected says whether a chain of calls leads from one service to the other, in either direction.
func (g *Graph) Connected(a, b string) bool { return g.DependsOn(a, b) || g.DependsOn(b, a) }

// DependsOn says whether a chain of calls leads from a service to another one.
func (g *Graph) DependsOn(service, other string) bool { return hops(g.callees, service, other) >= 0 }

// Callers are the services that call one themselves. The caller must not change them.
func (g *Graph) Callers(service string) []string { return g.callers[service] }

// Calls says whether a service calls another one itself.
func (g *Graph) Calls(service, other string) bool { return slices.Contains(g.callees[service], other) }

// near is the log-odds from the way between fault and change: trouble travels from a callee to its callers as slow or
// failing answers, and less often from a caller to its callees, as load or as silence.
func (p *Params) near(f Fault, c *Candidate, down, up int) float64 {
	best := p.Unreachable
	if down >= 0 {
		best = float64(down) * math.Log(p.Hop)
	}
	if down == 0 {
		return best
	}
	if !p.Guards.On(guardGraph) {
		return 0
	}
	if up > 0 && p.Guards.On(guardUpstream) {
		best = max(best, p.Upstream+float64(up)*math.Log(p.Hop))
	}
	if up > 0 && c.Multiplies && p.Guards.On(guardMultiplies) {
		best = max(best, float64(up)*math.Log(p.Hop))
	}
	if up > 0 && f.LostAbove && p.Guards.On(guardLostAbove) {
		best = max(best, float64(up)*math.Log(p.Hop))
	}
	return best
}
