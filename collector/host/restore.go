package host

import (
	"context"
	"errors"
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
	e.RestoreRecords(engine.Recall{Changes: saved.Changes, Incidents: saved.Incidents, Revisions: saved.Revisions}, saved.Regressions)
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

// recallFor collects the records that facts touch and that may have left the engine's memory: themselves, the changes
// that incidents name, and the changes and incidents of the same places about the same days.
func recallFor(ctx context.Context, e *engine.Engine, l ledger.Ledger, facts []engine.Fact, cfg engine.Config) (engine.Recall, error) {
	r := recaller{ctx: ctx, engine: e, ledger: l, around: time.Duration(cfg.Attribution) * time.Second, asked: map[any]bool{}}
	// By the clock, and not by when the fact was received: one that was released from quarantine may be months old.
	forgotten := time.Now().Add(-time.Duration(cfg.KeepRecords) * time.Second)
	for _, f := range facts {
		f.Fact = f.WithDefaults()
		old := f.EventTime().Before(forgotten)
		var err error
		switch {
		case f.Change != nil:
			err = r.change(f.Change.ID)
			if old && err == nil {
				err = r.about(f.Change.Service, f.Change.Environment, f.Change.Start())
			}
		case f.Incident != nil:
			err = r.change(f.Incident.CausedBy)
			if old && err == nil {
				err = r.about(f.Incident.Service, f.Incident.Environment, f.Incident.OpenedAt)
			}
		}
		if err != nil {
			return engine.Recall{}, err
		}
	}
	return r.found, nil
}

// recaller asks the ledger for each thing once.
type recaller struct {
	ctx    context.Context
	engine *engine.Engine
	ledger ledger.Ledger
	around time.Duration
	asked  map[any]bool
	found  engine.Recall
}

func (r *recaller) first(question any) bool {
	first := !r.asked[question]
	r.asked[question] = true
	return first
}

func (r *recaller) change(id string) error {
	if id == "" || r.engine.Knows(id) || !r.first(id) {
		return nil
	}
	rec, revisions, err := r.ledger.Change(r.ctx, id)
	if errors.Is(err, ledger.ErrNotFound) {
		return nil
	}
	r.found.Changes = append(r.found.Changes, rec)
	r.found.Revisions = append(r.found.Revisions, revisions...)
	return err
}

// about recalls what happened to a place on the day of an instant and around it.
func (r *recaller) about(service, environment string, t time.Time) error {
	type day struct {
		service, environment string
		begin                time.Time
	}
	begin := t.UTC().Truncate(24 * time.Hour)
	if !r.first(day{service, environment, begin}) {
		return nil
	}
	from, to := begin.Add(-r.around), begin.Add(24*time.Hour+r.around)
	changes, err := r.ledger.Changes(r.ctx, ledger.ChangeFilter{Service: service, Environment: environment, From: from, To: to})
	if err != nil {
		return err
	}
	incidents, err := r.ledger.Incidents(r.ctx, ledger.IncidentFilter{Service: service, Environment: environment, From: from, To: to})
	r.found.Changes = append(r.found.Changes, changes...)
	r.found.Incidents = append(r.found.Incidents, incidents...)
	return err
}
