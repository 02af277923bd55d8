package accuracy

import (
	"math"

	"github.com/shipwake/shipwake/correlate"
)

// restarts is how the instances of a service are started again in their place.
type restarts struct {
	paces  []float64 // how fast the memory of each instance fills, 1 on average
	grown  float64   // share of the free memory that the new version takes for good
	others bool      // twice a day one restarts for another reason
}

// pace is how fast the memory of an instance fills: load isn't spread evenly.
func (a *restarts) pace(r random, i int) float64 {
	for len(a.paces) <= i {
		a.paces = append(a.paces, r.about(0.1))
	}
	return a.paces[i]
}

// cycles is how often the memory of an instance was full by an instant, with the part of the cycle that it is in.
func (a *restarts) cycles(r random, o *rollout, i int, at int64) float64 {
	return max(0, float64(at-o.steps[i])/float64(o.harm.leak)*a.pace(r, i))
}

// leaked is what a version's leak takes of the free memory of a service, on average over its instances.
func (w *world) leaked(s *service, o *rollout, side int, at int64, usual, share float64) float64 {
	switch {
	case s.restarts == nil || side == 0:
		return usual * share
	case o.harm.leak == 0:
		return s.restarts.grown * share
	}
	sum := 0.0
	for i, step := range o.steps {
		if at >= step {
			sum += math.Mod(s.restarts.cycles(w.r, o, i, at), 1)
		}
	}
	return sum / float64(len(o.steps))
}

// restarted tells how often instances were started again in a bucket.
func (w *world) restarted(s *service, o *rollout, at int64) {
	n := int64(0)
	if o != nil && o.harm.leak > 0 {
		for i, step := range o.steps {
			if at > step && at < never {
				n += int64(s.restarts.cycles(w.r, o, i, at)) - int64(s.restarts.cycles(w.r, o, i, at-bucket))
			}
		}
	}
	width := int64(bucket)
	if at < w.fine {
		width = coarse
	}
	if s.restarts.others && w.r.chance(float64(width)/43200) {
		n++
	}
	k := s.key(correlate.Saturation, correlate.OriginCustom, "")
	k.Name = correlate.Restarts
	w.cells = append(w.cells, correlate.Measurement{
		Key: k, Cell: correlate.Cell{Start: at, N: int64(s.instances), Sum: n * correlate.Fixed},
	})
}
