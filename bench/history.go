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

// lateness is longer than by default, because history comes in at hundreds of buckets a second.
const lateness = 10 * time.Minute

// asHistory lets a daemon take telemetry of the last hours as if it had listened then: event time decides, unless
// silence makes the clock take over. There is room for much of it.
func asHistory() []string {
	return []string{
		"--set=extensions.correlate.idle_after=24h",
		"--set=extensions.correlate.lateness=" + lateness.String(),
		"--set=extensions.correlate.memory.limit=16GiB",
	}
}

// taken is how long the daemon, which looks every second, may need to take in what was reduced.
const taken = 2 * time.Second

// play sends a round for every bucket between two times, oldest first, and tells how many those were.
func play(ctx context.Context, sender *load.Sender, l *load.Load, from, until time.Time) (rounds int, err error) {
	for at := from; at.Before(until); at = at.Add(bucket) {
		if err := sender.Round(ctx, l, at); err != nil {
			return rounds, fmt.Errorf("the telemetry of %s: %w", at.Format(time.TimeOnly), err)
		}
		rounds++
	}
	return rounds, pass(ctx, taken)
}

// caughtUp waits until nothing is queued and event time has come to a time, but for the lateness.
func caughtUp(ctx context.Context, target *server.Server, until time.Time) error {
	const patience = 10 * time.Minute
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		m, err := target.Scrape(ctx)
		if err != nil {
			return err
		}
		lag := m.Sum("shipwake_watermark_lag_seconds")
		if lag > 0 && lag < (time.Since(until)+lateness+2*bucket).Seconds() && m.Sum("shipwake_queued_inputs") == 0 {
			return pass(ctx, taken)
		}
		if err := pass(ctx, time.Second); err != nil {
			return fmt.Errorf("shipwake's watermark is still %.0f s behind: %w", lag, err)
		}
	}
}
