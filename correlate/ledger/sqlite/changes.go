package sqlite

import (
	"context"
	"fmt"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
	"github.com/shipwake/shipwake/correlate/ledger/codec"
)

// changeColumns are read by scanChange. The verdict is the newest revision there is, whichever effect brought it.
const changeColumns = `SELECT c.id, c.json, v.json FROM changes c
	LEFT JOIN verdicts v ON v.change_id = c.id AND v.revision = c.revision`

// refreshVerdicts brings the rows of changes up to their newest verdicts; neither needs to come first.
const refreshVerdicts = `UPDATE changes SET (revision, verdict, touched) = (
		SELECT revision, outcome, max(changes.touched, (SELECT max(decided_at) FROM verdicts WHERE change_id = changes.id))
		FROM verdicts WHERE change_id = changes.id ORDER BY revision DESC LIMIT 1)
	WHERE id IN (SELECT value FROM json_each(?)) AND EXISTS (SELECT 1 FROM verdicts WHERE change_id = changes.id)`

func changeWrites(c correlate.ChangeRecord) ([]write, error) {
	verdict := c.Verdict
	c.Verdict = nil
	text, err := encode(c, "change", c.ID)
	if err != nil {
		return nil, err
	}
	over := c.Phase == correlate.PhaseMerged || c.Phase == correlate.PhaseRetracted
	open := c.Phase == correlate.PhaseObserving || (c.FinishedAt.IsZero() && !over)
	touched := newest(c.StartedAt, &c.FinishedAt, &c.WindowEnd, &c.RecoveredAt)
	writes := []write{{`INSERT INTO changes (id, service, environment, version, at, touched, open, phase, json)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET service = excluded.service, environment = excluded.environment,
				version = excluded.version, at = excluded.at, touched = excluded.touched, open = excluded.open,
				phase = excluded.phase, json = excluded.json`,
		[]any{c.ID, c.Service, c.Environment, c.Version, micros(completion(c.Change)), micros(touched), flag(open),
			string(c.Phase), text}}}
	if verdict == nil {
		return writes, nil
	}
	more, err := verdictWrites(*verdict)
	return append(writes, more...), err
}

func verdictWrites(v correlate.Verdict) ([]write, error) {
	text, err := encode(v, "verdict of change", v.ChangeID)
	return []write{{`INSERT INTO verdicts (change_id, revision, outcome, decided_at, json) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (change_id, revision) DO NOTHING`,
		[]any{v.ChangeID, v.Revision, string(v.Outcome), micros(v.DecidedAt), text}}}, err
}

// completion is when a change finished, or started as long as it hasn't.
func completion(c correlate.Change) time.Time {
	if c.FinishedAt.IsZero() {
		return c.StartedAt
	}
	return c.FinishedAt
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// Changes implements ledger.Ledger.
func (l *Ledger) Changes(ctx context.Context, q ledger.ChangeFilter) ([]correlate.ChangeRecord, error) {
	if !q.AsOf.IsZero() {
		return changesAsOf(ctx, l, q)
	}
	var before []any
	if q.Before != "" {
		at, err := list(ctx, l.readers, scanInt, "SELECT at FROM changes WHERE id = ?", q.Before)
		if err != nil {
			return nil, err
		}
		if len(at) == 0 {
			return nil, fmt.Errorf("change %q: %w", q.Before, ledger.ErrNotFound)
		}
		before = []any{at[0], q.Before}
	}
	query, args := changeList(q, before)
	return listChanges(ctx, l.readers, query, args...)
}

// changeList is the statement that lists changes as they are: those before a time and id, when these are given.
func changeList(q ledger.ChangeFilter, before []any) (string, []any) {
	var where conditions
	where.list("c.service", q.Service, q.Namesakes, column{"c.version", q.Version}, column{"c.verdict", string(q.Outcome)},
		column{"c.phase", string(q.Phase)}, column{"c.environment", q.Environment})
	where.between("c.at", q.From, q.To)
	if len(before) > 0 {
		where.add("(c.at, c.id) < (?, ?)", before...)
	}
	return where.query(changeColumns, "c.at DESC, c.id DESC", q.Limit)
}

// Change implements ledger.Ledger. The verdicts are all revisions, oldest first.
func (l *Ledger) Change(ctx context.Context, id string) (correlate.ChangeRecord, []correlate.Verdict, error) {
	found, err := listChanges(ctx, l.readers, changeColumns+" WHERE c.id = ?", id)
	if err != nil {
		return correlate.ChangeRecord{}, nil, err
	}
	if len(found) == 0 {
		return correlate.ChangeRecord{}, nil, fmt.Errorf("change %q: %w", id, ledger.ErrNotFound)
	}
	verdicts, err := list(ctx, l.readers, scanVerdict,
		"SELECT revision, json FROM verdicts WHERE change_id = ? ORDER BY revision", id)
	return found[0], verdicts, err
}

// changeRow is a row of changeColumns.
type changeRow struct {
	id              string
	record, verdict []byte
}

func scanChange(scan func(...any) error) (row changeRow, err error) {
	err = scan(&row.id, &row.record, &row.verdict)
	return row, err
}

func (row changeRow) decode() (correlate.ChangeRecord, error) {
	var c correlate.ChangeRecord
	if err := decode(row.record, &c, "change", row.id); err != nil || row.verdict == nil {
		return c, err
	}
	c.Verdict = new(correlate.Verdict)
	return c, decode(row.verdict, c.Verdict, "verdict of change", row.id)
}

func listChanges(ctx context.Context, q querier, query string, args ...any) ([]correlate.ChangeRecord, error) {
	return listDecoded(ctx, q, scanChange, changeRow.decode, query, args...)
}

func scanVerdict(scan func(...any) error) (correlate.Verdict, error) {
	var v correlate.Verdict
	var revision int64
	var text []byte
	if err := scan(&revision, &text); err != nil {
		return v, err
	}
	return v, decode(text, &v, "verdict revision", revision)
}

// keptSeries is how many series of a change are kept, each of at most codec.MaxSeries bytes.
const keptSeries = 2

func seriesWrites(s correlate.Series) []write {
	return []write{
		{"INSERT INTO evidence_series (change_id, revision, blob) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
			[]any{s.ChangeID, s.Revision, codec.EncodeSeries(s)}},
		{`DELETE FROM evidence_series WHERE change_id = ?1 AND revision NOT IN
			(SELECT revision FROM evidence_series WHERE change_id = ?1 ORDER BY revision DESC LIMIT ?2)`, []any{s.ChangeID, keptSeries}},
	}
}

// Series implements ledger.Ledger.
func (l *Ledger) Series(ctx context.Context, changeID string) ([]correlate.Series, error) {
	all, err := list(ctx, l.readers, scanSeries, "SELECT revision, blob FROM evidence_series WHERE change_id = ? ORDER BY revision", changeID)
	for i := range all {
		all[i].ChangeID = changeID
	}
	return all, err
}

func scanSeries(scan func(...any) error) (correlate.Series, error) {
	var revision int64
	var blob []byte
	if err := scan(&revision, &blob); err != nil {
		return correlate.Series{}, err
	}
	s, err := codec.DecodeSeries(blob)
	if s.Revision = int(revision); err != nil {
		return s, fmt.Errorf("the stored series of revision %d can't be read: %w", revision, err)
	}
	return s, nil
}
