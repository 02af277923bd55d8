package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

const (
	heldColumns = `SELECT q.delivery, q.source, d.delivery_id, d.event, d.content_type, d.received_at, length(d.raw), q.problem, q.release, q.due
		FROM quarantine q JOIN deliveries d ON d.seq = q.delivery`
	// retriedRows and retriedBytes bound what HeldFor returns; one delivery may have more bytes.
	retriedRows  = 500
	retriedBytes = 8 << 20
)

// hold keeps a delivery with a problem in quarantine. Of one that is dated in the future it isn't known when its time
// comes, and so it counts as not yet tried.
func (l *Ledger) hold(tx *transaction, seq int64, d delivery) error {
	release := l.options.Release
	if d.IsFuture() {
		release = ""
	}
	return tx.exec("INSERT INTO quarantine (delivery, source, release, problem) VALUES (?, ?, ?, ?)", seq, d.Source, release, d.Problem)
}

// Held implements ledger.Ledger.
func (l *Ledger) Held(ctx context.Context, limit int) ([]correlate.Held, error) {
	var where conditions
	where.add("q.released_at IS NULL")
	query, args := where.query(heldColumns, "q.delivery DESC", limit)
	return list(ctx, l.readers, scanHeld, query, args...)
}

func scanHeld(scan func(...any) error) (correlate.Held, error) {
	var h correlate.Held
	var received int64
	var due *int64
	err := scan(&h.Number, &h.Source, &h.ID, &h.Event, &h.ContentType, &received, &h.Bytes, &h.Problem, &h.Release, &due)
	h.ReceivedAt = fromMicros(received)
	if due != nil {
		h.Due = fromMicros(*due)
	}
	return h, err
}

// errEnough ends a query.
var errEnough = errors.New("enough")

// HeldFor implements ledger.Ledger.
func (l *Ledger) HeldFor(ctx context.Context, source, release string, now time.Time) (numbers []int64, deliveries []correlate.Delivery, err error) {
	bytes := 0
	err = each(ctx, l.readers, func(scan func(...any) error) error {
		d := correlate.Delivery{Source: source}
		var number, received int64
		if err := scan(&number, &d.ID, &received, &d.ContentType, &d.Event, &d.Raw, &d.Problem); err != nil {
			return err
		}
		if bytes += len(d.Raw); bytes > retriedBytes && len(numbers) > 0 {
			return errEnough
		}
		d.ReceivedAt = fromMicros(received)
		numbers, deliveries = append(numbers, number), append(deliveries, d)
		return nil
	}, `SELECT d.seq, d.delivery_id, d.received_at, d.content_type, d.event, d.raw, d.problem FROM (
			SELECT delivery FROM quarantine WHERE released_at IS NULL AND source = ?1 AND release < ?2 UNION ALL
			SELECT delivery FROM quarantine WHERE released_at IS NULL AND source = ?1 AND release > ?2 UNION ALL
			SELECT delivery FROM quarantine WHERE released_at IS NULL AND source = ?1 AND release = ?2 AND due <= ?3
		) q JOIN deliveries d ON d.seq = q.delivery LIMIT ?4`, source, release, micros(now), retriedRows)
	if err != nil && !errors.Is(err, errEnough) {
		return nil, nil, err
	}
	return numbers, deliveries, nil
}

// Retried implements ledger.Ledger.
func (l *Ledger) Retried(ctx context.Context, release string, retries []correlate.Retry) (released int, err error) {
	facts := make([][]fact, len(retries))
	for i, r := range retries {
		for _, f := range r.Facts {
			row, err := readyFact(f)
			if err != nil {
				return 0, fmt.Errorf("held delivery %d: %w", r.Number, err)
			}
			facts[i] = append(facts[i], row)
		}
	}
	err = l.writer.write(ctx, ofSenders, func(tx *transaction) error {
		released = 0
		for i, r := range retries {
			held, err := tx.integer("SELECT count(*) FROM quarantine WHERE delivery = ? AND released_at IS NULL", r.Number)
			if err != nil {
				return err
			}
			if held == 0 {
				continue
			}
			if r.Problem == "" {
				released++
			}
			if err := l.retried(tx, release, r, facts[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return released, nil
}

func (l *Ledger) retried(tx *transaction, release string, r correlate.Retry, facts []fact) error {
	if r.Problem != "" {
		var due any
		if !r.Due.IsZero() {
			due = micros(r.Due)
		}
		return tx.exec("UPDATE quarantine SET release = ?, problem = ?, due = ? WHERE delivery = ?", release, r.Problem, due, r.Number)
	}
	for _, f := range facts {
		if _, err := appendFact(tx, r.Number, f); err != nil {
			return err
		}
	}
	return tx.exec("UPDATE quarantine SET release = ?, due = NULL, released_at = ? WHERE delivery = ?",
		release, micros(l.options.Now()), r.Number)
}
