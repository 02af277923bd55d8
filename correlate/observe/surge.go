package observe

import (
	"math"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/cells"
)

const (
	// surgeWidth is how long before a fault a surge of load shows, in seconds.
	surgeWidth = 120
	// surged is how many times the usual load it is at least, and beyond how many times the most of any such stretch of the
	// half hour before: what bursts all the time has no surges.
	surged, beyondMost = 1.5, 1.25
)

// Surged says that a service was asked for much more than before just when its fault began: load alone may have done it. What
// comes after the onset doesn't count, since callers ask again where they fail.
func Surged(st *cells.Store, f Fault) bool {
	s := st.Service(f.Place)
	if s == nil || f.Signal == "throughput" {
		return false
	}
	for _, k := range s.Keys() {
		if k.Kind != correlate.Traffic || !s.Stream(k).BeganBefore(f.Onset-doseBefore) {
			continue
		}
		usual, most := load(s.Stream(k), f.Onset-doseBefore, f.Onset-surgeWidth)
		last, _ := rate(s.Stream(k), f.Onset-surgeWidth, f.Onset)
		return usual > 0 && last >= surged*usual && last >= beyondMost*most
	}
	return false
}

// load is the requests a second of a stream in a stretch of time, and the most of them in a part of it as long as a surge.
func load(s *cells.Stream, from, to int64) (usual, most float64) {
	n := 0.0
	for at := to - surgeWidth; at >= from; at -= surgeWidth {
		requests, _ := rate(s, at, at+surgeWidth)
		usual, most, n = usual+requests, math.Max(most, requests), n+1
	}
	return usual / math.Max(n, 1), most
}
