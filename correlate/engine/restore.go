package engine

import (
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/window"
)

// Restoring goes in this order: records, rollups by start, checkpoints in the order they were written, Resume. The
// engine then stands where it stood at the last checkpoint, without having said anything again.

// RestoreRecords takes back what the ledger knows of changes, incidents and regressions.
func (e *Engine) RestoreRecords(known Recall, regressions []correlate.Regression) {
	e.recall(known)
	slices.SortStableFunc(regressions, func(a, b correlate.Regression) int { return a.DecidedAt.Compare(b.DecidedAt) })
	for _, r := range regressions {
		if !r.Withdrawn {
			e.faults.add(r)
		}
	}
}

// RestoreRollup takes back a closed coarse bucket.
func (e *Engine) RestoreRollup(r correlate.Rollup) {
	e.store.Restore(r)
	e.store.Restrain(r.Start+e.cfg.Coarse, e.held)
}

// RestoreCheckpoint takes back the measurements of one checkpoint. A pause before it is a stretch without coverage.
func (e *Engine) RestoreCheckpoint(drained time.Time, cells []correlate.Measurement) {
	t := drained.Unix()
	e.store.Drained(t)
	e.measured(cells)
	e.now = max(e.now, t)
	if e.mark.Newest > 0 {
		e.mark.Advance(e.now, e.cfg.Lateness, e.cfg.IdleAfter, e.cfg.Resolution)
	}
	e.prune()
}

// prune forgets on the way what an engine that lived through it would have forgotten, so that restoring takes no more
// memory than living.
func (e *Engine) prune() {
	now := window.Floor(e.mark.At, e.cfg.Coarse)
	if now <= e.pruned {
		return
	}
	e.pruned = now
	e.watchAgain()
	e.expire(now)
	e.store.Restrain(now, e.held)
}

// Resume ends restoring. What lies after the given instant is judged again, so that nothing is lost that was decided and
// not stored; zero is the watermark.
func (e *Engine) Resume(judged time.Time) {
	for _, c := range e.changes {
		c.judged = max(c.start(), e.mark.At)
	}
	e.watchAgain()
	e.judgedTo = e.mark.At
	e.storedTo = e.judgedTo
	e.reopen = reopening{from: never}
	if !judged.IsZero() {
		e.storedTo = judged.Unix()
		e.differs(judged.Unix(), correlate.LateChange, "")
	}
	e.stats = Stats{}
	e.effects = nil
}
