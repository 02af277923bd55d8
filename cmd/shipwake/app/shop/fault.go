package shop

import (
	"math"
	"sync/atomic"
	"time"
)

// fault decides how long each request takes and which fail. It counts instead of throwing dice: over any stretch of
// requests the share of failures and the spread of durations are what the release says.
type fault struct {
	work   time.Duration
	errors float64
	n      atomic.Int64
}

// spread is the sigma of the lognormal distribution of durations: the slowest percent takes an eighth longer than the
// median.
const spread = 0.05

func newFault(work time.Duration, r Release) *fault {
	if r.Slowdown > 0 {
		work = time.Duration(float64(work) * r.Slowdown)
	}
	return &fault{work: work, errors: r.Errors}
}

// next is the next request's own duration and whether it fails.
func (f *fault) next() (work time.Duration, fails bool) {
	n := float64(f.n.Add(1))
	fails = math.Floor(n*f.errors) > math.Floor((n-1)*f.errors)
	// Multiples of the golden ratio cover (0, 1) evenly, in an order that looks like chance.
	_, u := math.Modf(n * math.Phi)
	z := math.Sqrt2 * math.Erfinv(2*min(max(u, 0.001), 0.999)-1)
	return time.Duration(float64(f.work) * math.Exp(spread*z)), fails
}
