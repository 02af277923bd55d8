package host

import (
	"context"
	"path/filepath"
	"slices"
	"time"

	"github.com/shipwake/shipwake/collector/host/late"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/engine"
	"github.com/shipwake/shipwake/sinks"
)

const (
	// archiveDir is where measurements of the last days are, in the data directory.
	archiveDir = "archive"
	// archiveEvery is how often it is looked whether a stretch of time is complete.
	archiveEvery = 30 * time.Second
)

// openArchive finds what is kept of the last days, if anything is to be. As much of the disk is left to others as the
// ledger keeps in reserve.
func (h *Host) openArchive(cfg engine.Config) (err error) {
	if h.cfg.Archive.Keep == 0 {
		return nil
	}
	h.found = make(chan finding)
	h.late, err = late.Open(late.Options{
		Dir: filepath.Join(h.cfg.DataDir, archiveDir), Keep: h.cfg.Archive.Keep, Budget: int64(h.cfg.Archive.Limit),
		Spare: h.cfg.DiskReserve, Engine: cfg,
	}, h.ledger, h.set.Logger)
	if err != nil {
		return err
	}
	h.judge = late.NewJudge(late.Desk{
		Ledger: h.ledger, Archive: h.late, Log: h.set.Logger, Now: func() time.Time { return h.status.Load().Now },
		Room:    func() int64 { return h.memory.refuse - h.memory.heapLive() },
		Taken:   func() int64 { return h.status.Load().Limits.Store },
		Deliver: h.deliver, Pause: time.Sleep,
	})
	return nil
}

// finding is what a second engine found, on its way to the loop, which says what came of it.
type finding struct {
	of   engine.Rejudged
	done chan error
}

// deliver has the loop commit what a second engine found.
func (h *Host) deliver(ctx context.Context, of engine.Rejudged) error {
	f := finding{of, make(chan error, 1)}
	select {
	case h.found <- f:
		return <-f.done
	case <-ctx.Done():
		return ctx.Err()
	}
}

// judgeLate judges what is reported late, for as long as the host runs.
func (h *Host) judgeLate(ctx context.Context) {
	if h.judge != nil {
		h.judge.Run(ctx)
	}
}

// marked has the changes looked for that are to be judged from what is on disk, when effects mark any.
func (h *Host) marked(effects []correlate.Effect) {
	if h.judge != nil && slices.ContainsFunc(effects, func(e correlate.Effect) bool { return e.Change != nil && e.Change.Rejudging }) {
		h.judge.Wake()
	}
}

// archive keeps what was measured, for as long as the host runs.
func (h *Host) archive(ctx context.Context) {
	if h.late == nil {
		return
	}
	ticker := time.NewTicker(archiveEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			is := h.status.Load()
			h.late.CatchUp(ctx, is.Now, is.Watermark)
		}
	}
}

// archived is how much is kept, for readers.
func (h *Host) archived() sinks.Archive {
	if h.late == nil {
		return sinks.Archive{}
	}
	s := h.late.State()
	told := sinks.Archive{Bytes: s.Bytes, Limit: s.Budget, Failing: s.Failing, Judged: h.judge.Done()}
	if s.To > 0 {
		told.From, told.To = time.Unix(s.From, 0).UTC(), time.Unix(s.To, 0).UTC()
	}
	return told
}

// needed is from when on checkpoints and rollups are to be kept: for the engine, and to be archived and judged from later.
func (h *Host) needed(now time.Time, cfg engine.Config) (fine, coarse time.Time) {
	fine = now.Add(-time.Duration(cfg.LongestFine()) * time.Second)
	coarse = now.Add(-time.Duration(cfg.CoarseKeep)*time.Second - h.cfg.Archive.Keep)
	if h.late != nil {
		fine = h.late.Needed(fine)
	}
	return fine, coarse
}
