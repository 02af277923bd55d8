package sqlite

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
)

// What is asked for comes as one JSON array, so that there is one statement for however many questions.
const (
	recallChanges = `SELECT c.id, c.json, v.json FROM json_each(?) q JOIN changes c ON c.id = q.value
		LEFT JOIN verdicts v ON v.change_id = c.id AND v.revision = c.revision ORDER BY q.key`
	recallIncidents = "SELECT i.id, i.json FROM json_each(?) q JOIN incidents i ON i.id = q.value"
	recallOpened    = `SELECT i.id, i.json FROM json_each(?) q JOIN incidents i ON i.id IN (SELECT s.id FROM incident_services s CROSS JOIN incidents n ON n.id = s.id
			WHERE s.service = q.value ->> 0 AND n.environment = q.value ->> 1 AND s.opened_at >= q.value ->> 2 ORDER BY s.opened_at, s.id LIMIT ?)`
	recallAround = `SELECT q.key, c.at < q.value ->> 2, c.id, c.json, v.json FROM json_each(?) q JOIN changes c ON c.id IN (
			SELECT id FROM (SELECT id FROM changes WHERE service = q.value ->> 0 AND environment = q.value ->> 1 AND at < q.value ->> 2
				ORDER BY at DESC, id DESC LIMIT ?)
			UNION ALL SELECT id FROM (SELECT id FROM changes WHERE service = q.value ->> 0 AND environment = q.value ->> 1 AND at >= q.value ->> 2
				ORDER BY at, id LIMIT ?))
		LEFT JOIN verdicts v ON v.change_id = c.id AND v.revision = c.revision ORDER BY q.key, c.at, c.id`
	recallRevisions = `SELECT v.revision, v.json FROM json_each(?) q JOIN verdicts v ON v.change_id = q.value
		ORDER BY v.change_id, v.revision`
)

// Recall implements ledger.Ledger.
func (l *Ledger) Recall(ctx context.Context, q ledger.Recollection) (r ledger.Recalled, err error) {
	if len(q.Changes) > 0 {
		if r.Changes, err = listChanges(ctx, l.readers, recallChanges, array(q.Changes)); err != nil {
			return ledger.Recalled{}, err
		}
	}
	if r.Around, err = recallNeighbours(ctx, l.readers, q); err != nil {
		return ledger.Recalled{}, err
	}
	if r.Incidents, err = recallIncidentsOf(ctx, l.readers, q); err != nil {
		return ledger.Recalled{}, err
	}
	if ids := revised(r); len(ids) > 0 {
		r.Revisions, err = list(ctx, l.readers, scanVerdict, recallRevisions, array(ids))
	}
	return r, err
}

func recallIncidentsOf(ctx context.Context, from querier, q ledger.Recollection) ([]correlate.IncidentRecord, error) {
	found := map[string]correlate.IncidentRecord{}
	keep := func(all []correlate.IncidentRecord, err error) error {
		for _, i := range all {
			found[i.ID] = i
		}
		return err
	}
	if len(q.Incidents) > 0 {
		if err := keep(list(ctx, from, scanIncident, recallIncidents, array(q.Incidents))); err != nil {
			return nil, err
		}
	}
	if len(q.Opened) > 0 {
		if err := keep(list(ctx, from, scanIncident, recallOpened, questions(q.Opened), q.Nearby)); err != nil {
			return nil, err
		}
	}
	return sortedByID(found), nil
}

// neighbour is a row of recallAround.
type neighbour struct {
	question int
	before   bool
	changeRow
}

// recallNeighbours answers q.Around.
func recallNeighbours(ctx context.Context, from querier, q ledger.Recollection) ([]ledger.Neighbours, error) {
	if len(q.Around) == 0 {
		return nil, nil
	}
	answers, before := make([]ledger.Neighbours, len(q.Around)), make([]int, len(q.Around))
	err := each(ctx, from, func(scan func(...any) error) error {
		var n neighbour
		if err := scan(&n.question, &n.before, &n.id, &n.record, &n.verdict); err != nil {
			return err
		}
		c, err := n.decode()
		if n.before {
			before[n.question]++
		}
		answers[n.question].Changes = append(answers[n.question].Changes, c)
		return err
	}, recallAround, questions(q.Around), q.Nearby, q.Nearby)
	for i := range answers {
		answers[i].Whole = before[i] < q.Nearby
	}
	return answers, err
}

// revised are the ids of the changes that have more than one verdict, each once.
func revised(r ledger.Recalled) (ids []string) {
	known := map[string]bool{}
	add := func(all []correlate.ChangeRecord) {
		for _, c := range all {
			if c.Verdict != nil && c.Verdict.Revision > 1 && !known[c.ID] {
				known[c.ID] = true
				ids = append(ids, c.ID)
			}
		}
	}
	add(r.Changes)
	for _, n := range r.Around {
		add(n.Changes)
	}
	return ids
}

// array is ids as a JSON array.
func array(ids []string) string {
	text, err := json.Marshal(ids)
	if err != nil {
		return "[]" // strings don't fail
	}
	return string(text)
}

func questions(all []correlate.PlaceTime) string {
	rows := make([][3]any, len(all))
	for i, q := range all {
		rows[i] = [3]any{q.Service, q.Environment, micros(q.At)}
	}
	text, err := json.Marshal(rows)
	if err != nil {
		return "[]" // strings and numbers don't fail
	}
	return string(text)
}

func sortedByID(found map[string]correlate.IncidentRecord) (all []correlate.IncidentRecord) {
	for _, id := range slices.Sorted(maps.Keys(found)) {
		all = append(all, found[id])
	}
	return all
}
