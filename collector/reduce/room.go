package reduce

import (
	"math"

	"github.com/shipwake/shipwake/correlate"
)

// What a series with its share of a scope, and a cumulative stream, take on the heap, in bytes; a test holds them against
// it.
const (
	seriesBytes = 1200
	streamBytes = 700
)

// Resize bounds what the reducer keeps from one Drain to the next to so many bytes, half of them for series.
func (r *Reducer) Resize(bytes int64) {
	r.bound(max(1, bytes/2/seriesBytes), max(1, bytes/2/streamBytes))
}

func (r *Reducer) bound(series, streams int64) {
	r.maxSeries.Store(series)
	r.maxCells.Store(4 * series)
	if r.now == nil {
		r.maxCells.Store(math.MaxInt64)
	}
	r.streams.most.Store(streams)
}

// Use is what is kept, by class, and how much may be.
func (r *Reducer) Use() []correlate.Use {
	return []correlate.Use{
		{Class: "intake_services", Used: int64(r.scopes.known()), Most: forNew(r.maxSeries.Load())},
		{Class: "intake_series", Used: r.scopes.series.Load(), Most: r.maxSeries.Load()},
		{Class: "intake_streams", Used: r.streams.n.Load(), Most: r.streams.most.Load()},
	}
}

// forNew is how much of a bound is for what was not heard of an hour ago. The rest is kept for those that were.
func forNew(bound int64) int64 { return bound - bound/4 }

// crowded says that most of what is there for what is new is taken.
func (r *Reducer) crowded() bool {
	crowded := func(n, most int64) bool { return n > forNew(most)/4*3 }
	return crowded(r.scopes.series.Load(), r.maxSeries.Load()) || crowded(r.streams.n.Load(), r.streams.most.Load())
}

// room says whether another series of a scope may be made.
func (r *Reducer) room(sc *scope) bool {
	most := r.maxSeries.Load()
	if r.young(sc) {
		most = forNew(most)
	}
	return r.scopes.series.Load() < most
}

// roomForRoutes says the same of routes, which take at most half of all series, and those of services that were heard of
// an hour ago three quarters.
func (r *Reducer) roomForRoutes(sc *scope) bool {
	most := r.maxSeries.Load()
	if r.young(sc) {
		return r.scopes.series.Load() < most/2
	}
	return r.scopes.series.Load() < forNew(most)
}

func (r *Reducer) young(sc *scope) bool { return sc.born > r.newest.Load()-int64(idleAfter) }
