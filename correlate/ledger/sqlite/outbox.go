package sqlite

import (
	"context"
	"fmt"
	"time"

	"github.com/shipwake/shipwake/correlate/ledger"
)

func outboxWrite(row ledger.OutboxRow, now time.Time) write {
	payload := row.Payload
	if payload == nil {
		payload = []byte{}
	}
	return write{"INSERT INTO outbox (sink, key, payload, queued_at) VALUES (?, ?, ?, ?) ON CONFLICT (sink, key) DO NOTHING",
		[]any{row.Sink, row.Key, payload, micros(now)}}
}

// Outbox implements ledger.Ledger.
func (l *Ledger) Outbox(ctx context.Context, sink string, limit int) ([]ledger.OutboxRow, error) {
	var where conditions
	where.add("sink = ?", sink)
	where.add("delivered_at IS NULL")
	where.add("parked_at IS NULL")
	query, args := where.query("SELECT sink, key, payload FROM outbox", "seq", limit)
	return list(ctx, l.readers, func(scan func(...any) error) (row ledger.OutboxRow, err error) {
		err = scan(&row.Sink, &row.Key, &row.Payload)
		return row, err
	}, query, args...)
}

// Delivered implements ledger.Ledger.
func (l *Ledger) Delivered(ctx context.Context, sink, key string) error {
	now := micros(l.options.Now())
	return l.mark(ctx, sink, key, "UPDATE outbox SET delivered_at = ?, parked_at = NULL, payload = x'' WHERE sink = ? AND key = ? AND delivered_at IS NULL", now)
}

// Park implements ledger.OutboxKeeper.
func (l *Ledger) Park(ctx context.Context, sink, key string) error {
	now := micros(l.options.Now())
	return l.mark(ctx, sink, key, "UPDATE outbox SET parked_at = ? WHERE sink = ? AND key = ? AND delivered_at IS NULL", now)
}

// mark runs an update on one message, which must be there.
func (l *Ledger) mark(ctx context.Context, sink, key, update string, now int64) error {
	return l.writer.write(ctx, ofDaemon, func(tx *transaction) error {
		known, err := tx.integer("SELECT count(*) FROM outbox WHERE sink = ? AND key = ?", sink, key)
		if err != nil {
			return err
		}
		if known == 0 {
			return fmt.Errorf("message %q to sink %q: %w", key, sink, ledger.ErrNotFound)
		}
		return tx.exec(update, now, sink, key)
	})
}
