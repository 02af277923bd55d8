package host

import (
	"context"
	"maps"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate/ledger"
)

// reproject reads kept deliveries again, for as long as the host runs: those that were read by another version of their
// source or under other naming rules, and those whose time has come. It looks for them every second.
func (h *Host) reproject(ctx context.Context) {
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			err := h.projectStale(ctx, now)
			if err != nil && !failing && ctx.Err() == nil {
				h.set.Logger.Warn("Deliveries can't be read again now; trying on", zap.Error(err))
			}
			failing = err != nil
		}
	}
}

// projectStale goes through the log once, source by source, until nothing is stale.
func (h *Host) projectStale(ctx context.Context, now time.Time) error {
	known := h.registered()
	for _, name := range slices.Sorted(maps.Keys(known)) {
		for {
			more, err := h.projectSome(ctx, name, known[name], now)
			if err != nil {
				return err
			}
			if !more {
				break
			}
		}
	}
	return nil
}

// projectSome reads some of a source's stale deliveries again. What became of each is stored together with its facts, so
// that none is released twice and none is read for ever.
func (h *Host) projectSome(ctx context.Context, name string, p source.Projector, now time.Time) (more bool, err error) {
	stale, err := h.ledger.Stale(ctx, name, h.digest(p.Digest), now)
	if err != nil || len(stale) == 0 {
		return false, err
	}
	readings := make([]ledger.Reading, len(stale))
	for i, k := range stale {
		projection := p.Project(k.Raw)
		projection.Digest = p.Digest
		readings[i] = ledger.Reading{Number: k.Number, Projection: h.completed(name, projection, reading{k.ReceivedAt, now})}
	}
	done, err := h.ledger.Project(ctx, readings)
	if err != nil {
		return false, err
	}
	h.projected(name, done)
	return true, nil
}

// projected says what came of reading deliveries again.
func (h *Host) projected(name string, done ledger.Projected) {
	h.count(name, resultReprojected, done.Stored)
	h.count(name, resultReleased, done.Released)
	h.count(name, resultRetracted, done.Retracted)
	if done.Released > 0 || done.Retracted > 0 {
		h.set.Logger.Info("Deliveries were read again, and say something else", zap.String("source", name),
			zap.Int("deliveries", done.Stored), zap.Int("released", done.Released), zap.Int("facts_retracted", done.Retracted))
	}
	h.awake()
}
