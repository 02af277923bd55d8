package kubernetes

import (
	"context"
	"math/rand/v2"
	"time"
)

// Bounds of pauses between attempts.
const (
	firstPause = time.Second
	mostPause  = time.Minute
)

// backoff doubles from a second to a minute; chance takes up to a half of it, so that many who fail together don't come back
// together.
func backoff(failures int) time.Duration {
	pause := min(firstPause<<min(failures, 10), mostPause)
	return pause/2 + rand.N(pause/2)
}

// pause waits and tells whether the context is still alive.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
