package host

import (
	"context"
	"path/filepath"
	"time"

	"github.com/shipwake/shipwake/collector/host/late"
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
	h.late, err = late.Open(late.Options{
		Dir: filepath.Join(h.cfg.DataDir, archiveDir), Keep: h.cfg.Archive.Keep, Budget: int64(h.cfg.Archive.Limit),
		Spare: h.cfg.DiskReserve, Engine: cfg,
	}, h.ledger, h.set.Logger)
	return err
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
	told := sinks.Archive{Bytes: s.Bytes, Limit: s.Budget, Failing: s.Failing}
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
