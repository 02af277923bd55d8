package sqlite

import (
	"context"
	"time"

	"github.com/shipwake/shipwake/correlate/ledger"
)

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
