package judge

import (
	"math"

	"github.com/shipwake/shipwake/correlate"
)

// held says that a rollout that isn't complete has kept the new version at a steady share of the requests, through the
// last half of its time and at least for the shortest observation: as much was seen of it as of a rollout that was
// complete by then, and in so many requests that errors at the margin would hardly have stayed out of them.
func (t *trial) held() bool {
	const parts = 3
	length := max(t.p.MinHealthy, (t.c.Now-t.c.Start)/2) / parts
	for i := range t.c.Streams {
		s := &t.c.Streams[i]
		if s.Kind != correlate.Traffic {
			continue
		}
		if float64(requests(cellsIn(s.New, span{t.begin, t.c.Now}))) < -math.Log(t.p.Alpha)/t.p.Errors.MarginAbsolute {
			return false
		}
		var share [parts]float64
		for k := range share {
			in := span{t.c.Now - int64(k+1)*length, t.c.Now - int64(k)*length}
			treated, control := requests(cellsIn(s.New, in)), requests(cellsIn(s.Old, in))
			if treated == 0 || control == 0 {
				return false
			}
			share[k] = float64(treated) / float64(control)
		}
		return steady(share[:])
	}
	return false
}

// steady says that some shares are about the same.
func steady(shares []float64) bool {
	const apart = 1.5
	low, high := math.Inf(1), 0.0
	for _, s := range shares {
		low, high = min(low, s), max(high, s)
	}
	return high <= apart*low
}
