package ledger

import (
	"context"
	"time"
)

// OutboxRow is one message to one sink, as CommitEffects takes it. Key is the idempotency key: the same key of the same
// sink is stored once.
//
// A row without Each that is stored replaces the undelivered ones of its Sink and Subject before it, those with Each
// excepted: they count as delivered, parked ones too.
type OutboxRow struct {
	Sink, Subject, Key string
	Each               bool
	Payload            []byte
}

// Waiting is a message that waits to be delivered.
type Waiting struct {
	OutboxRow
	Seq int64 // its place: grows in the order of commits
	// Receipt is what was kept with the last delivered message of the subject; nil when nothing was.
	Receipt []byte
	// Behind says that an older message of the same subject waits that this listing passed over, because it stands at or
	// before its start.
	Behind bool
}

// OutboxExpiry says what ExpireOutbox removes: messages that were delivered before Delivered, after which their keys may be
// queued anew; undelivered ones, parked or not, that were queued before Queued; receipts last written before Receipts.
type OutboxExpiry struct{ Delivered, Queued, Receipts time.Time }

// OutboxKeeper is what becomes of messages. It is part of Ledger.
type OutboxKeeper interface {
	// Outbox yields the messages of a sink that are neither delivered nor parked, oldest first, from those with a Seq
	// greater than after, all of them with limit 0.
	Outbox(ctx context.Context, sink string, after int64, limit int) ([]Waiting, error)
	// Delivered marks a message as done, once and for all, and keeps the receipt for the next one of its subject; nil leaves
	// the one before. It returns ErrNotFound for a key that was never stored. A message that was replaced meanwhile leaves
	// its receipt as well.
	Delivered(ctx context.Context, sink, key string, receipt []byte) error
	// Arrived is when the first message with a key was delivered to any of some sinks, in UTC; zero while none was. One that
	// was replaced counts as delivered.
	Arrived(ctx context.Context, sinks []string, key string) (time.Time, error)
	// Park sets a message aside, with its payload: Outbox doesn't yield it any more. One that was delivered stays so. It
	// returns ErrNotFound for a key that was never stored.
	Park(ctx context.Context, sink, key string) error
	// Unpark puts the parked messages of a sink that were queued at or after since back to where they stood in the queue,
	// and says how many there were.
	Unpark(ctx context.Context, sink string, since time.Time) (int64, error)
	// OutboxState tells of every sink with undelivered messages, by name.
	OutboxState(ctx context.Context) ([]OutboxState, error)
	// ExpireOutbox removes what is old. It returns how many undelivered messages there were among it, by sink, also beside
	// an error.
	ExpireOutbox(ctx context.Context, before OutboxExpiry) (map[string]int64, error)
}

// OutboxState says what waits for a sink.
type OutboxState struct {
	Sink            string
	Waiting, Parked int64
	Oldest          time.Time // when the oldest waiting message was queued; zero when none waits
}
