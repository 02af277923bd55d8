package late

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/archive"
	"github.com/shipwake/shipwake/correlate/engine"
	"github.com/shipwake/shipwake/correlate/ledger/segments"
	"github.com/shipwake/shipwake/correlate/window"
)

const (
	// chunkBuckets is how many buckets a chunk holds. Longer ones take less space and more memory while they are made.
	chunkBuckets = 60
	// ahead is how far in the future of the clock a measurement may lie when it is taken in, in seconds.
	ahead = 300
	// slack is how much longer than it may take a measurement is looked for, in seconds.
	slack = 120
)

// Options say what is archived and where.
type Options struct {
	Dir    string        // of the segments
	Keep   time.Duration // for how long
	Budget int64         // bytes that they may take together
	Spare  int64         // bytes of the disk that are left to others
	Engine engine.Config // of the engine that judges in time
}

// Checkpoints is where the ledger keeps what was measured lately.
type Checkpoints interface {
	CheckpointsBetween(ctx context.Context, from, to time.Time, yield func(at time.Time, cells []correlate.Measurement) error) error
}

// Archive keeps the fine cells of the last days on disk.
type Archive struct {
	options Options
	kept    *segments.Store
	from    Checkpoints
	log     *zap.Logger
	failing atomic.Bool
}

// Open finds what was archived before.
func Open(o Options, from Checkpoints, log *zap.Logger) (*Archive, error) {
	kept, err := segments.Open(segments.Options{Dir: o.Dir, Budget: o.Budget, Spare: o.Spare})
	if err != nil {
		return nil, fmt.Errorf("the archive of measurements in %s: %w", o.Dir, err)
	}
	return &Archive{options: o, kept: kept, from: from, log: log}, nil
}

// State is how much there is, and whether it goes on.
type State struct {
	segments.State
	Failing bool
}

// State may be asked for at any time.
func (a *Archive) State() State { return State{a.kept.State(), a.failing.Load()} }

// Needed is from when on checkpoints must be kept, given from when on they are kept anyway: until they are archived, unless
// that fails.
func (a *Archive) Needed(anyway time.Time) time.Time {
	s := a.State()
	if archived := time.Unix(s.To-ahead, 0); !s.Failing && s.To > 0 && archived.Before(anyway) {
		return archived
	}
	return anyway
}

// begins is when the first measurements came of which anything was ever archived, 0 when some of what was has gone: by
// age, for lack of room, or because it could not be written.
func (a *Archive) begins(now time.Time) int64 {
	is, all := a.State(), a.kept.Between(0, now.Unix())
	if len(all) == 0 || all[0].From != is.From || is.Bytes > is.Budget/8*7 || is.From < now.Add(-a.options.Keep).Unix()+2*a.width() {
		return 0
	}
	return is.From
}

// comes says that what is missing of a stretch is still to be archived.
func (a *Archive) comes(s engine.Stretch, now time.Time) bool {
	is := a.State()
	return !is.Failing && is.To > 0 && s.To > is.To && max(s.Fine, a.begins(now)) >= is.From
}

func (a *Archive) width() int64 { return chunkBuckets * a.options.Engine.Resolution }

// CatchUp archives each stretch in which nothing is taken in any more, and removes what is old. While it fails it is to be
// called again; the first failure and the end of it are logged.
func (a *Archive) CatchUp(ctx context.Context, now, watermark time.Time) {
	err := a.catchUp(ctx, now.Unix(), watermark.Unix())
	switch {
	case ctx.Err() != nil:
	case err != nil && !a.failing.Swap(true):
		a.log.Error("measurements are not archived; changes that are reported late can't be judged from this time, all else goes on", zap.Error(err))
	case err == nil && a.failing.Swap(false):
		a.log.Info("measurements are archived again")
	}
}

func (a *Archive) catchUp(ctx context.Context, now, watermark int64) error {
	oldest := now - int64(a.options.Keep/time.Second)
	if err := a.kept.Expire(oldest); err != nil {
		return err
	}
	from, err := a.next(ctx, now)
	if err != nil {
		return err
	}
	cfg := &a.options.Engine
	from = max(from, window.Floor(oldest, a.width()))
	for to := from + a.width(); to+cfg.AllowedLateness <= watermark; from, to = to, to+a.width() {
		until := min(now, to+cfg.Lateness+cfg.AllowedLateness+slack+max(0, now-cfg.Lateness-watermark))
		if err := a.archive(ctx, from, to, until); err != nil {
			return err
		}
	}
	return nil
}

// next is where the next stretch begins: where the last one ended, or later when the ledger no longer has all of that time.
func (a *Archive) next(ctx context.Context, now int64) (int64, error) {
	enough, first := errors.New("enough"), now
	err := a.from.CheckpointsBetween(ctx, time.Unix(0, 0), time.Unix(now, 0), func(at time.Time, _ []correlate.Measurement) error {
		first = at.Unix()
		return enough
	})
	if err != nil && !errors.Is(err, enough) {
		return 0, err
	}
	whole := window.Floor(first+a.width()-1, a.width())
	if archived := a.kept.State().To; archived > 0 && first <= archived {
		return archived, nil
	}
	return whole, nil
}

// archive puts together what checkpoints until an instant have of [from, to).
func (a *Archive) archive(ctx context.Context, from, to, until int64) error {
	b := archive.NewBuilder(from, to, a.options.Engine.Cells().RouteWidth())
	c := coverage{in: window.Span{From: from, To: to}, longest: a.options.Engine.LongestPause(), last: from - ahead, gap: b.Gap}
	err := a.from.CheckpointsBetween(ctx, time.Unix(from-ahead, 0), time.Unix(until, 0), func(at time.Time, cells []correlate.Measurement) error {
		c.drained(at.Unix())
		b.Add(cells)
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	c.drained(until)
	chunk := b.Chunk()
	blob, err := archive.Encode(chunk)
	if errors.Is(err, archive.ErrTooLarge) {
		a.log.Warn("a stretch of measurements is too large to be archived; for changes that are reported late it has no coverage",
			zap.Time("from", time.Unix(from, 0)), zap.Time("to", time.Unix(to, 0)))
		chunk = archive.Chunk{From: from, To: to, Gaps: []window.Span{c.in}}
		blob, err = archive.Encode(chunk)
	}
	if err != nil {
		return err
	}
	return a.kept.Put(segments.Segment{From: from, To: to, Marked: len(chunk.Gaps) > 0}, blob)
}

// coverage finds the stretches in which nothing was drained.
type coverage struct {
	in      window.Span
	longest int64
	last    int64
	gap     func(window.Span)
}

func (c *coverage) drained(at int64) {
	if at-c.last > c.longest {
		if s := (window.Span{From: max(c.last, c.in.From), To: min(at, c.in.To)}); s.From < s.To {
			c.gap(s)
		}
	}
	c.last = max(c.last, at)
}
