package sqlite

import (
	"context"
	"strings"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
)

const (
	incidentColumns = "SELECT id, json FROM incidents"
	// incidentsOfService reads them in the order of incident_services.
	incidentsOfService = "SELECT i.id, i.json FROM incident_services s CROSS JOIN incidents i ON i.id = s.id"
)

func incidentWrites(i correlate.IncidentRecord) ([]write, error) {
	text, err := encode(i, "incident", i.ID)
	touched := newest(i.OpenedAt, &i.AcknowledgedAt, &i.ResolvedAt)
	writes := []write{{`INSERT INTO incidents (id, service, environment, opened_at, touched, open, json)
			VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET service = excluded.service, environment = excluded.environment,
				opened_at = excluded.opened_at, touched = excluded.touched, open = excluded.open, json = excluded.json`,
		[]any{i.ID, i.Service, i.Environment, micros(i.OpenedAt), micros(touched), flag(i.ResolvedAt.IsZero() && !i.Retracted), text}},
		{"DELETE FROM incident_services WHERE id = ?", []any{i.ID}}}
	for _, service := range i.About() {
		writes = append(writes, write{"INSERT INTO incident_services (id, service, opened_at) VALUES (?, ?, ?)", []any{i.ID, service, micros(i.OpenedAt)}})
	}
	return writes, err
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
	if q.Service != "" {
		return incidentListOf(q)
	}
	var where conditions
	open := column{name: "open"}
	if q.Open {
		open.value = 1
	}
	where.list("service", "", false, open, column{"environment", q.Environment})
	where.between("opened_at", q.From, q.To)
	return where.query(incidentColumns, "opened_at DESC, id DESC", q.Limit)
}

// incidentListOf lists those of a service. One that is about several of the same name is listed once.
func incidentListOf(q ledger.IncidentFilter) (string, []any) {
	var where conditions
	where.list("s.service", q.Service, q.Namesakes, column{"i.environment", q.Environment})
	if q.Namesakes && !strings.Contains(q.Service, "/") {
		where.add(`NOT EXISTS (SELECT 1 FROM incident_services o WHERE o.id = s.id AND o.service < s.service
			AND ` + nameOf("o.service") + ` = ` + nameOf("s.service") + `)`)
	}
	if q.Open {
		where.add("i.open = 1")
	}
	where.between("s.opened_at", q.From, q.To)
	return where.query(incidentsOfService, "s.opened_at DESC, s.id DESC", q.Limit)
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
