package admission

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"
)

// Gate bounds how many requests are decompressed and decoded at once, so that under load some are finished soon instead of
// all late, and a processor is left for others than telemetry: a change must not wait behind it.
type Gate struct {
	places  chan struct{}
	waiting atomic.Int64
	wait    time.Duration
}

const (
	// patience is how long a request waits at the gate.
	patience = 500 * time.Millisecond
	// queue is how many wait at most. Ordinary requests take a millisecond or two.
	queue = 64
)

// NewGate makes a gate with one place for each processor but one.
func NewGate() *Gate {
	return &Gate{places: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)-1)), wait: patience}
}

// Full returns a Refusal when nobody more would be let wait. Whoever asks before he reads a request saves the reading.
func (g *Gate) Full() error {
	if g.waiting.Load() >= queue {
		return &Refusal{Busy, "too many requests are being decoded; send it again later"}
	}
	return nil
}

// Enter waits for a place, and refuses with Busy when too many wait already or none becomes free in time. Whoever entered
// leaves with Leave.
func (g *Gate) Enter(ctx context.Context) error {
	select {
	case g.places <- struct{}{}:
		return nil
	default:
	}
	if err := g.Full(); err != nil {
		return err
	}
	g.waiting.Add(1)
	defer g.waiting.Add(-1)
	timer := time.NewTimer(g.wait)
	defer timer.Stop()
	select {
	case g.places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return &Refusal{Busy, "decoding takes too long just now; send it again later"}
	}
}

// Leave frees the place.
func (g *Gate) Leave() { <-g.places }
