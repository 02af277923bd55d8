package host

import (
	"context"
	"errors"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/engine"
	"github.com/shipwake/shipwake/correlate/ledger"
)

// recordsBack is how far back records are restored; older ones are recalled when a fact touches them.
const recordsBack = 30 * 24 * time.Hour

// restore brings an engine to where the ledger's last checkpoint left it. The time since is a stretch without coverage.
func restore(ctx context.Context, e *engine.Engine, l ledger.Ledger, now time.Time) error {
	saved, err := l.Restore(ctx, now.Add(-recordsBack))
	if err != nil {
		return err
	}
	e.RestoreRecords(saved.Changes, saved.Incidents, saved.Regressions)
	if err := l.Rollups(ctx, func(r correlate.Rollup) error { e.RestoreRollup(r); return nil }); err != nil {
		return err
	}
	if err := l.Checkpoints(ctx, func(at time.Time, cells []correlate.Measurement) error {
		e.RestoreCheckpoint(at, cells)
		return nil
	}); err != nil {
		return err
	}
	e.RestoreCheckpoint(now, nil)
	e.Resume()
	return nil
}

// recallFor collects the records that a fact touches and that may have left the engine's memory: itself, the change
// an incident names, and the changes and incidents of the same place about the same time.
func recallFor(ctx context.Context, e *engine.Engine, l ledger.Ledger, f ledger.Fact, cfg engine.Config) (engine.Recall, error) {
	var r engine.Recall
	recent := f.EventTime().After(f.ReceivedAt.Add(-time.Duration(cfg.KeepRecords) * time.Second))
	around := time.Duration(cfg.Attribution) * time.Second
	change := func(id string) error {
		if id == "" || e.Knows(id) {
			return nil
		}
		rec, _, err := l.Change(ctx, id)
		if errors.Is(err, ledger.ErrNotFound) {
			return nil
		}
		r.Changes = append(r.Changes, rec)
		return err
	}
	switch {
	case f.Change != nil:
		if err := change(f.Change.ID); err != nil || recent {
			return r, err
		}
		return r, neighbours(ctx, l, &r, f.Change.Service, f.Change.Environment, f.Change.Start(), around)
	case f.Incident != nil:
		if err := change(f.Incident.CausedBy); err != nil || recent {
			return r, err
		}
		return r, neighbours(ctx, l, &r, f.Incident.Service, f.Incident.Environment, f.Incident.OpenedAt, around)
	}
	return r, nil
}

func neighbours(ctx context.Context, l ledger.Ledger, r *engine.Recall, service, environment string, t time.Time, around time.Duration) error {
	if environment == "" {
		environment = correlate.DefaultEnvironment
	}
	changes, err := l.Changes(ctx, ledger.ChangeFilter{
		Service: service, Environment: environment, From: t.Add(-around), To: t.Add(around),
	})
	if err != nil {
		return err
	}
	incidents, err := l.Incidents(ctx, ledger.IncidentFilter{
		Service: service, Environment: environment, From: t.Add(-around), To: t.Add(around),
	})
	r.Changes = append(r.Changes, changes...)
	r.Incidents = append(r.Incidents, incidents...)
	return err
}
