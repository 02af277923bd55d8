package main

import (
	"context"
	"fmt"
	"time"

	"github.com/shipwake/shipwake/bench/load"
	"github.com/shipwake/shipwake/bench/server"
)

const (
	// told is how long services told before they are looked at, longer than fine cells are kept. Then they go on, a minute after
	// the other, while the memory that all of that took on its way is still being given back, but not for longer than goingOn.
	told, goingOn = 3 * time.Hour, 15 * time.Minute
	// mostOfService is the goal for the live heap of a service, mostResident for the resident memory of a fleet of fleetSize,
	// and mostIdle for that of a daemon that was told nothing, in bytes.
	mostOfService, mostResident, mostIdle = 60_000, 64 << 20, 60 << 20
	fleetSize                             = 1000
)

// fleetOf is services with one version and two routes.
func fleetOf(services int) load.Shape {
	return load.Shape{Services: services, Instances: 1, Routes: 2, Bundle: 50}
}

// services looks at what a service takes, on the live heap and of the memory of a daemon with default limits.
func services(ctx context.Context, s *settings, r *report) error {
	r.say("\n# Memory for each service\n")
	r.say("The same with one version and two routes, for %.0f hours. Live heap is weighed as above. Resident is the most `VmRSS` while the "+
		"services go on in real time, in the first minute after which it is not 2 %% less than in the one before: what taking in three "+
		"hours at once took on its way is given back by then. Configuration and GOGC are the default ones, but for `idle_after`.\n", told.Hours())
	n := s.scaled(fleetSize)
	var weighed [2]footprint
	var resident [2]float64
	for i, services := range []int{0, n} {
		var err error
		if weighed[i], err = track(ctx, s, fleetOf(services), told); err == nil {
			resident[i], err = residentOf(ctx, s, fleetOf(services))
		}
		if err != nil {
			return fmt.Errorf("%d services: %w", services, err)
		}
		r.run(fmt.Sprintf("Services/services=%d", services), metric{weighed[i].heap, "live-heap-bytes"}, metric{resident[i], "resident-bytes"})
	}
	each, more := (weighed[1].heap-weighed[0].heap)/float64(n), resident[1]-resident[0]
	r.run("Services/each", metric{each, "bytes/service"}, metric{more / float64(n), "resident-bytes/service"})
	r.say("| | measured | goal |\n|---|---|---|")
	r.say("| live heap of a service | %.1f kB | ≤ %d kB |", each/1000, mostOfService/1000)
	r.say("| resident, idle | %.0f MiB | ≤ %d MiB |", resident[0]/(1<<20), mostIdle>>20)
	r.say("| resident for %d services, on top of that | %.0f MiB | ≤ %.0f MiB |\n", n, more/(1<<20), float64(mostResident>>20)*float64(n)/fleetSize)
	return nil
}

// residentOf is the most resident memory of a daemon while services that told for hours go on.
func residentOf(ctx context.Context, s *settings, shape load.Shape) (most float64, err error) {
	target, err := server.Shipwake(ctx, s.shipwake, nil, "--set=extensions.correlate.idle_after=24h")
	if err != nil {
		return 0, err
	}
	err = with(target, connections, func(sender *load.Sender) error {
		rounds, l, err := history(ctx, target, sender, shape)
		if err != nil {
			return err
		}
		var more int
		if most, more, err = settled(ctx, target, sender, l); err != nil || l == nil {
			return err
		}
		m, err := target.Scrape(ctx)
		if err != nil {
			return err
		}
		return server.CheckTelemetry(m, "points", (rounds+more)*l.Items)
	})
	return most, err
}

// history is what some services told until a moment ago; there is nothing to send of none.
func history(ctx context.Context, target *server.Server, sender *load.Sender, shape load.Shape) (rounds int, l *load.Load, err error) {
	if shape.Services == 0 {
		return 0, nil, nil
	}
	if l, err = shape.Metrics(load.Delta); err != nil {
		return 0, nil, err
	}
	now := time.Now()
	if rounds, err = play(ctx, sender, l, now.Add(-told), now); err != nil {
		return 0, nil, err
	}
	return rounds, l, caughtUp(ctx, target, now)
}

// settled is the most resident memory in a minute after which it doesn't fall any more, and how many rounds that took.
func settled(ctx context.Context, target *server.Server, sender *load.Sender, l *load.Load) (most float64, rounds int, err error) {
	const least = 0.98
	for time.Duration(rounds)*bucket < goingOn {
		before := most
		if most, err = minute(ctx, target, sender, l); err != nil {
			return 0, rounds, err
		}
		if rounds += int(time.Minute / bucket); most >= least*before && before > 0 {
			return most, rounds, nil
		}
	}
	return 0, rounds, fmt.Errorf("the memory still falls after %v", goingOn)
}

// minute sends rounds in real time, of nothing where there is no load, and looks at the resident memory before each.
func minute(ctx context.Context, target *server.Server, sender *load.Sender, l *load.Load) (most float64, err error) {
	for range int(time.Minute / bucket) {
		if err := pass(ctx, bucket); err != nil {
			return 0, err
		}
		is, err := target.Memory()
		if err != nil {
			return 0, err
		}
		most = max(most, float64(is))
		if l == nil {
			continue
		}
		if err := sender.Round(ctx, l, time.Now()); err != nil {
			return 0, err
		}
	}
	return most, nil
}
