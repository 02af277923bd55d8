package prometheus

import (
	"maps"
	"slices"

	"github.com/shipwake/shipwake/sinks"
)

// memory is what /api/v1/limits says, but for which service lost what.
func memory() []Metric { return slices.Concat(memoryBytes(), keptAndDropped()) }

func memoryBytes() []Metric {
	return []Metric{
		reading("shipwake_memory_limit_bytes", Gauge, "bytes", "The limit of resident memory that is configured.",
			func(s sinks.Status) float64 { return float64(s.Limits.Limit) }),
		{
			Name: "shipwake_memory_resident_bytes", Type: Gauge, Unit: "bytes",
			Help: "Resident memory; absent where the system doesn't tell.",
			read: func(v *view, w *lines) {
				if n := v.status.Limits.Resident; n > 0 {
					w.put(float64(n))
				}
			},
		},
		reading("shipwake_memory_heap_bytes", Gauge, "bytes", "The live heap, as of the latest garbage collection.",
			func(s sinks.Status) float64 { return float64(s.Limits.Heap) }),
		reading("shipwake_memory_heap_limit_bytes", Gauge, "bytes", "The live heap from which telemetry is refused.",
			func(s sinks.Status) float64 { return float64(s.Limits.HeapMost) }),
		reading("shipwake_memory_measurements_bytes", Gauge, "bytes", "What the measurements of services take.",
			func(s sinks.Status) float64 { return float64(s.Limits.Store) }),
		reading("shipwake_memory_measurements_limit_bytes", Gauge, "bytes",
			"What the measurements of services may take at the end of each five minutes.",
			func(s sinks.Status) float64 { return float64(s.Limits.StoreMost) }),
	}
}

func keptAndDropped() []Metric {
	return []Metric{
		{
			Name: "shipwake_kept", Type: Gauge, Labels: []string{"class"},
			Help: "What is kept, by class: services, series, those of them that tell versions and operations apart (series_apart), and what is kept while telemetry is taken in (intake_…).",
			read: func(v *view, w *lines) {
				for _, u := range v.status.Limits.Uses {
					w.put(float64(u.Used), u.Class)
				}
			},
		},
		{
			Name: "shipwake_kept_limit", Type: Gauge, Labels: []string{"class"},
			Help: "How much of a class may be kept; absent when only memory bounds it.",
			read: func(v *view, w *lines) {
				for _, u := range v.status.Limits.Uses {
					if u.Most > 0 {
						w.put(float64(u.Most), u.Class)
					}
				}
			},
		},
		{
			Name: "shipwake_dropped_total", Type: Counter, Labels: []string{"what"},
			Help: "Records and buckets that were dropped, by what it was; /api/v1/limits says of which services.",
			read: func(v *view, w *lines) {
				for _, what := range slices.Sorted(maps.Keys(v.status.Limits.Dropped)) {
					w.count(v.status.Limits.Dropped[what], what)
				}
			},
		},
		{
			Name: "shipwake_services_full", Type: Gauge,
			Help: "1 while new services share the name __overflow__ for lack of room.",
			read: func(v *view, w *lines) { w.flag(v.status.Limits.Full) },
		},
		{
			Name: "shipwake_degraded", Type: Gauge,
			Help: "1 while something was dropped in the last five minutes: verdicts that looked at it can't be healthy.",
			read: func(v *view, w *lines) { w.flag(!v.status.Limits.DegradedSince.IsZero()) },
		},
	}
}
