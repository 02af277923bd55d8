package sqlite

import (
	"context"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
)

const incidentColumns = "SELECT id, json FROM incidents"

func incidentWrites(i correlate.IncidentRecord) ([]write, error) {
	text, err := encode(i, "incident", i.ID)
	touched := newest(i.OpenedAt, &i.AcknowledgedAt, &i.ResolvedAt)
	return []write{{`INSERT INTO incidents (id, service, environment, opened_at, touched, open, json)
			VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET service = excluded.service, environment = excluded.environment,
				opened_at = excluded.opened_at, touched = excluded.touched, open = excluded.open, json = excluded.json`,
		[]any{i.ID, i.Service, i.Environment, micros(i.OpenedAt), micros(touched), flag(i.ResolvedAt.IsZero() && !i.Retracted), text}}}, err
}

// Incidents implements ledger.Ledger.
func (l *Ledger) Incidents(ctx context.Context, q ledger.IncidentFilter) ([]correlate.IncidentRecord, error) {
	if !q.AsOf.IsZero() {
		return incidentsAsOf(ctx, l, q)
	}
	query, args := incidentList(q)
	return list(ctx, l.readers, scanIncident, query, args...)
}

// incidentList is the statement that lists incidents as they are.
func incidentList(q ledger.IncidentFilter) (string, []any) {
	var where conditions
	open := column{name: "open"}
	if q.Open {
		open.value = 1
	}
	where.list("service", q.Service, q.Namesakes, open, column{"environment", q.Environment})
	where.between("opened_at", q.From, q.To)
	return where.query(incidentColumns, "opened_at DESC, id DESC", q.Limit)
}

func scanIncident(scan func(...any) error) (correlate.IncidentRecord, error) {
	var i correlate.IncidentRecord
	var id string
	var text []byte
	if err := scan(&id, &text); err != nil {
		return i, err
	}
	return i, decode(text, &i, "incident", id)
}
