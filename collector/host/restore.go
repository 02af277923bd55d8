package host

import (
	"context"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/engine"
	"github.com/shipwake/shipwake/correlate/ledger"
)

// restore brings an engine to where the ledger's last checkpoint left it. The time since is a stretch without coverage.
func restore(ctx context.Context, e *engine.Engine, l ledger.Ledger, cfg engine.Config, now time.Time) error {
	kept := time.Duration(cfg.KeepRecords+cfg.Attribution) * time.Second // older ones are recalled when a fact touches them
	saved, err := l.Restore(ctx, now.Add(-kept))
	if err != nil {
		return err
	}
	e.RestoreRecords(engine.Recall{
		Changes: saved.Changes, Incidents: saved.Incidents, Revisions: saved.Revisions, Notes: saved.Notes, Since: now.Add(-kept),
		Checks: saved.Checks,
	}, saved.Regressions)
	if err := l.Rollups(ctx, func(r correlate.Rollup) error {
		if r.Start >= now.Unix()-cfg.CoarseKeep { // older ones are kept to judge late changes from
			e.RestoreRollup(r)
		}
		return nil
	}); err != nil {
		return err
	}
	if err := l.Checkpoints(ctx, func(at time.Time, cells []correlate.Measurement) error {
		e.RestoreCheckpoint(at, cells)
		return nil
	}); err != nil {
		return err
	}
	e.RestoreCheckpoint(now, nil)
	e.Resume(saved.JudgedTo)
	return nil
}
