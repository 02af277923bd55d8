package observe

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/blame"
)

const (
	// controls is how many services far from every change, the negative controls, are asked whether they are in trouble too.
	controls = 8
	// worse is by how much they must have got worse at least, and alike the share of the fault's own movement (in
	// logarithms) that makes theirs the same trouble.
	worse, alike = 1.25, 0.4
)

// Bystander is a service that no watched change is of, and what became of it since a fault began.
type Bystander struct {
	correlate.Place
	ratio float64 // see judge.Memory.Moved
	moved bool    // false: it is at fault, but not in what the fault is about
	less  bool    // all that is wrong with it is that it gets fewer requests
}

// Bystanders asks, of a fault, what services that nobody changed did in the same stretch of time: those near the open
// changes, and some that are far from them. own is by how much the faulty service itself got worse, and outside says that
// it did not, by its own account: only its callers see the fault.
func (o *Observer) Bystanders(v *View, f Fault, around Around) (all []Bystander, own float64, outside bool) {
	from := o.oldestNear(v, f.Place, around.From)
	own, least := o.moved(v, f.Place, from, f, 0)
	outside = strings.HasPrefix(f.Signal, "client_") && own > 0 && least <= 1
	ask := func(p correlate.Place, from int64) {
		if p == f.Place || p.Environment != f.Place.Environment || v.changing(p) {
			return
		}
		if ratio, least := o.moved(v, p, from, f, worse); least >= worse {
			all = append(all, Bystander{Place: p, ratio: ratio, moved: true})
		} else if g := o.faultSince(p, f.Onset, around); g != nil {
			all = append(all, Bystander{Place: p, less: g.Signal == "throughput"})
		}
	}
	for _, p := range around.Places {
		ask(p, around.From[p])
	}
	for _, p := range o.farAway(f.Place.Environment, around.From, v.At) {
		ask(p, from)
	}
	slices.SortFunc(all, func(a, b Bystander) int { return a.Compare(b.Place) })
	return all, own, outside
}

// faultSince is what a service was found at fault for since about an instant, by what it says itself; nil when it wasn't.
func (o *Observer) faultSince(p correlate.Place, onset int64, around Around) *Fault {
	for i := range around.Faults {
		g := &around.Faults[i]
		apart := g.Onset - onset
		if g.Place == p && max(apart, -apart) <= o.cfg.Together && !strings.HasPrefix(g.Signal, "client_") {
			return g
		}
	}
	return nil
}

// moved is judge.Memory.Moved of a place since a fault began.
func (o *Observer) moved(v *View, p correlate.Place, from int64, f Fault, enough float64) (ratio, least float64) {
	end := f.until(v.At)
	memory, k := o.Neighbour(v, p, from, end)
	return memory.Moved(&o.cfg.Judge, k, f.Signal, f.Onset, end, enough)
}

// oldestNear is when the oldest open change near a place began, its own included.
func (o *Observer) oldestNear(v *View, p correlate.Place, from map[correlate.Place]int64) int64 {
	oldest := cmp.Or(from[p], int64(math.MaxInt64))
	near := o.Near(p, v.At)
	for i := range v.Sight {
		if c := v.Sight[i]; near[c.Place] {
			oldest = min(oldest, c.Start)
		}
	}
	return oldest
}

// farAway chooses services of an environment that no open change is near.
func (o *Observer) farAway(environment string, near map[correlate.Place]int64, by int64) []correlate.Place {
	var far []correlate.Place
	for _, p := range o.cells.Places() {
		if len(far) == controls || !o.cfg.Guards.On(guardNegativeControls) {
			break
		}
		if _, isNear := near[p]; p.Environment == environment && !isNear && o.cells.Service(p).Requested(by) {
			far = append(far, p)
		}
	}
	return far
}

// Explained says that a service which the faulty one depends on got worse as well, and nobody changed it, nor what it
// depends on itself. That it gets fewer requests is what a fault of its caller does.
func Explained(calls *blame.Graph, f Fault, others []Bystander, candidates []blame.Candidate) bool {
	return slices.ContainsFunc(others, func(b Bystander) bool {
		return !b.less && calls.DependsOn(f.Place.Service, b.Service) &&
			!slices.ContainsFunc(candidates, func(c blame.Candidate) bool { return calls.DependsOn(b.Service, c.Service) })
	})
}

// Shocked says whether a service which a change of another service can't have reached is at fault as well, or got worse even
// about as much as the faulty one.
func Shocked(calls *blame.Graph, changed string, others []Bystander, own float64) (s blame.Shock) {
	for _, b := range others {
		switch {
		case calls.Connected(changed, b.Service):
		case !b.moved:
			s = blame.ShockOther
		case own >= worse && math.Log(b.ratio) >= alike*math.Log(own):
			return blame.ShockAlike
		}
	}
	return s
}

// changing says that a change of a place is in sight.
func (v *View) changing(p correlate.Place) bool {
	if v.sighted == nil {
		v.sighted = map[correlate.Place]bool{}
	}
	for ; v.counted < len(v.Sight); v.counted++ {
		v.sighted[v.Sight[v.counted].Place] = true
	}
	return v.sighted[p]
}
