package sinktest

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
)

// history is every state that a record had after a Put, at the time that the status then told.
type history struct {
	since     time.Time
	changes   map[string][]correlate.ChangeRevision
	incidents map[string][]correlate.IncidentRevision
}

func (r *Reader) remember(effects []correlate.Effect) {
	h, now := &r.history, r.status.Now
	if h.changes == nil {
		*h = history{now, map[string][]correlate.ChangeRevision{}, map[string][]correlate.IncidentRevision{}}
	}
	for _, e := range effects {
		if e.Change != nil {
			h.changes[e.Change.ID] = appended(h.changes[e.Change.ID], r.changes[e.Change.ID], now, correlate.ChangeCause)
		}
		if e.Incident != nil {
			h.incidents[e.Incident.ID] = appended(h.incidents[e.Incident.ID], r.incidents[e.Incident.ID], now, correlate.IncidentCause)
		}
	}
}

func appended[R any](all []correlate.Revision[R], record R, now time.Time, cause func(*R, R) correlate.Cause) []correlate.Revision[R] {
	var before *R
	if len(all) > 0 {
		before = &all[len(all)-1].Record
		if was, err := json.Marshal(before); err == nil {
			if is, err := json.Marshal(record); err == nil && string(was) == string(is) {
				return all
			}
		}
	}
	return append(all, correlate.Revision[R]{Revision: len(all) + 1, RecordedAt: now, Cause: cause(before, record), Record: record})
}

func (r *Reader) changesAsOf(at time.Time) (map[string]correlate.ChangeRecord, error) {
	if at.IsZero() {
		return r.changes, nil
	}
	return recordsAsOf(r.history.since, r.history.changes, at)
}

func (r *Reader) incidentsAsOf(at time.Time) (map[string]correlate.IncidentRecord, error) {
	if at.IsZero() {
		return r.incidents, nil
	}
	return recordsAsOf(r.history.since, r.history.incidents, at)
}

func recordsAsOf[R any](since time.Time, all map[string][]correlate.Revision[R], at time.Time) (map[string]R, error) {
	if at.Before(since) {
		return nil, &correlate.HistoryError{Since: since}
	}
	known := map[string]R{}
	for id, revisions := range all {
		if then, ok := asOf(revisions, at); ok {
			known[id] = then.Record
		}
	}
	return known, nil
}

func (r *Reader) dataAsOf(at time.Time) (dora.Data, error) {
	changes, err := r.changesAsOf(at)
	if err != nil {
		return dora.Data{}, err
	}
	incidents, err := r.incidentsAsOf(at)
	var d dora.Data
	for _, c := range changes {
		d.Changes = append(d.Changes, c)
	}
	for _, i := range incidents {
		d.Incidents = append(d.Incidents, i)
	}
	return d, err
}

// ChangeRevisions implements sinks.Reader.
func (r *Reader) ChangeRevisions(ctx context.Context, id string, until time.Time, limit int) ([]correlate.ChangeRevision, error) {
	if err := r.begin(ctx); err != nil {
		return nil, err
	}
	defer r.mu.Unlock()
	all := slices.DeleteFunc(slices.Clone(r.history.changes[id]), func(c correlate.ChangeRevision) bool {
		return !until.IsZero() && c.RecordedAt.After(until)
	})
	return all[max(0, len(all)-limit):], nil
}

// Restatements implements sinks.Reader.
func (r *Reader) Restatements(ctx context.Context, q dora.RestateQuery) (dora.Restatements, error) {
	if err := r.begin(ctx); err != nil {
		return dora.Restatements{}, err
	}
	defer r.mu.Unlock()
	answer := dora.NewRestatements(q, r.history.since)
	today, err := r.dataAsOf(time.Time{})
	if err != nil {
		return dora.Restatements{}, err
	}
	for _, period := range q.Periods(r.status.Now) {
		if period.Published().Before(r.history.since) {
			continue
		}
		answer.Compared++
		then, err := r.dataAsOf(period.Published())
		if err != nil {
			return dora.Restatements{}, err
		}
		restated, err := dora.Restate(period, then, today, r.status.Now, r.corrected)
		if err != nil {
			return dora.Restatements{}, err
		}
		answer.Restated = append(answer.Restated, restated...)
	}
	return answer, nil
}

func (r *Reader) corrected(record, id string) (time.Time, error) {
	if record == "incident" {
		return correlate.LastRecorded(r.history.incidents[id]), nil
	}
	return correlate.LastRecorded(r.history.changes[id]), nil
}

// asOf is the revision that stood at an instant, false before the first.
func asOf[R any](revisions []correlate.Revision[R], at time.Time) (correlate.Revision[R], bool) {
	for _, r := range slices.Backward(revisions) {
		if !r.RecordedAt.After(at) {
			return r, true
		}
	}
	return correlate.Revision[R]{}, false
}
