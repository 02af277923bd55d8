package engine

import (
	"maps"
	"slices"
	"strings"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/blame"
)

// strangers is how many services far from every change are looked at while something is at fault.
const strangers = 8

// farAway chooses services that no open change is near, to see whether they are at fault as well: then something is that
// all share. They are looked at since the oldest open change of their environment.
func (e *Engine) farAway(near map[place]int64, own map[place]bool) map[place]int64 {
	oldest := map[string]int64{}
	for p, from := range near {
		if o, ok := oldest[p.Environment]; !ok || from < o {
			oldest[p.Environment] = from
		}
	}
	far := map[place]int64{}
	chosen := map[string]int{}
	for _, p := range e.store.places() {
		from, ok := oldest[p.Environment]
		if _, isNear := near[p]; !ok || isNear || own[p] || chosen[p.Environment] == strangers || !e.store.serves(p) {
			continue
		}
		chosen[p.Environment]++
		far[p] = from
	}
	return far
}

// serves says that requests of a place are counted.
func (st *store) serves(p place) bool {
	for k := range st.services[p].streams {
		if k.kind == correlate.Traffic {
			return true
		}
	}
	return false
}

// explained says that a service which the faulty one depends on, and which no change under observation is of, is at fault
// as well, by what it says itself.
func (e *Engine) explained(f fault, around look) bool {
	edges := e.edges(f.Environment)
	return slices.ContainsFunc(around.faults, func(g fault) bool {
		return g.place != f.place && g.Environment == f.Environment && !strings.HasPrefix(g.Signal, "client_") &&
			g.Onset <= f.Onset+e.cfg.Blame.Together && (g.recover == 0 || g.recover > f.Onset) && !e.changing(g.place) &&
			blame.DependsOn(edges, f.place.Service, g.place.Service)
	})
}

// changing says that a change of a place is watched.
func (e *Engine) changing(p place) bool {
	return slices.ContainsFunc(e.watched, func(c *change) bool { return c.place() == p && c.live() })
}

// shocked says that services which a change of a place can't have reached are at fault since the same time as the fault.
func (e *Engine) shocked(p place, f fault, around look) bool {
	edges := e.edges(p.Environment)
	together := func(g fault) bool {
		apart := g.Onset - f.Onset
		return g.Environment == p.Environment && max(apart, -apart) <= e.cfg.Blame.Together && !e.changing(g.place) &&
			!blame.Connected(edges, p.Service, g.place.Service)
	}
	return slices.ContainsFunc(around.faults, together) || slices.ContainsFunc(around.far, together)
}

// farFaults are the faults of services far from every change.
func (e *Engine) farFaults(far map[place]int64, t int64) []fault {
	var faults []fault
	for _, p := range slices.SortedFunc(maps.Keys(far), place.compare) {
		if e.quietPlace(p, far[p], t) {
			continue
		}
		if a := e.assessPlace(p, far[p], t); a.Outcome == correlate.Regressed {
			faults = append(faults, faultOn(p, "", a))
		}
	}
	return faults
}
