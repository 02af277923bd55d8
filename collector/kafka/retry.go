package kafka

import (
	"context"
	"time"
)

// persist repeats something until it works or the context ends, and tells of each failure.
func persist(ctx context.Context, do func() error, failed func(error)) error {
	for attempt := 0; ; attempt++ {
		err := do()
		if err == nil {
			return nil
		}
		failed(err)
		if !pause(ctx, backoff(attempt)) {
			return ctx.Err()
		}
	}
}

// backoff grows from a quarter of a second to eight seconds.
func backoff(attempt int) time.Duration {
	return 250 * time.Millisecond << min(attempt, 5)
}

// pause sleeps and tells whether the context is still alive.
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
