package cells

import (
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// hearing is the buckets in which anything was received, sorted, by whom it came.
type hearing map[pipeline][]int64

// pipeline is a way on which telemetry of an environment comes: that one is alive says nothing of another.
type pipeline struct {
	environment string
	way         way
}

type way uint8

const (
	byOthers way = iota // custom and infrastructure metrics, by whatever agent
	bySpans
	byMetrics    // of requests, as the processes themselves count them
	byConnectors // of requests, made of spans by a collector
	byLogs
)

func wayOf(o correlate.Origin) way {
	switch o {
	case correlate.OriginSpan, correlate.OriginClientSpan:
		return bySpans
	case correlate.OriginServerMetric, correlate.OriginRPCMetric, correlate.OriginClient:
		return byMetrics
	case correlate.OriginSpanMetrics, correlate.OriginServiceGraph:
		return byConnectors
	case correlate.OriginLog:
		return byLogs
	}
	return byOthers
}

// hear notes a bucket in which something was received.
func (h hearing) hear(environment string, o correlate.Origin, start int64) {
	p := pipeline{environment, wayOf(o)}
	starts := h[p]
	if n := len(starts); n == 0 || starts[n-1] < start {
		h[p] = append(starts, start)
		return
	}
	if at, known := slices.BinarySearch(starts, start); !known {
		h[p] = slices.Insert(starts, at, start)
	}
}

// LastHeard is the last bucket before an instant in which anything of an environment was received on the way of an origin, 0
// when none is known. That a service says nothing on it then is no loss of telemetry.
func (h hearing) LastHeard(environment string, o correlate.Origin, now int64) int64 {
	starts := h[pipeline{environment, wayOf(o)}]
	n, _ := slices.BinarySearch(starts, now)
	if n == 0 {
		return 0
	}
	return starts[n-1]
}

func (h hearing) expire(before int64) {
	for p, starts := range h {
		n, _ := slices.BinarySearch(starts, before)
		h[p] = slices.Clone(starts[n:])
	}
}
