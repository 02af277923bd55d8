package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
)

// staleRows and staleBytes bound what Stale returns; one delivery may have more bytes.
const (
	staleRows  = 500
	staleBytes = 8 << 20
)

// errEnough ends a query.
var errEnough = errors.New("enough")

// Stale implements ledger.Ledger.
func (l *Ledger) Stale(ctx context.Context, source, digest string, now time.Time) ([]ledger.Kept, error) {
	var all []ledger.Kept
	bytes := 0
	err := each(ctx, l.readers, func(scan func(...any) error) error {
		var r raw
		if err := scan(append(r.columns(), &r.Body)...); err != nil {
			return err
		}
		if bytes += len(r.Body); bytes > staleBytes && len(all) > 0 {
			return errEnough
		}
		delivery, err := r.decoded()
		all = append(all, ledger.Kept{Number: r.number, Raw: delivery})
		return err
	}, "SELECT "+rawColumns+`, d.raw FROM (
			SELECT delivery FROM projections WHERE source = ?1 AND digest < ?2 UNION ALL
			SELECT delivery FROM projections WHERE source = ?1 AND digest > ?2 UNION ALL
			SELECT delivery FROM projections WHERE source = ?1 AND digest = ?2 AND due <= ?3
		) p JOIN deliveries d ON d.seq = p.delivery LIMIT ?4`, source, digest, micros(now), staleRows)
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	return all, nil
}

// NextDue implements ledger.Ledger.
func (l *Ledger) NextDue(ctx context.Context, after time.Time) (time.Time, error) {
	due, err := list(ctx, l.readers, scanInt, "SELECT due FROM projections WHERE due > ? ORDER BY due LIMIT 1", micros(after))
	if err != nil || len(due) == 0 {
		return time.Time{}, err
	}
	return fromMicros(due[0]), nil
}

// readyReading is a reading ready to be written.
type readyReading struct {
	ledger.Reading
	facts []fact
}

// Project implements ledger.Ledger.
func (l *Ledger) Project(ctx context.Context, readings []ledger.Reading) (ledger.Projected, error) {
	ready := make([]readyReading, len(readings))
	for i, r := range readings {
		facts, err := readyFacts(r.Projection)
		if err != nil {
			return ledger.Projected{}, fmt.Errorf("kept delivery %d: %w", r.Number, err)
		}
		ready[i] = readyReading{r, facts}
	}
	if len(ready) == 0 {
		return ledger.Projected{}, nil
	}
	var done ledger.Projected
	err := l.writer.write(ctx, ofSenders, func(tx *transaction) error {
		done = ledger.Projected{}
		for _, r := range ready {
			if err := project(tx, r, &done); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return ledger.Projected{}, err
	}
	return done, nil
}

// project replaces one projection. What is new is appended before what is gone is retracted, so that a change whose
// version is corrected is never without a report. A delivery whose headers weren't kept can say less than it did.
func project(tx *transaction, r readyReading, done *ledger.Projected) error {
	var problem string
	var whole bool
	found, err := tx.row(`SELECT p.problem, d.header IS NOT NULL FROM projections p JOIN deliveries d ON d.seq = p.delivery
		WHERE p.delivery = ?`, []any{r.Number}, &problem, &whole)
	if err != nil || !found {
		return err
	}
	done.Stored++
	live, err := liveOf(tx, r.Number)
	if err != nil {
		return err
	}
	if !whole && len(live) > 0 && r.Problem != "" {
		return tx.exec("UPDATE projections SET digest = ? WHERE delivery = ?", r.Digest, r.Number)
	}
	if problem != "" && r.Problem == "" {
		done.Released++
	}
	if err := stateNew(tx, r, live); err != nil {
		return err
	}
	gone, err := retractOld(tx, r, live)
	if err != nil {
		return err
	}
	done.Retracted += gone
	return tx.exec("UPDATE projections SET digest = ?, problem = ?, due = ? WHERE delivery = ?",
		r.Digest, r.Problem, dueColumn(r.Projection), r.Number)
}

// stateNew appends the facts that a delivery didn't state.
func stateNew(tx *transaction, r readyReading, live []liveFact) error {
	known := make(map[string]bool, len(live))
	for _, f := range live {
		known[f.json] = true
	}
	for _, f := range r.facts {
		if known[f.json] {
			continue
		}
		known[f.json] = true
		if _, err := appendFact(tx, r.Number, f, stated); err != nil {
			return err
		}
	}
	return nil
}

// retractOld withdraws the facts that a delivery states no longer, retracts those that no delivery states, and returns
// how many those are.
func retractOld(tx *transaction, r readyReading, live []liveFact) (int, error) {
	done := make(map[string]bool, len(r.facts))
	for _, f := range r.facts {
		done[f.json] = true
	}
	var gone []liveFact
	for _, f := range live {
		if done[f.json] {
			continue
		}
		gone = append(gone, f)
		if err := tx.exec("INSERT INTO withdrawn (fact) VALUES (?)", f.seq); err != nil {
			return 0, err
		}
	}
	count := 0
	for _, f := range gone {
		if done[f.json] { // it stood twice in the delivery
			continue
		}
		done[f.json] = true
		n, err := retractUnstated(tx, r.Number, f.fact)
		if err != nil {
			return 0, err
		}
		count += n
	}
	return count, nil
}

// retractUnstated retracts a fact unless some delivery states it, and returns how many facts it retracted.
func retractUnstated(tx *transaction, delivery int64, f fact) (int, error) {
	others, err := liveAbout(tx, f.kind, f.id)
	if err != nil || slices.ContainsFunc(others, func(o liveFact) bool { return o.json == f.json }) {
		return 0, err
	}
	_, err = appendFact(tx, delivery, f, retracted)
	return 1, err
}

// Held implements ledger.Ledger.
func (l *Ledger) Held(ctx context.Context, limit int) ([]correlate.Held, error) {
	var where conditions
	where.add("p.problem <> ''")
	query, args := where.query("SELECT "+rawColumns+`, length(d.raw), p.problem, p.digest, p.due
		FROM projections p JOIN deliveries d ON d.seq = p.delivery`, "p.delivery DESC", limit)
	return list(ctx, l.readers, scanHeld, query, args...)
}

func scanHeld(scan func(...any) error) (correlate.Held, error) {
	var r raw
	var h correlate.Held
	var due *int64
	if err := scan(append(r.columns(), &h.Bytes, &h.Problem, &h.Digest, &due)...); err != nil {
		return h, err
	}
	delivery, err := r.decoded()
	h.Number, h.Source, h.ID, h.ReceivedAt = r.number, delivery.Source, delivery.ID, delivery.ReceivedAt
	h.Event, h.ContentType = delivery.Event(), delivery.Header["Content-Type"]
	if due != nil {
		h.Due = fromMicros(*due)
	}
	return h, err
}
