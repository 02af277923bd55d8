package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
)

// delivery is a delivery ready to be written.
type delivery struct {
	correlate.Delivery
	facts []fact
}

type fact struct {
	kind, id string
	eventAt  int64
	json     string
	stored   correlate.Fact // what reading json gives
}

// CommitFacts implements ledger.Ledger.
func (l *Ledger) CommitFacts(ctx context.Context, deliveries []correlate.Delivery, move *correlate.Position) (correlate.Receipt, []ledger.Fact, error) {
	ready, err := readyDeliveries(deliveries)
	if err != nil || (len(ready) == 0 && move == nil) {
		return correlate.Receipt{}, nil, err
	}
	var receipt correlate.Receipt
	var facts []ledger.Fact
	err = l.writer.write(ctx, ofSenders, func(tx *transaction) error {
		receipt, facts = correlate.Receipt{}, nil
		if err := advance(tx, move); err != nil {
			return err
		}
		for _, d := range ready {
			added, err := l.appendDelivery(tx, d, &receipt)
			if err != nil {
				return err
			}
			facts = append(facts, added...)
		}
		return nil
	})
	if err != nil {
		return correlate.Receipt{}, nil, err
	}
	return receipt, facts, nil
}

// advance moves a stream's position from where the caller believes it to be.
func advance(tx *transaction, move *correlate.Position) error {
	if move == nil {
		return nil
	}
	next, err := tx.integer("SELECT next FROM positions WHERE stream = ?", move.Stream)
	if err != nil {
		return err
	}
	if next != move.Expect {
		return fmt.Errorf("%w: %s is at %d, not at %d", correlate.ErrFenced, move.Stream, next, move.Expect)
	}
	return tx.exec("INSERT INTO positions (stream, next) VALUES (?, ?) ON CONFLICT (stream) DO UPDATE SET next = excluded.next",
		move.Stream, move.Next)
}

func (l *Ledger) appendDelivery(tx *transaction, d delivery, receipt *correlate.Receipt) ([]ledger.Fact, error) {
	seq, err := tx.insert(`INSERT INTO deliveries (source, delivery_id, received_at, content_type, event, raw, problem)
		VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (source, delivery_id) DO NOTHING`,
		d.Source, d.ID, micros(d.ReceivedAt), d.ContentType, d.Event, d.Raw, d.Problem)
	switch {
	case err != nil:
		return nil, err
	case seq == 0:
		receipt.Duplicate++
		return nil, nil
	case d.Problem != "":
		receipt.Quarantined++
		if err := l.hold(tx, seq, d); err != nil {
			return nil, err
		}
	default:
		receipt.Accepted++
	}
	received := fromMicros(micros(d.ReceivedAt))
	facts := make([]ledger.Fact, 0, len(d.facts))
	for _, f := range d.facts {
		place, err := appendFact(tx, seq, f)
		if err != nil {
			return nil, err
		}
		facts = append(facts, ledger.Fact{Seq: place, Delivery: seq, ReceivedAt: received, Fact: f.stored})
	}
	return facts, nil
}

func appendFact(tx *transaction, delivery int64, f fact) (seq int64, err error) {
	return tx.insert("INSERT INTO facts (delivery, kind, id, event_time, json) VALUES (?, ?, ?, ?, ?)",
		delivery, f.kind, f.id, f.eventAt, f.json)
}

func readyDeliveries(deliveries []correlate.Delivery) ([]delivery, error) {
	ready := make([]delivery, 0, len(deliveries))
	for _, d := range deliveries {
		if d.Source == "" || d.ID == "" {
			return nil, fmt.Errorf("a delivery of source %q has the id %q: both are required, to know it when it comes again",
				d.Source, d.ID)
		}
		if d.Raw == nil {
			d.Raw = []byte{}
		}
		r := delivery{Delivery: d}
		for i, f := range d.Facts {
			row, err := readyFact(f)
			if err != nil {
				return nil, fmt.Errorf("fact %d of delivery %q of source %q: %w", i, d.ID, d.Source, err)
			}
			r.facts = append(r.facts, row)
		}
		ready = append(ready, r)
	}
	return ready, nil
}

// readyFact brings a fact into its stored form and reads it back, so that what is applied now is to the bit what a
// restart would apply.
func readyFact(f correlate.Fact) (fact, error) {
	var row fact
	switch {
	case f.Change != nil && f.Incident == nil:
		c := changeInUTC(*f.Change)
		f = correlate.Fact{Change: &c}
		row.kind, row.id = "change", c.ID
	case f.Incident != nil && f.Change == nil:
		i := incidentInUTC(*f.Incident)
		f = correlate.Fact{Incident: &i}
		row.kind, row.id = "incident", i.ID
	default:
		return fact{}, errors.New("it must hold either a change or an incident")
	}
	text, err := json.Marshal(f)
	if err != nil {
		return fact{}, err
	}
	row.json, row.eventAt = string(text), micros(f.EventTime())
	return row, json.Unmarshal(text, &row.stored)
}

func changeInUTC(c correlate.Change) correlate.Change {
	c.StartedAt, c.FinishedAt = c.StartedAt.UTC(), c.FinishedAt.UTC()
	commits := make([]correlate.Commit, len(c.Commits))
	for i, commit := range c.Commits {
		commits[i] = correlate.Commit{SHA: commit.SHA, AuthoredAt: commit.AuthoredAt.UTC()}
	}
	c.Commits = commits
	return c
}

func incidentInUTC(i correlate.Incident) correlate.Incident {
	i.OpenedAt, i.AcknowledgedAt, i.ResolvedAt = i.OpenedAt.UTC(), i.AcknowledgedAt.UTC(), i.ResolvedAt.UTC()
	return i
}

// Position implements ledger.Ledger.
func (l *Ledger) Position(ctx context.Context, stream string) (int64, error) {
	positions, err := list(ctx, l.readers, scanInt, "SELECT next FROM positions WHERE stream = ?", stream)
	if err != nil || len(positions) == 0 {
		return 0, err
	}
	return positions[0], nil
}

// Unapplied implements ledger.Ledger.
func (l *Ledger) Unapplied(ctx context.Context) ([]ledger.Fact, error) {
	return list(ctx, l.readers, scanFact, `SELECT f.seq, f.delivery, d.received_at, f.json
		FROM facts f JOIN deliveries d ON d.seq = f.delivery
		WHERE f.seq > coalesce((SELECT value FROM meta WHERE name = 'applied_seq'), 0) ORDER BY f.seq`)
}

func scanFact(scan func(...any) error) (ledger.Fact, error) {
	var f ledger.Fact
	var received int64
	var text []byte
	if err := scan(&f.Seq, &f.Delivery, &received, &text); err != nil {
		return f, err
	}
	f.ReceivedAt = fromMicros(received)
	return f, decode(text, &f.Fact, "fact", f.Seq)
}
