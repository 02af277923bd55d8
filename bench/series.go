package main

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/shipwake/shipwake/bench/load"
	"github.com/shipwake/shipwake/bench/server"
)

// series looks at the live heap with more and more series tracked, each with a full memory of fine buckets.
func series(ctx context.Context, s *settings) (*report, error) {
	const kept = 2 * time.Hour // of fine buckets, when no window needs more
	r := &report{}
	r.say("# Memory for each tracked series\n")
	r.say("`make bench-series`: services with one version each report `http.server.request.duration` in every 10 s bucket of "+
		"the last %.0f hours, which is what the daemon keeps in full; that makes two series a service, its total and its version. The "+
		"history is sent over OTLP gRPC, oldest first (`idle_after` and `lateness` are raised for that, and the memory limit; GOGC is 10). "+
		"Live heap is the least `go_memstats_heap_alloc_bytes` of three garbage collections. Rollups of five minutes, kept for 8 "+
		"days, come on top with time.\n", kept.Hours())
	r.say("| services | `shipwake_tracked_series` | live heap, MiB | peak memory, MiB | bytes a series |\n|---|---|---|---|---|")
	var points []footprint
	for _, services := range []int{0, 500, 5000} {
		f, err := track(ctx, s, s.scaled(services)*min(services, 1), kept)
		if err != nil {
			return nil, fmt.Errorf("%d services: %w", services, err)
		}
		points = append(points, f)
		each := "–"
		if f.series > 0 {
			each = fmt.Sprintf("%.0f", (f.heap-points[0].heap)/f.series)
		}
		r.run(fmt.Sprintf("Series/services=%d", services), metric{f.series, "series"}, metric{f.heap, "live-heap-bytes"},
			metric{f.peak, "peak-bytes"})
		r.say("| %d | %.0f | %.1f | %.0f | %s |", services, f.series, f.heap/(1<<20), f.peak/(1<<20), each)
	}
	few, many := points[1], points[2]
	slope := (many.heap - few.heap) / (many.series - few.series)
	r.run("Series/slope", metric{slope, "bytes/series"})
	r.say("\nSlope: **%.0f bytes a series**, from %.0f to %.0f series.\n", slope, few.series, many.series)
	return r, services(ctx, s, r)
}

// footprint is the memory of a daemon.
type footprint struct{ series, heap, peak, resident float64 }

func track(ctx context.Context, s *settings, services int, kept time.Duration) (f footprint, err error) {
	target, err := server.Shipwake(ctx, s.shipwake, []string{"GOGC=10"}, asHistory()...)
	if err != nil {
		return f, err
	}
	err = with(target, connections, func(sender *load.Sender) error {
		if services > 0 {
			if err := fill(ctx, target, sender, services, kept); err != nil {
				return err
			}
		}
		f, err = weigh(ctx, target)
		return err
	})
	return f, err
}

func fill(ctx context.Context, target *server.Server, sender *load.Sender, services int, kept time.Duration) error {
	l, err := load.Shape{Services: services, Instances: 1, Routes: 1, Bundle: 50}.Metrics(load.Delta)
	if err != nil {
		return err
	}
	now := time.Now()
	rounds, err := play(ctx, sender, l, now.Add(-kept), now)
	if err != nil {
		return err
	}
	if err := caughtUp(ctx, target, now); err != nil {
		return err
	}
	m, err := target.Scrape(ctx)
	if err != nil {
		return err
	}
	return server.CheckTelemetry(m, "points", rounds*l.Items)
}

// weigh scrapes until the garbage of the scrapes has made the daemon collect it three times, also what pools held.
func weigh(ctx context.Context, target *server.Server) (f footprint, err error) {
	const patience = 3 * time.Minute
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	f.heap = math.Inf(1)
	last := 0.0
	for collections := 0; collections <= 3; {
		m, err := target.Scrape(ctx)
		if err != nil {
			return f, err
		}
		if at := m.Sum("go_memstats_last_gc_time_seconds"); at != last {
			last = at
			collections++
		}
		f.series = m.Sum("shipwake_tracked_series")
		f.heap = min(f.heap, m.Sum("go_memstats_heap_alloc_bytes"))
	}
	peak, err := target.PeakMemory()
	f.peak = float64(peak)
	return f, err
}
