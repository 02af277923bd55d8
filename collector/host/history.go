package host

import (
	"context"
	"fmt"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/correlate/ledger"
)

func (r reader) ChangeRevisions(ctx context.Context, id string, until time.Time, limit int) ([]correlate.ChangeRevision, error) {
	return r.h.ledger.ChangeRevisions(ctx, id, until, bounded(limit))
}

// changeAsOf is a change as it stood at an instant; zero: as it is.
func (r reader) changeAsOf(ctx context.Context, id string, asOf time.Time) (correlate.ChangeRecord, error) {
	if asOf.IsZero() {
		c, _, err := r.h.ledger.Change(ctx, id)
		return c, err
	}
	then, err := r.h.ledger.ChangeRevisions(ctx, id, asOf, 1)
	if err != nil {
		return correlate.ChangeRecord{}, err
	}
	if len(then) == 0 {
		return correlate.ChangeRecord{}, fmt.Errorf("change %q as of %s: %w", id, asOf.Format(time.RFC3339), ledger.ErrNotFound)
	}
	return then[0].Record, nil
}

// Restatements reads each period twice: as it was published, and as it is known now.
func (r reader) Restatements(ctx context.Context, q dora.RestateQuery) (dora.Restatements, error) {
	since, err := r.h.ledger.HistorySince(ctx)
	if err != nil {
		return dora.Restatements{}, err
	}
	now := r.h.opt.Now().UTC()
	answer := dora.NewRestatements(q, since)
	for _, period := range q.Periods(now) {
		published := period.Published()
		if published.Before(since) {
			continue
		}
		answer.Compared++
		today, err := r.doraData(ctx, period)
		if err != nil {
			return dora.Restatements{}, err
		}
		period.AsOf = published
		then, err := r.doraData(ctx, period)
		if err != nil {
			return dora.Restatements{}, err
		}
		restated, err := dora.Restate(period, then, today, now, func(record, id string) (time.Time, error) {
			return r.corrected(ctx, record, id)
		})
		if err != nil {
			return dora.Restatements{}, err
		}
		answer.Restated = append(answer.Restated, restated...)
	}
	return answer, nil
}

// corrected is when a record last became another.
func (r reader) corrected(ctx context.Context, record, id string) (time.Time, error) {
	if record == "incident" {
		revisions, err := r.h.ledger.IncidentRevisions(ctx, id, time.Time{}, 1)
		return correlate.LastRecorded(revisions), err
	}
	revisions, err := r.h.ledger.ChangeRevisions(ctx, id, time.Time{}, 1)
	return correlate.LastRecorded(revisions), err
}
