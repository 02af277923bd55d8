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

// firstRevisions begins the history of those of some changes that have none, in one statement: of a history that is taken in
// these are all.
const firstRevisions = `INSERT INTO change_history (id, revision, recorded_at, cause, service, environment, version, at, phase, verdict, base, json)
	SELECT c.id, 1, ?2, CASE c.phase WHEN ?3 THEN ?4 ELSE ?5 END, c.service, c.environment, c.version, c.at, c.phase, c.revision, 1, c.json
	FROM json_each(?1) q CROSS JOIN changes c ON c.id = q.value WHERE NOT EXISTS (SELECT 1 FROM change_history WHERE id = c.id)`

// remember appends to the history what a commit made of records. States in between were never to be seen, and so are no part
// of it; a record that is as it was adds nothing.
func remember(tx *transaction, changes, incidents []string, now time.Time) error {
	if len(changes)+len(incidents) == 0 {
		return nil
	}
	newest, err := tx.integer("SELECT value FROM meta WHERE name = ?", historyNewest)
	if err != nil {
		return err
	}
	h := history{tx: tx, at: max(micros(now), newest)}
	if err := h.changes(changes); err != nil {
		return err
	}
	for _, id := range incidents {
		if err := h.incident(id); err != nil {
			return err
		}
	}
	if !h.appended {
		return nil
	}
	return tx.exec(setMark, historyNewest, h.at)
}

// history appends the rows of one commit, all with one time. It never lies before that of the row before, whatever the clock
// does, so that what was known at an instant is what a run of commits left behind.
type history struct {
	tx       *transaction
	at       int64
	appended bool
}

func (h *history) append(query string, args ...any) error {
	row, err := h.tx.insert(query, args...)
	h.appended = h.appended || row > 0
	return err
}

// changes appends what became of some changes.
func (h *history) changes(ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	var known []string
	if err := h.tx.each(func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		known = append(known, id)
		return err
	}, "SELECT value FROM json_each(?) WHERE EXISTS (SELECT 1 FROM change_history WHERE id = value)", array(ids)); err != nil {
		return err
	}
	if len(known) < len(ids) {
		late := correlate.ChangeRecord{Phase: correlate.PhaseHistory}
		if err := h.append(firstRevisions, array(ids), h.at, string(late.Phase), string(correlate.ChangeCause(nil, late)),
			string(correlate.ChangeCause(nil, correlate.ChangeRecord{}))); err != nil {
			return err
		}
	}
	for _, id := range known {
		if err := h.change(id); err != nil {
			return err
		}
	}
	return nil
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

// change appends what became of a change that has a history.
func (h *history) change(id string) error {
	var now changeState
	var service, environment, version, phase string
	var at int64
	if _, err := h.tx.row("SELECT service, environment, version, at, phase, revision, json FROM changes WHERE id = ?", []any{id},
		&service, &environment, &version, &at, &phase, &now.verdict, &now.text); err != nil {
		return err
	}
	before, err := h.newestChange(id)
	if err != nil {
		return err
	}
	is, err := next(id, before, now)
	if err != nil || is.cause == "" {
		return err
	}
	revision := before.revision + 1
	return h.append(`INSERT INTO change_history (recorded_at, id, revision, cause, service, environment, version, at, phase, verdict, base, json)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		h.at, id, revision, string(is.cause), service, environment, version, at, phase, now.verdict, cmp.Or(is.base, revision), string(is.stored))
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

// newestChange is the newest row of a change that has a history.
func (h *history) newestChange(id string) (s changeState, err error) {
	var text, base []byte
	_, err = h.tx.row(`SELECT h.revision, h.verdict, h.base, h.json, b.json FROM change_history h
		JOIN change_history b ON b.id = h.id AND b.revision = h.base WHERE h.id = ? ORDER BY h.revision DESC LIMIT 1`, []any{id},
		&s.revision, &s.verdict, &s.base, &text, &base)
	if err != nil {
		return s, err
	}
	if s.baseRecord, err = parseFields(base, "change", id); err != nil {
		return s, err
	}
	if s.record, s.text = s.baseRecord, base; s.base == s.revision {
		return s, nil
	}
	patch, err := parseFields(text, "change", id)
	if err != nil {
		return s, err
	}
	s.record = s.baseRecord.patched(patch)
	s.text, err = s.record.encode("change", id)
	return s, err
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
		h.at, id, revision+1, string(correlate.IncidentCause(was, after)), service, environment, opened, open, string(text))
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
