package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
)

// fact is a fact ready to be written.
type fact struct {
	kind, id string
	eventAt  int64
	json     string
	stored   correlate.Fact // what reading json gives
}

// standing says whether a row of the log states a fact or takes it back.
type standing int

const (
	stated    standing = 0
	retracted standing = 1
)

// readyFacts brings the facts of a projection into their stored form.
func readyFacts(p correlate.Projection) ([]fact, error) {
	if p.Problem != "" && len(p.Facts) > 0 {
		return nil, errors.New("it has both facts and a problem; where there is a problem, there are no facts")
	}
	var ready []fact
	for i, f := range p.Facts {
		row, err := readyFact(f)
		if err != nil {
			return nil, fmt.Errorf("fact %d: %w", i, err)
		}
		ready = append(ready, row)
	}
	return ready, nil
}

// readyFact brings a fact into its stored form and reads it back, so that what is applied now is to the bit what a
// restart would apply.
func readyFact(f correlate.Fact) (fact, error) {
	var row fact
	switch row.kind = f.Kind(); row.kind {
	case "change":
		row.id = f.Change.ID
	case "incident":
		row.id = f.Incident.ID
	case "check":
		row.id = f.Check.WithDefaults().ID
	case "note":
		row.id = noteID + f.Note.About()
	default:
		return fact{}, errors.New("it must hold one of a change, an incident, a check and a note")
	}
	f = f.UTC()
	text, err := json.Marshal(f)
	if err != nil {
		return fact{}, err
	}
	row.json, row.eventAt = string(text), micros(f.EventTime())
	return row, json.Unmarshal(text, &row.stored)
}

// noteID is what the ids of notes begin with, so that all of them lie together in the index.
const noteID = "note "

// heldNotes are the notes on what nobody reported.
const heldNotes = `SELECT f.seq, f.json FROM facts f LEFT JOIN withdrawn w ON w.fact = f.seq
	WHERE f.id >= 'note ' AND f.id < 'note!' AND f.kind = 'note' AND f.retracted = 0 AND w.fact IS NULL
		AND NOT EXISTS (SELECT 1 FROM changes c WHERE c.id = f.json ->> '$.note.change')
		AND NOT EXISTS (SELECT 1 FROM incidents i WHERE i.id = f.json ->> '$.note.incident')
	ORDER BY f.seq`

func scanNote(scan func(...any) error) (correlate.Note, error) {
	var seq int64
	var text []byte
	if err := scan(&seq, &text); err != nil {
		return correlate.Note{}, err
	}
	f := correlate.Fact{Note: &correlate.Note{}}
	err := decode(text, &f, "fact", seq)
	return *f.Note, err
}

func appendFact(tx *transaction, delivery int64, f fact, s standing) (seq int64, err error) {
	return tx.insert("INSERT INTO facts (delivery, kind, id, event_time, json, retracted) VALUES (?, ?, ?, ?, ?, ?)",
		delivery, f.kind, f.id, f.eventAt, f.json, int(s))
}

// liveFact is a row that its delivery still states.
type liveFact struct {
	seq int64
	fact
}

// liveOf are the facts that a delivery states, liveAbout those that any delivery states of one change or incident. They
// are brought into the form in which they would be stored today, by which they can be compared.
func liveOf(tx *transaction, delivery int64) ([]liveFact, error) {
	return liveFacts(tx, "f.delivery = ?", delivery)
}

func liveAbout(tx *transaction, kind, id string) ([]liveFact, error) {
	return liveFacts(tx, "f.kind = ? AND f.id = ?", kind, id)
}

func liveFacts(tx *transaction, where string, args ...any) ([]liveFact, error) {
	var all []liveFact
	err := tx.each(func(scan func(...any) error) error {
		var seq int64
		var text []byte
		if err := scan(&seq, &text); err != nil {
			return err
		}
		var f correlate.Fact
		if err := decode(text, &f, "fact", seq); err != nil {
			return err
		}
		row, err := readyFact(f)
		all = append(all, liveFact{seq, row})
		return err
	}, `SELECT f.seq, f.json FROM facts f LEFT JOIN withdrawn w ON w.fact = f.seq
		WHERE f.retracted = 0 AND w.fact IS NULL AND `+where+" ORDER BY f.seq", args...)
	return all, err
}

// Unapplied implements ledger.Ledger.
func (l *Ledger) Unapplied(ctx context.Context, limit int) ([]ledger.Fact, error) {
	var where conditions
	where.add("f.seq > coalesce((SELECT value FROM meta WHERE name = 'applied_seq'), 0)")
	query, args := where.query(`SELECT f.seq, f.delivery, d.received_at, f.retracted, f.json
		FROM facts f JOIN deliveries d ON d.seq = f.delivery`, "f.seq", limit)
	return list(ctx, l.readers, scanFact, query, args...)
}

// Backlog implements ledger.Ledger. Numbers of facts have no gaps, since a fact is never removed.
func (l *Ledger) Backlog(ctx context.Context) (ledger.Backlog, error) {
	found, err := list(ctx, l.readers, scanBacklog, `WITH applied AS (SELECT coalesce((SELECT value FROM meta WHERE name = 'applied_seq'), 0) AS seq)
		SELECT (SELECT max(seq) FROM facts) - a.seq, d.received_at FROM applied a
		JOIN facts f ON f.seq = (SELECT min(seq) FROM facts WHERE seq > a.seq) JOIN deliveries d ON d.seq = f.delivery`)
	if err != nil || len(found) == 0 {
		return ledger.Backlog{}, err
	}
	return found[0], nil
}

func scanBacklog(scan func(...any) error) (ledger.Backlog, error) {
	var b ledger.Backlog
	var received int64
	err := scan(&b.Facts, &received)
	b.Oldest = fromMicros(received)
	return b, err
}

func scanFact(scan func(...any) error) (ledger.Fact, error) {
	var f ledger.Fact
	var received int64
	var text []byte
	if err := scan(&f.Seq, &f.Delivery, &received, &f.Retracted, &text); err != nil {
		return f, err
	}
	f.ReceivedAt = fromMicros(received)
	return f, decode(text, &f.Fact, "fact", f.Seq)
}
