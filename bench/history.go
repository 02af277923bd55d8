package main

import (
	"context"
	"fmt"
	"time"

	"github.com/shipwake/shipwake/bench/load"
	"github.com/shipwake/shipwake/bench/server"
)

// bucket is the resolution of shipwake's default configuration.
const bucket = 10 * time.Second

// asHistory lets a daemon take telemetry of the last hours as if it had listened then: event time decides, unless
// silence makes the clock take over.
const asHistory = "--set=extensions.correlate.idle_after=24h"

// play sends a round for every bucket of the last while, oldest first, and waits until the daemon has taken it in.
func play(ctx context.Context, target *server.Server, sender *load.Sender, l *load.Load, length time.Duration) (rounds int, err error) {
	for at := time.Now().Add(-length); at.Before(time.Now()); at = at.Add(bucket) {
		if err := sender.Round(ctx, l, at); err != nil {
			return rounds, fmt.Errorf("%d of %s: %w", rounds, length, err)
		}
		rounds++
	}
	return rounds, caughtUp(ctx, target)
}

// caughtUp waits until nothing is queued and event time is near the clock.
func caughtUp(ctx context.Context, target *server.Server) error {
	const patience = 5 * time.Minute
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		m, err := target.Scrape(ctx)
		if err != nil {
			return err
		}
		lag := m.Sum("shipwake_watermark_lag_seconds")
		if lag > 0 && lag < 90 && m.Sum("shipwake_queued_inputs") == 0 {
			return pass(ctx, 2*time.Second) // what was drained since
		}
		if err := pass(ctx, time.Second); err != nil {
			return fmt.Errorf("shipwake's watermark is still %.0f s behind: %w", lag, err)
		}
	}
}
