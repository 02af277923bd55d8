package main

import (
	"context"
	"fmt"
	"time"

	"github.com/shipwake/shipwake/bench/load"
	"github.com/shipwake/shipwake/bench/server"
)

const (
	// told is how long services told before they are looked at, longer than fine cells are kept. Then they go on, and the memory
	// that all of that took on its way is given back: by and by, with each garbage collection.
	told, goingOn = 3 * time.Hour, 6 * time.Minute
	// mostOfService is the goal for the live heap of a service, mostResident for the resident memory of a fleet of fleetSize,
	// and mostIdle for that of a daemon that was told nothing, in bytes.
	mostOfService, mostResident, mostIdle = 60_000, 64 << 20, 60 << 20
	fleetSize                             = 1000
)

// services looks at what a service takes, on the live heap and of the memory of a daemon with default limits.
func services(ctx context.Context, s *settings, r *report) error {
	r.say("\n# Memory for each service\n")
	r.say("Services with one version and two routes told for %.0f hours, and go on in real time. Resident is the most `VmRSS` in the minute after "+
		"%.0f minutes of that: what taking in all those hours at once took on its way is given back by then. Then the live heap is weighed "+
		"as above. Configuration and GOGC are the default ones, but for `idle_after`.\n", told.Hours(), goingOn.Minutes())
	n := s.scaled(fleetSize)
	var of [2]footprint
	for i, services := range []int{0, n} {
		var err error
		if of[i], err = residentOf(ctx, s, services); err != nil {
			return fmt.Errorf("%d services: %w", services, err)
		}
		r.run(fmt.Sprintf("Services/services=%d", services), metric{of[i].heap, "live-heap-bytes"}, metric{of[i].resident, "resident-bytes"})
	}
	each, more := (of[1].heap-of[0].heap)/float64(n), of[1].resident-of[0].resident
	r.run("Services/each", metric{each, "bytes/service"}, metric{more / float64(n), "resident-bytes/service"})
	r.say("| | measured | goal |\n|---|---|---|")
	r.say("| live heap of a service | %.1f kB | ≤ %d kB |", each/1000, mostOfService/1000)
	r.say("| resident, idle | %.0f MiB | ≤ %d MiB |", of[0].resident/(1<<20), mostIdle>>20)
	r.say("| resident for %d services, on top of that | %.0f MiB | ≤ %.0f MiB |\n", n, more/(1<<20), float64(mostResident>>20)*float64(n)/fleetSize)
	return nil
}

// residentOf is the memory of a daemon while services that told for hours go on.
func residentOf(ctx context.Context, s *settings, services int) (f footprint, err error) {
	target, err := server.Shipwake(ctx, s.shipwake, nil, "--set=extensions.correlate.idle_after=24h")
	if err != nil {
		return f, err
	}
	err = with(target, connections, func(sender *load.Sender) error {
		if services > 0 {
			if err := goOn(ctx, target, sender, services); err != nil {
				return err
			}
		}
		most, err := resident(ctx, target)
		if err != nil {
			return err
		}
		f, err = weigh(ctx, target)
		f.resident = most
		return err
	})
	return f, err
}

// goOn tells what some services did in the last hours, and what they do.
func goOn(ctx context.Context, target *server.Server, sender *load.Sender, services int) error {
	l, err := load.Shape{Services: services, Instances: 1, Routes: 2, Bundle: 50}.Metrics(load.Delta)
	if err != nil {
		return err
	}
	now := time.Now()
	rounds, err := play(ctx, sender, l, now.Add(-told), now)
	if err != nil {
		return err
	}
	if err := caughtUp(ctx, target, now); err != nil {
		return err
	}
	for range int(goingOn / bucket) {
		if err := sender.Round(ctx, l, time.Now()); err != nil {
			return err
		}
		rounds++
		if err := pass(ctx, bucket); err != nil {
			return err
		}
	}
	m, err := target.Scrape(ctx)
	if err != nil {
		return err
	}
	return server.CheckTelemetry(m, "points", rounds*l.Items)
}

// resident is the most resident memory in a minute.
func resident(ctx context.Context, target *server.Server) (most float64, err error) {
	for range int(time.Minute / bucket) {
		if err := pass(ctx, bucket); err != nil {
			return 0, err
		}
		is, err := target.Memory()
		if err != nil {
			return 0, err
		}
		most = max(most, float64(is))
	}
	return most, nil
}
