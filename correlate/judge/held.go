package judge

import (
	"math"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
)

// held says that a rollout that isn't complete has kept the new version, or the changed zones, at a steady share of the
// requests, through the last half of its time and at least for the shortest observation: as much was seen of it as of a
// rollout that was complete by then, and in so many requests that errors at the margin would hardly have stayed out of
// them.
func (t ruling) held() bool {
	for i := range t.c.Streams {
		s := &t.c.Streams[i]
		if s.Kind == correlate.Traffic && t.steadily(func(in evalue.Span) (treated, control int64) {
			return evalue.Requests(evalue.CellsIn(s.New, in)), evalue.Requests(evalue.CellsIn(s.Old, in))
		}) {
			return true
		}
	}
	return t.steadily(zoning(t).requests)
}

// steadily is held by the requests of two sides.
func (t ruling) steadily(sides func(evalue.Span) (treated, control int64)) bool {
	if treated, _ := sides(evalue.Span{From: t.begin, To: t.c.Now}); float64(treated) < -math.Log(t.p.Alpha)/t.p.Errors.MarginAbsolute {
		return false
	}
	const parts = 3
	length := max(t.p.MinHealthy, (t.c.Now-t.c.Start)/2) / parts
	var share [parts]float64
	for k := range share {
		treated, control := sides(evalue.Span{From: t.c.Now - int64(k+1)*length, To: t.c.Now - int64(k)*length})
		if treated == 0 || control == 0 {
			return false
		}
		share[k] = float64(treated) / float64(control)
	}
	return steady(share[:])
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
