package admission

import (
	"context"
	"runtime"
	"time"
)

// Gate bounds how many requests are decompressed and decoded at once, so that under load the processors finish some
// soon instead of all late, and others than telemetry get their turn.
type Gate struct {
	places chan struct{}
	wait   time.Duration
}

// patience is how long a request waits at the gate. The bytes that it holds meanwhile bound how many can wait.
const patience = 500 * time.Millisecond

// NewGate makes a gate with one place for each processor.
func NewGate() *Gate {
	return &Gate{places: make(chan struct{}, runtime.GOMAXPROCS(0)), wait: patience}
}

// Enter waits for a place, and refuses with Busy when none becomes free in time. Whoever entered leaves with Leave.
func (g *Gate) Enter(ctx context.Context) error {
	select {
	case g.places <- struct{}{}:
		return nil
	default:
	}
	timer := time.NewTimer(g.wait)
	defer timer.Stop()
	select {
	case g.places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return &Refusal{Busy, "too many requests are being decoded; send it again later"}
	}
}

// Leave frees the place.
func (g *Gate) Leave() { <-g.places }
