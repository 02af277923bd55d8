package sqlite

import (
	"bytes"
	"context"
	"fmt"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
)

// entry is a delivery ready to be written.
type entry struct {
	correlate.Entry
	header string
	facts  []fact
}

// Append implements ledger.Ledger.
func (l *Ledger) Append(ctx context.Context, entries []correlate.Entry, move *correlate.Move) (correlate.Receipt, []ledger.Fact, error) {
	ready, err := readyEntries(entries)
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
		for _, e := range ready {
			added, err := appendEntry(tx, e, &receipt)
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

// advance moves a stream's cursor from where the caller believes it to be.
func advance(tx *transaction, move *correlate.Move) error {
	if move == nil {
		return nil
	}
	var at []byte
	if _, err := tx.row("SELECT cursor FROM cursors WHERE stream = ?", []any{move.Stream}, &at); err != nil {
		return err
	}
	if !bytes.Equal(at, move.Expect) {
		return fmt.Errorf("%w: %s is at %q, not at %q", correlate.ErrFenced, move.Stream, at, move.Expect)
	}
	if len(move.Next) == 0 {
		return tx.exec("DELETE FROM cursors WHERE stream = ?", move.Stream)
	}
	return tx.exec("INSERT INTO cursors (stream, cursor) VALUES (?, ?) ON CONFLICT (stream) DO UPDATE SET cursor = excluded.cursor",
		move.Stream, move.Next)
}

// Cursor implements ledger.Ledger.
func (l *Ledger) Cursor(ctx context.Context, stream string) ([]byte, error) {
	found, err := list(ctx, l.readers, func(scan func(...any) error) (cursor []byte, err error) {
		err = scan(&cursor)
		return cursor, err
	}, "SELECT cursor FROM cursors WHERE stream = ?", stream)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

func appendEntry(tx *transaction, e entry, receipt *correlate.Receipt) ([]ledger.Fact, error) {
	seq, err := tx.insert(`INSERT INTO deliveries (source, delivery_id, received_at, header, raw, content_type, event, problem)
		VALUES (?, ?, ?, ?, ?, '', '', '') ON CONFLICT (source, delivery_id) DO NOTHING`,
		e.Source, e.ID, micros(e.ReceivedAt), e.header, e.Body)
	switch {
	case err != nil:
		return nil, err
	case seq == 0:
		receipt.Duplicate++
		return nil, nil
	case e.Problem != "":
		receipt.Quarantined++
	default:
		receipt.Accepted++
	}
	if err := tx.exec("INSERT INTO projections (delivery, source, digest, problem, due) VALUES (?, ?, ?, ?, ?)",
		seq, e.Source, e.Digest, e.Problem, dueColumn(e.Projection)); err != nil {
		return nil, err
	}
	received := fromMicros(micros(e.ReceivedAt))
	facts := make([]ledger.Fact, 0, len(e.facts))
	for _, f := range e.facts {
		place, err := appendFact(tx, seq, f, stated)
		if err != nil {
			return nil, err
		}
		facts = append(facts, ledger.Fact{Seq: place, Delivery: seq, ReceivedAt: received, Fact: f.stored})
	}
	return facts, nil
}

func readyEntries(entries []correlate.Entry) ([]entry, error) {
	ready := make([]entry, 0, len(entries))
	for _, e := range entries {
		if e.Source == "" || e.ID == "" {
			return nil, fmt.Errorf("a delivery of source %q has the id %q: both are required, to know it when it comes again",
				e.Source, e.ID)
		}
		r := entry{Entry: e}
		var err error
		if r.facts, err = readyFacts(e.Projection); err != nil {
			return nil, fmt.Errorf("delivery %q of source %q: %w", e.ID, e.Source, err)
		}
		if r.header, err = encode(headerColumn(e.Header), "header of delivery", e.ID); err != nil {
			return nil, err
		}
		if r.Body == nil {
			r.Body = []byte{}
		}
		ready = append(ready, r)
	}
	return ready, nil
}

// headerColumn is an object even where there are no headers.
func headerColumn(header map[string]string) map[string]string {
	if header == nil {
		return map[string]string{}
	}
	return header
}

// rawColumns are those of a delivery in the log. One of an older schema tells its headers by two columns of their own;
// the only sender whose event a header told was GitHub.
const rawColumns = `d.seq, d.source, d.delivery_id, d.received_at, coalesce(d.header, json_patch(
		CASE WHEN d.content_type <> '' THEN json_object('Content-Type', d.content_type) ELSE '{}' END,
		CASE WHEN d.event <> '' THEN json_object('X-Github-Event', d.event) ELSE '{}' END))`

// raw are the columns as they are read.
type raw struct {
	number, received int64
	header           []byte
	correlate.Raw
}

func (r *raw) columns() []any {
	return []any{&r.number, &r.Source, &r.ID, &r.received, &r.header}
}

// decoded is the delivery that the columns say.
func (r *raw) decoded() (correlate.Raw, error) {
	r.ReceivedAt = fromMicros(r.received)
	if err := decode(r.header, &r.Header, "header of delivery", r.number); err != nil {
		return r.Raw, err
	}
	if len(r.Header) == 0 {
		r.Header = nil
	}
	return r.Raw, nil
}

func dueColumn(p correlate.Projection) any {
	if p.Due.IsZero() {
		return nil
	}
	return micros(p.Due)
}
