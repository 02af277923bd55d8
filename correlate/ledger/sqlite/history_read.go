package sqlite

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
)

// historyColumns are read by scanHistory: a row of the history, the row that it is a patch of, and the verdict.
const historyColumns = `SELECT c.id, c.revision, c.recorded_at, c.cause, c.base, c.json, b.json, v.json FROM change_history c
	JOIN change_history b ON b.id = c.id AND b.revision = c.base
	LEFT JOIN verdicts v ON v.change_id = c.id AND v.revision = c.verdict`

const incidentHistoryColumns = "SELECT id, revision, recorded_at, cause, json FROM incident_history"

// HistorySince implements ledger.Ledger.
func (l *Ledger) HistorySince(ctx context.Context) (time.Time, error) {
	since, err := list(ctx, l.readers, scanInt, "SELECT value FROM meta WHERE name = ?", historySince)
	if err != nil {
		return time.Time{}, err
	}
	if len(since) == 0 {
		return time.Time{}, fmt.Errorf("%s has no history of records", l.path)
	}
	return fromMicros(since[0]), nil
}

// checkSince refuses an instant before the history.
func checkSince(ctx context.Context, l *Ledger, asOf time.Time) error {
	since, err := l.HistorySince(ctx)
	if err == nil && micros(asOf) < micros(since) {
		return &correlate.HistoryError{Since: since}
	}
	return err
}

// asOf restricts a history to the rows that were the newest of their id at an instant.
func (c *conditions) asOf(table, alias string, t time.Time) {
	c.add(alias+".recorded_at <= ?", micros(t))
	c.add("NOT EXISTS (SELECT 1 FROM "+table+" later WHERE later.id = "+alias+".id AND later.revision = "+alias+
		".revision + 1 AND later.recorded_at <= ?)", micros(t))
}

// changesAsOf is Changes for an instant of the past.
func changesAsOf(ctx context.Context, l *Ledger, q ledger.ChangeFilter) ([]correlate.ChangeRecord, error) {
	if err := checkSince(ctx, l, q.AsOf); err != nil {
		return nil, err
	}
	var where conditions
	where.service("c.service", q.Service, q.Namesakes)
	where.equal("c.environment", q.Environment)
	where.equal("c.version", q.Version)
	where.equal("v.outcome", string(q.Outcome))
	where.equal("c.phase", string(q.Phase))
	where.between("c.at", q.From, q.To)
	where.asOf("change_history", "c", q.AsOf)
	if q.Before != "" {
		at, err := list(ctx, l.readers, scanInt,
			"SELECT at FROM change_history WHERE id = ? AND recorded_at <= ? ORDER BY revision DESC LIMIT 1", q.Before, micros(q.AsOf))
		if err != nil {
			return nil, err
		}
		if len(at) == 0 {
			return nil, fmt.Errorf("change %q as of %s: %w", q.Before, q.AsOf.Format(time.RFC3339), ledger.ErrNotFound)
		}
		where.add("(c.at, c.id) < (?, ?)", at[0], q.Before)
	}
	query, args := where.query(historyColumns, "c.at DESC, c.id DESC", q.Limit)
	return listDecoded(ctx, l.readers, scanHistory, historyRow.record, query, args...)
}

// incidentsAsOf is Incidents for an instant of the past.
func incidentsAsOf(ctx context.Context, l *Ledger, q ledger.IncidentFilter) ([]correlate.IncidentRecord, error) {
	if err := checkSince(ctx, l, q.AsOf); err != nil {
		return nil, err
	}
	var where conditions
	where.incidentService(q.Service, q.Namesakes)
	where.equal("environment", q.Environment)
	where.between("opened_at", q.From, q.To)
	if q.Open {
		where.add("open = 1")
	}
	where.asOf("incident_history", "incident_history", q.AsOf)
	query, args := where.query(incidentHistoryColumns, "opened_at DESC, id DESC", q.Limit)
	revisions, err := list(ctx, l.readers, scanIncidentRevision, query, args...)
	if err != nil {
		return nil, err
	}
	var all []correlate.IncidentRecord
	for _, r := range revisions {
		all = append(all, r.Record)
	}
	return all, nil
}

// ChangeRevisions implements ledger.Ledger.
func (l *Ledger) ChangeRevisions(ctx context.Context, id string, until time.Time, limit int) ([]correlate.ChangeRevision, error) {
	query, args := revisionsOf(historyColumns, "c", id, until, limit)
	all, err := listDecoded(ctx, l.readers, scanHistory, historyRow.decode, query, args...)
	slices.Reverse(all)
	return all, err
}

// IncidentRevisions implements ledger.Ledger.
func (l *Ledger) IncidentRevisions(ctx context.Context, id string, until time.Time, limit int) ([]correlate.IncidentRevision, error) {
	query, args := revisionsOf(incidentHistoryColumns, "incident_history", id, until, limit)
	all, err := list(ctx, l.readers, scanIncidentRevision, query, args...)
	slices.Reverse(all)
	return all, err
}

// revisionsOf selects rows of a history, newest first.
func revisionsOf(columns, alias, id string, until time.Time, limit int) (string, []any) {
	var where conditions
	where.add(alias+".id = ?", id)
	if !until.IsZero() {
		where.add(alias+".recorded_at <= ?", micros(until))
	}
	return where.query(columns, alias+".revision DESC", limit)
}

// historyRow is a row of historyColumns.
type historyRow struct {
	id                            string
	revision, recordedAt, patchOf int64
	cause                         string
	text, whole, verdict          []byte
}

func scanHistory(scan func(...any) error) (row historyRow, err error) {
	err = scan(&row.id, &row.revision, &row.recordedAt, &row.cause, &row.patchOf, &row.text, &row.whole, &row.verdict)
	return row, err
}

func (row historyRow) decode() (correlate.ChangeRevision, error) {
	record, err := row.record()
	return correlate.ChangeRevision{
		Revision: int(row.revision), RecordedAt: fromMicros(row.recordedAt), Cause: correlate.Cause(row.cause), Record: record,
	}, err
}

func (row historyRow) record() (correlate.ChangeRecord, error) {
	text := row.text
	if row.patchOf != row.revision {
		whole, err := parseFields(row.whole, "change", row.id)
		if err != nil {
			return correlate.ChangeRecord{}, err
		}
		patch, err := parseFields(row.text, "change", row.id)
		if err != nil {
			return correlate.ChangeRecord{}, err
		}
		if text, err = whole.patched(patch).encode("change", row.id); err != nil {
			return correlate.ChangeRecord{}, err
		}
	}
	return changeRow{row.id, text, row.verdict}.decode()
}

func scanIncidentRevision(scan func(...any) error) (correlate.IncidentRevision, error) {
	var r correlate.IncidentRevision
	var id, cause string
	var at int64
	var text []byte
	if err := scan(&id, &r.Revision, &at, &cause, &text); err != nil {
		return r, err
	}
	r.RecordedAt, r.Cause = fromMicros(at), correlate.Cause(cause)
	return r, decode(text, &r.Record, "incident", id)
}

// What was recorded after a row of a history, and is the newest of its id.
const (
	recordedChanges = `SELECT h.rowid, c.id, c.json, v.json FROM change_history h JOIN changes c ON c.id = h.id
		LEFT JOIN verdicts v ON v.change_id = c.id AND v.revision = c.revision
		WHERE h.rowid > ? AND h.revision = (SELECT max(revision) FROM change_history WHERE id = h.id) ORDER BY h.rowid LIMIT ?`
	recordedIncidents = `SELECT h.rowid, i.id, i.json FROM incident_history h JOIN incidents i ON i.id = h.id
		WHERE h.rowid > ? AND h.revision = (SELECT max(revision) FROM incident_history WHERE id = h.id) ORDER BY h.rowid LIMIT ?`
)

// Recorded implements ledger.Ledger. Rows are numbered in the order of commits, without gaps, since none is removed.
func (l *Ledger) Recorded(ctx context.Context, after ledger.Mark, limit int) (r ledger.Recorded, err error) {
	r.To = after
	r.Changes, err = listDecoded(ctx, l.readers, func(scan func(...any) error) (row changeRow, err error) {
		err = scan(&r.To.Changes, &row.id, &row.record, &row.verdict)
		return row, err
	}, changeRow.decode, recordedChanges, after.Changes, limit)
	if err != nil {
		return ledger.Recorded{}, err
	}
	r.Incidents, err = list(ctx, l.readers, func(scan func(...any) error) (correlate.IncidentRecord, error) {
		return scanIncident(func(into ...any) error { return scan(append([]any{&r.To.Incidents}, into...)...) })
	}, recordedIncidents, after.Incidents, limit)
	return r, err
}

// RecordedTo implements ledger.Ledger.
func (l *Ledger) RecordedTo(ctx context.Context) (ledger.Mark, error) {
	marks, err := list(ctx, l.readers, func(scan func(...any) error) (m ledger.Mark, err error) {
		err = scan(&m.Changes, &m.Incidents)
		return m, err
	}, "SELECT coalesce((SELECT max(rowid) FROM change_history), 0), coalesce((SELECT max(rowid) FROM incident_history), 0)")
	if err != nil {
		return ledger.Mark{}, err
	}
	return marks[0], nil
}
