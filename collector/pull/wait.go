package pull

import (
	"context"
	"math/rand/v2"
	"time"
)

// Bounds of pauses.
const (
	firstPause = time.Second
	mostPause  = 5 * time.Minute
	mostBusy   = 2 * time.Hour
)

// backoff doubles from a second to five minutes; chance takes up to a half of it, so that many who fail together don't come
// back together.
func backoff(failures int) time.Duration {
	pause := min(firstPause<<min(failures, 20), mostPause)
	return pause/2 + rand.N(pause/2)
}

// spread is an interval, give or take a tenth.
func spread(interval time.Duration) time.Duration {
	tenth := max(interval/10, 1)
	return interval - tenth + rand.N(2*tenth)
}

// patience is how long to leave a system alone that asked for it so many times in a row.
func patience(asked time.Duration, times int) time.Duration {
	return min(asked<<min(times, 10), max(mostBusy, asked))
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
