package engine

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/shipwake/shipwake/correlate/blame"
)

const (
	// strangers is how many services far from every change are asked whether they are in trouble as well.
	strangers = 8
	// worse is by how much they must have got worse at least, and alike the share of the fault's own movement (in
	// logarithms) that makes theirs the same trouble.
	worse, alike = 1.25, 0.4
)

// bystander is a service that no watched change is of, and what became of it since a fault began.
type bystander struct {
	place
	ratio float64 // see judge.Memory.Moved
	moved bool    // false: it is at fault, but not in what the fault is about
	less  bool    // all that is wrong with it is that it gets fewer requests
}

// bystanders asks, of a fault, what services that nobody changed did in the same stretch of time: those near the open
// changes, and some that are far from them.
func (e *Engine) bystanders(f fault, around look, t int64) (all []bystander, own float64) {
	end := t
	if f.recover > 0 {
		end = min(t, f.recover)
	}
	from := e.oldestNear(f.place, around.from)
	own, _ = e.moved(f.place, from, f, end)
	asked := maps.Clone(around.from)
	for _, p := range e.farAway(f.Environment, around.from) {
		asked[p] = from
	}
	for _, p := range slices.SortedFunc(maps.Keys(asked), place.Compare) {
		if p == f.place || p.Environment != f.Environment || e.changing(p) {
			continue
		}
		switch ratio, least := e.moved(p, asked[p], f, end); {
		case least >= worse:
			all = append(all, bystander{place: p, ratio: ratio, moved: true})
		default:
			if g := e.faultSince(p, f.Onset, around); g != nil {
				all = append(all, bystander{place: p, less: g.Signal == "throughput"})
			}
		}
	}
	return all, own
}

// faultSince is what a service was found at fault for since about an instant, by what it says itself; nil when it wasn't.
func (e *Engine) faultSince(p place, onset int64, around look) *fault {
	for i := range around.faults {
		g := &around.faults[i]
		apart := g.Onset - onset
		if g.place == p && max(apart, -apart) <= e.cfg.Blame.Together && !strings.HasPrefix(g.Signal, "client_") {
			return g
		}
	}
	return nil
}

func (e *Engine) moved(p place, from int64, f fault, end int64) (ratio, least float64) {
	w := e.neighbour(p, from)
	k := e.caseOf(p, w, from, end)
	return w.memory.Moved(&e.cfg.Judge, &k, f.Signal, f.Onset, end)
}

// oldestNear is when the oldest open change near a place began, its own included.
func (e *Engine) oldestNear(p place, from map[place]int64) int64 {
	oldest := cmp.Or(from[p], int64(math.MaxInt64))
	for _, c := range e.current {
		if e.near(p)[c.place()] {
			oldest = min(oldest, c.start())
		}
	}
	return oldest
}

// farAway chooses services of an environment that no open change is near.
func (e *Engine) farAway(environment string, near map[place]int64) []place {
	var far []place
	for _, p := range e.store.Places() {
		if _, isNear := near[p]; p.Environment == environment && !isNear && e.store.Service(p).Requested(e.asOf) && len(far) < strangers {
			far = append(far, p)
		}
	}
	return far
}

// explained says that a service which the faulty one depends on got worse as well, and nobody changed it, nor what it
// depends on itself. That it gets fewer requests is what a fault of its caller does.
func (e *Engine) explained(f fault, others []bystander, candidates []blame.Candidate) bool {
	calls := e.graphOf(f.Environment)
	return slices.ContainsFunc(others, func(o bystander) bool {
		return !o.less && calls.DependsOn(f.place.Service, o.Service) &&
			!slices.ContainsFunc(candidates, func(c blame.Candidate) bool { return calls.DependsOn(o.Service, c.Service) })
	})
}

// shocked says whether a service which a change of a place can't have reached is at fault as well, or got worse even
// about as much as the faulty one.
func (e *Engine) shocked(p place, f fault, others []bystander, own float64) (s blame.Shock) {
	calls := e.graphOf(p.Environment)
	for _, o := range others {
		switch {
		case calls.Connected(p.Service, o.Service):
		case !o.moved:
			s = blame.ShockOther
		case own >= worse && math.Log(o.ratio) >= alike*math.Log(own):
			return blame.ShockAlike
		}
	}
	return s
}

// changing says that a change of a place is watched.
func (e *Engine) changing(p place) bool {
	return slices.ContainsFunc(e.current, func(c *change) bool { return c.place() == p })
}
