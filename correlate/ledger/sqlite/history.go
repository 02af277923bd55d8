package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// The marks of the history in the table meta: when it begins, and when its newest row was recorded.
const (
	historySince  = "history_since"
	historyNewest = "history_newest"
)

const setMark = `INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`

// historySchema is the schema from which on the history of records is kept.
const historySchema = 4

// beginHistory starts the history of a ledger that has none with the records that are there, all in one transaction.
func beginHistory(ctx context.Context, conn *sql.Conn, now time.Time) (err error) {
	var begun int
	if err := conn.QueryRowContext(ctx, "SELECT count(*) FROM meta WHERE name = ?", historySince).Scan(&begun); err != nil || begun > 0 {
		return err
	}
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if undo := tx.Rollback(); !errors.Is(undo, sql.ErrTxDone) {
			err = errors.Join(err, undo)
		}
	}()
	at := micros(now)
	for _, w := range []write{
		{`INSERT INTO change_history SELECT id, 1, ?, ?, service, environment, version, at, phase, revision, 1, json FROM changes`,
			[]any{at, string(correlate.CauseHistory)}},
		{`INSERT INTO incident_history SELECT id, 1, ?, ?, service, environment, opened_at, open, json FROM incidents`,
			[]any{at, string(correlate.CauseHistory)}},
		{setMark, []any{historyNewest, at}},
		{setMark, []any{historySince, at}},
	} {
		if _, err := tx.ExecContext(ctx, w.query, w.args...); err != nil {
			return fmt.Errorf("begin the history of records: %w", err)
		}
	}
	return tx.Commit()
}

// remember appends to the history what a commit made of the records that its effects are about. States in between
// were never to be seen, and so are no part of it; a record that is as it was adds nothing.
func remember(tx *transaction, effects []correlate.Effect, now time.Time) error {
	h := history{tx: tx, at: micros(now)}
	done := map[[2]string]bool{}
	for _, e := range effects {
		var err error
		switch change, incident := about(e); {
		case change != "" && !done[[2]string{"change", change}]:
			done[[2]string{"change", change}] = true
			err = h.change(change)
		case incident != "" && !done[[2]string{"incident", incident}]:
			done[[2]string{"incident", incident}] = true
			err = h.incident(incident)
		}
		if err != nil {
			return err
		}
	}
	if !h.appended {
		return nil
	}
	return tx.exec(setMark, historyNewest, h.at)
}

// about is the id of the change or of the incident whose record an effect may alter.
func about(e correlate.Effect) (change, incident string) {
	switch {
	case e.Change != nil:
		return e.Change.ID, ""
	case e.Verdict != nil:
		return e.Verdict.ChangeID, ""
	case e.Incident != nil:
		return "", e.Incident.ID
	}
	return "", ""
}

// history appends the rows of one commit, all with one time.
type history struct {
	tx       *transaction
	at       int64
	appended bool
}

// append stores a row. Its time never lies before that of the row before, whatever the clock does, so that what was
// known at an instant is what a run of commits left behind.
func (h *history) append(query string, args ...any) error {
	if !h.appended {
		newest, err := h.tx.integer("SELECT value FROM meta WHERE name = ?", historyNewest)
		if err != nil {
			return err
		}
		h.at, h.appended = max(h.at, newest), true
	}
	return h.tx.exec(query, append([]any{h.at}, args...)...)
}

// changeState is a change's row as it is now, or its newest row in the history.
type changeState struct {
	revision, base int64
	verdict        sql.NullInt64
	record         fields
	text           []byte // the record once more, as JSON
	baseRecord     fields
}

// decoded is the record, with no more of its verdict than the revision.
func (s changeState) decoded(id string) (correlate.ChangeRecord, error) {
	var c correlate.ChangeRecord
	err := decode(s.text, &c, "change", id)
	if s.verdict.Valid {
		c.Verdict = &correlate.Verdict{Revision: int(s.verdict.Int64)}
	}
	return c, err
}

func (h *history) change(id string) error {
	var now changeState
	var service, environment, version, phase string
	var at int64
	found, err := h.tx.row("SELECT service, environment, version, at, phase, revision, json FROM changes WHERE id = ?", []any{id},
		&service, &environment, &version, &at, &phase, &now.verdict, &now.text)
	if err != nil || !found { // a verdict may come before its change
		return err
	}
	before, err := h.newestChange(id)
	if err != nil {
		return err
	}
	is := step{cause: correlate.ChangeCause(nil, correlate.ChangeRecord{Phase: correlate.Phase(phase)}), stored: now.text}
	revision := int64(1)
	if before != nil {
		if is, err = next(id, *before, now); err != nil || is.cause == "" {
			return err
		}
		revision = before.revision + 1
	}
	base := cmp.Or(is.base, revision)
	return h.append(`INSERT INTO change_history (recorded_at, id, revision, cause, service, environment, version, at, phase, verdict, base, json)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		id, revision, string(is.cause), service, environment, version, at, phase, now.verdict, base, string(is.stored))
}

// step is how a state is stored: why it is another than before, as what text, and as a patch of which revision, 0 when the
// text is the whole. There is no cause when nothing is new.
type step struct {
	cause  correlate.Cause
	stored []byte
	base   int64
}

// next is how a state is stored after the one before.
func next(id string, before, now changeState) (is step, err error) {
	if now.record, err = parseFields(now.text, "change", id); err != nil {
		return step{}, err
	}
	if before.verdict == now.verdict && before.record.equal(now.record) {
		return step{}, nil
	}
	after, err := now.decoded(id)
	if err != nil {
		return step{}, err
	}
	was, err := before.decoded(id)
	if err != nil {
		return step{}, err
	}
	is.cause = correlate.ChangeCause(&was, after)
	patch, err := before.baseRecord.patchTo(now.record).encode("change", id)
	if err != nil {
		return step{}, err
	}
	if 2*len(patch) > len(now.text) {
		is.stored = now.text
		return is, nil
	}
	is.stored, is.base = patch, before.base
	return is, nil
}

// newestChange is nil for a change without history.
func (h *history) newestChange(id string) (*changeState, error) {
	var s changeState
	var text, base []byte
	found, err := h.tx.row(`SELECT h.revision, h.verdict, h.base, h.json, b.json FROM change_history h
		JOIN change_history b ON b.id = h.id AND b.revision = h.base WHERE h.id = ? ORDER BY h.revision DESC LIMIT 1`, []any{id},
		&s.revision, &s.verdict, &s.base, &text, &base)
	if err != nil || !found {
		return nil, err
	}
	if s.baseRecord, err = parseFields(base, "change", id); err != nil {
		return nil, err
	}
	if s.record, s.text = s.baseRecord, base; s.base == s.revision {
		return &s, nil
	}
	patch, err := parseFields(text, "change", id)
	if err != nil {
		return nil, err
	}
	s.record = s.baseRecord.patched(patch)
	s.text, err = s.record.encode("change", id)
	return &s, err
}

func (h *history) incident(id string) error {
	var service, environment string
	var opened, open, revision int64
	var text, before []byte
	found, err := h.tx.row("SELECT service, environment, opened_at, open, json FROM incidents WHERE id = ?", []any{id},
		&service, &environment, &opened, &open, &text)
	if err != nil || !found {
		return err
	}
	known, err := h.tx.row("SELECT revision, json FROM incident_history WHERE id = ? ORDER BY revision DESC LIMIT 1", []any{id}, &revision, &before)
	if err != nil || (known && string(before) == string(text)) {
		return err
	}
	var was *correlate.IncidentRecord
	var after correlate.IncidentRecord
	if err := decode(text, &after, "incident", id); err != nil {
		return err
	}
	if known {
		was = new(correlate.IncidentRecord)
		if err := decode(before, was, "incident", id); err != nil {
			return err
		}
	}
	return h.append(`INSERT INTO incident_history (recorded_at, id, revision, cause, service, environment, opened_at, open, json)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		id, revision+1, string(correlate.IncidentCause(was, after)), service, environment, opened, open, string(text))
}

// row reads one row into the places given, and says whether there is one.
func (t *transaction) row(query string, args []any, into ...any) (bool, error) {
	s, err := t.statement(query)
	if err != nil {
		return false, err
	}
	err = s.QueryRow(args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}
