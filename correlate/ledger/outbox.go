package ledger

import (
	"context"
	"time"
)

// OutboxKeeper is what becomes of messages that are not simply delivered. It is part of Ledger.
type OutboxKeeper interface {
	// Park sets a message aside, with its payload: Outbox doesn't yield it any more. One that was delivered stays so. It
	// returns ErrNotFound for a key that was never stored.
	Park(ctx context.Context, sink, key string) error
	// Unpark puts the parked messages of a sink that were queued at or after since back to where they stood in the queue,
	// and says how many there were.
	Unpark(ctx context.Context, sink string, since time.Time) (int64, error)
	// OutboxState tells of every sink with undelivered messages, by name.
	OutboxState(ctx context.Context) ([]OutboxState, error)
	// ExpireOutbox removes messages that were delivered before delivered, after which their keys may be queued anew, and
	// undelivered ones, parked or not, that were queued before queued. It returns how many of the latter there were, by
	// sink, also beside an error.
	ExpireOutbox(ctx context.Context, delivered, queued time.Time) (map[string]int64, error)
}

// OutboxState says what waits for a sink.
type OutboxState struct {
	Sink            string
	Waiting, Parked int64
	Oldest          time.Time // when the oldest waiting message was queued; zero when none waits
}
