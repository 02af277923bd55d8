package sqlite

import (
	"context"
	"fmt"
	"time"

	"github.com/shipwake/shipwake/correlate/ledger"
)

// outboxWrites store a message, and let it stand for those of its subject that it replaces. Storing it again replaces none
// that came after it.
func outboxWrites(row ledger.OutboxRow, now time.Time) []write {
	payload := row.Payload
	if payload == nil {
		payload = []byte{}
	}
	insert := write{`INSERT INTO outbox (sink, subject, key, counts, payload, queued_at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (sink, key) DO NOTHING`,
		[]any{row.Sink, row.Subject, row.Key, flag(row.Each), payload, micros(now)}}
	if row.Each {
		return []write{insert}
	}
	return []write{insert, {`UPDATE outbox SET delivered_at = ?, parked_at = NULL, payload = x''
		WHERE sink = ? AND subject = ? AND counts = 0 AND delivered_at IS NULL
			AND seq < (SELECT seq FROM outbox WHERE sink = ? AND key = ?)`,
		[]any{micros(now), row.Sink, row.Subject, row.Sink, row.Key}}}
}

// outboxColumns are those of ledger.Waiting; the argument is the Seq after which the listing starts.
const outboxColumns = `SELECT o.seq, o.sink, o.subject, o.key, o.counts, o.payload,
		(SELECT receipt FROM receipts r WHERE r.sink = o.sink AND r.subject = o.subject),
		EXISTS (SELECT 1 FROM outbox p WHERE p.sink = o.sink AND p.subject = o.subject AND p.seq <= ? AND p.delivered_at IS NULL AND p.parked_at IS NULL)
	FROM outbox o`

// Outbox implements ledger.OutboxKeeper.
func (l *Ledger) Outbox(ctx context.Context, sink string, after int64, limit int) ([]ledger.Waiting, error) {
	where := conditions{args: []any{after}}
	where.add("o.sink = ?", sink)
	where.add("o.delivered_at IS NULL")
	where.add("o.parked_at IS NULL")
	where.add("o.seq > ?", after)
	query, args := where.query(outboxColumns, "o.seq", limit)
	return list(ctx, l.readers, func(scan func(...any) error) (w ledger.Waiting, err error) {
		err = scan(&w.Seq, &w.Sink, &w.Subject, &w.Key, &w.Each, &w.Payload, &w.Receipt, &w.Behind)
		return w, err
	}, query, args...)
}

// Delivered implements ledger.OutboxKeeper.
func (l *Ledger) Delivered(ctx context.Context, sink, key string, receipt []byte) error {
	now := micros(l.options.Now())
	return l.mark(ctx, sink, key, func(tx *transaction) error {
		err := tx.exec("UPDATE outbox SET delivered_at = ?, parked_at = NULL, payload = x'' WHERE sink = ? AND key = ? AND delivered_at IS NULL", now, sink, key)
		if err != nil || receipt == nil {
			return err
		}
		return tx.exec(`INSERT INTO receipts (sink, subject, receipt, received_at) SELECT sink, subject, ?, ? FROM outbox WHERE sink = ? AND key = ?
			ON CONFLICT (sink, subject) DO UPDATE SET receipt = excluded.receipt, received_at = excluded.received_at`, receipt, now, sink, key)
	})
}

// Park implements ledger.OutboxKeeper.
func (l *Ledger) Park(ctx context.Context, sink, key string) error {
	now := micros(l.options.Now())
	return l.mark(ctx, sink, key, func(tx *transaction) error {
		return tx.exec("UPDATE outbox SET parked_at = ? WHERE sink = ? AND key = ? AND delivered_at IS NULL", now, sink, key)
	})
}

// mark runs updates on one message, which must be there.
func (l *Ledger) mark(ctx context.Context, sink, key string, update func(*transaction) error) error {
	return l.writer.write(ctx, ofDaemon, func(tx *transaction) error {
		known, err := tx.integer("SELECT count(*) FROM outbox WHERE sink = ? AND key = ?", sink, key)
		if err != nil {
			return err
		}
		if known == 0 {
			return fmt.Errorf("message %q to sink %q: %w", key, sink, ledger.ErrNotFound)
		}
		return update(tx)
	})
}
