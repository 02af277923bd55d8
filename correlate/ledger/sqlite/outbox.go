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

// expireAtOnce is how many messages are removed in one transaction, so that nobody waits long for the writer.
const expireAtOnce = 500

// Unpark implements ledger.OutboxKeeper.
func (l *Ledger) Unpark(ctx context.Context, sink string, since time.Time) (n int64, err error) {
	const parked = "sink = ? AND delivered_at IS NULL AND parked_at IS NOT NULL AND queued_at >= ?"
	from := micros(since)
	err = l.writer.write(ctx, ofDaemon, func(tx *transaction) error {
		if n, err = tx.integer("SELECT count(*) FROM outbox WHERE "+parked, sink, from); err != nil {
			return err
		}
		return tx.exec("UPDATE outbox SET parked_at = NULL WHERE "+parked, sink, from)
	})
	return n, err
}

// OutboxState implements ledger.OutboxKeeper.
func (l *Ledger) OutboxState(ctx context.Context) ([]ledger.OutboxState, error) {
	return list(ctx, l.readers, func(scan func(...any) error) (s ledger.OutboxState, err error) {
		var oldest *int64
		var all int64
		err = scan(&s.Sink, &all, &s.Parked, &oldest)
		s.Waiting = all - s.Parked
		if oldest != nil {
			s.Oldest = fromMicros(*oldest)
		}
		return s, err
	}, `SELECT sink, count(*), count(parked_at), (SELECT queued_at FROM outbox AS oldest WHERE oldest.sink = outbox.sink
			AND delivered_at IS NULL AND parked_at IS NULL ORDER BY seq LIMIT 1)
		FROM outbox WHERE delivered_at IS NULL GROUP BY sink ORDER BY sink`)
}

// ExpireOutbox implements ledger.OutboxKeeper.
func (l *Ledger) ExpireOutbox(ctx context.Context, before ledger.OutboxExpiry) (map[string]int64, error) {
	if _, err := remove(ctx, l, `DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox
		WHERE delivered_at IS NOT NULL AND delivered_at < ? LIMIT ?) RETURNING sink`, before.Delivered); err != nil {
		return nil, err
	}
	if _, err := remove(ctx, l, `DELETE FROM receipts WHERE (sink, subject) IN (SELECT sink, subject FROM receipts
		WHERE received_at < ? LIMIT ?) RETURNING sink`, before.Receipts); err != nil {
		return nil, err
	}
	return remove(ctx, l, `DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox
		WHERE delivered_at IS NULL AND queued_at < ? LIMIT ?) RETURNING sink`, before.Queued)
}

// remove runs a statement that removes a bounded number of rows older than an instant until none is left, and counts them
// by sink.
func remove(ctx context.Context, l *Ledger, statement string, before time.Time) (map[string]int64, error) {
	removed := map[string]int64{}
	for {
		var sinks []string
		err := l.writer.write(ctx, ofDaemon, func(tx *transaction) (err error) {
			sinks, err = tx.texts(statement, micros(before), expireAtOnce)
			return err
		})
		if err != nil {
			return removed, err
		}
		for _, sink := range sinks {
			removed[sink]++
		}
		if len(sinks) < expireAtOnce {
			return removed, nil
		}
	}
}

// texts reads the one column of every row that a statement returns.
func (t *transaction) texts(query string, args ...any) ([]string, error) {
	s, err := t.statement(query)
	if err != nil {
		return nil, err
	}
	rows, err := s.Query(args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		all = append(all, text)
	}
	return all, rows.Err()
}
