package late

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/archive"
	"github.com/shipwake/shipwake/correlate/engine"
	"github.com/shipwake/shipwake/correlate/ledger"
	"github.com/shipwake/shipwake/correlate/ledger/segments"
	"github.com/shipwake/shipwake/correlate/window"
)

const (
	// lookEvery is how often it is looked whether a change is to be judged.
	lookEvery = 5 * time.Second
	// againAfter is how long after a look at which something had to wait, or failed, it is looked again.
	againAfter = time.Minute
	// tries is how often a change is judged whose record is another each time it is done.
	tries = 5
)

// Ledger is where the facts are.
type Ledger interface {
	Changes(ctx context.Context, q ledger.ChangeFilter) ([]correlate.ChangeRecord, error)
	Restore(ctx context.Context, since time.Time) (ledger.Saved, error)
	Rollups(ctx context.Context, yield func(correlate.Rollup) error) error
}

// damagedError is a chunk that can't be read back.
type damagedError struct{ error }

func (e damagedError) Unwrap() error { return e.error }

// Desk is what a Judge needs of the host.
type Desk struct {
	Ledger  Ledger
	Archive *Archive
	Log     *zap.Logger
	// Room is how many bytes of memory are free for a second engine, and Taken how many the measurements of the first take.
	Room, Taken func() int64
	// Deliver has what was found committed, and returns once it is.
	Deliver func(context.Context, engine.Rejudged) error
	// Now is the time to go by.
	Now func() time.Time
	// Pause rests for as long as was worked; tests don't.
	Pause func(worked time.Duration)
}

// Judge judges, one at a time and in the background, the changes that are marked to be judged from what is on disk. It
// takes what is to be done from the ledger, where a result is committed together with the end of its mark: so each is
// issued once, and one that a restart interrupted is begun again.
type Judge struct {
	Desk
	cfg   engine.Config
	wake  atomic.Bool
	tried map[string]int
	done  atomic.Int64
}

// NewJudge looks at the ledger first thing.
func NewJudge(d Desk) *Judge {
	j := &Judge{Desk: d, cfg: d.Archive.options.Engine, tried: map[string]int{}}
	j.wake.Store(true)
	return j
}

// Wake says that a change may have been marked.
func (j *Judge) Wake() { j.wake.Store(true) }

// Wanted says whether it was woken since it was asked last.
func (j *Judge) Wanted() bool { return j.wake.Swap(false) }

// Done is how many retrials were delivered since the start.
func (j *Judge) Done() int64 { return j.done.Load() }

// Run judges until the context ends.
func (j *Judge) Run(ctx context.Context) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	var again time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			if !j.Wanted() && (again.IsZero() || now.Before(again)) {
				continue
			}
			again = time.Time{}
			waits, err := j.Work(ctx)
			if err != nil && ctx.Err() == nil {
				j.Log.Error("a change that was reported late can't be judged now; trying on", zap.Error(err))
			}
			if waits || err != nil {
				again = now.Add(againAfter)
			}
		}
	}
}

// Work judges what is marked, the oldest first, until nothing is or the rest has to wait: for the archive to reach that far,
// or for memory.
func (j *Judge) Work(ctx context.Context) (waits bool, err error) {
	for {
		marked, err := j.marked(ctx)
		if err != nil || len(marked) == 0 {
			return false, err
		}
		for _, late := range marked {
			came, err := j.judge(ctx, late)
			if came == waiting || err != nil {
				return came == waiting, err
			}
			j.tried[late.ID]++
			j.done.Add(1)
			if came == judged {
				break // and with it perhaps others of these
			}
		}
	}
}

// outcome is what came of a change that was to be judged.
type outcome int

const (
	waiting outcome = iota // for what isn't there yet
	judged
	givenUp // what was measured then is not there any more
)

// marked are the changes that are to be judged, the oldest first. One that was tried too often is left until a restart.
func (j *Judge) marked(ctx context.Context) ([]correlate.ChangeRecord, error) {
	since := j.Now().Add(-j.Archive.options.Keep - time.Duration(j.cfg.CoarseKeep)*time.Second)
	all, err := j.Ledger.Changes(ctx, ledger.ChangeFilter{From: since})
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(c correlate.ChangeRecord) bool { return !c.Rejudging || j.tried[c.ID] >= tries })
	slices.SortFunc(all, func(a, b correlate.ChangeRecord) int {
		return cmp.Or(a.Start().Compare(b.Start()), cmp.Compare(a.ID, b.ID))
	})
	return all, nil
}

// judge judges the stretch of one change. One that can't be judged loses its mark.
func (j *Judge) judge(ctx context.Context, late correlate.ChangeRecord) (outcome, error) {
	began := time.Now()
	if _, there := j.segments(engine.NewStretch(j.cfg, late, nil)); there != judged {
		return j.without(ctx, late, there)
	}
	saved, err := j.Ledger.Restore(ctx, late.Start().Add(-time.Duration(j.cfg.CoarseKeep)*time.Second))
	if err != nil {
		return judged, err
	}
	s := engine.NewStretch(j.cfg, late, saved.Changes)
	segs, there := j.segments(s)
	room := j.Room()
	switch {
	case there != judged:
		return j.without(ctx, late, there)
	case room < j.Taken()*5/4:
		j.Log.Warn("a change that was reported late waits for memory", zap.String("change_id", late.ID))
		return waiting, nil
	}
	found, err := j.retry(ctx, engine.NewRetrial(j.cfg, room/4*3, s, engine.Known{
		Recall:      engine.Recall{Changes: saved.Changes, Incidents: saved.Incidents, Revisions: saved.Revisions},
		Regressions: saved.Regressions,
	}), segs)
	var damaged damagedError
	if errors.As(err, &damaged) {
		return givenUp, j.giveUp(ctx, late, err)
	}
	if err != nil {
		return judged, fmt.Errorf("change %s: %w", late.ID, err)
	}
	if err := j.Deliver(ctx, found); err != nil {
		return judged, err
	}
	j.Log.Info("judged from disk what was reported late", zap.String("change_id", late.ID), zap.Time("began", late.Start()),
		zap.Int("changes", len(found.Courses)), zap.Duration("took", time.Since(began)))
	return judged, nil
}

// segments are those about a stretch, and whether it can be judged with them, now or ever.
func (j *Judge) segments(s engine.Stretch) ([]segments.Segment, outcome) {
	fine := max(s.Fine, min(j.Archive.begins(j.Now()), s.From)) // of before nothing was measured
	segs := j.Archive.kept.Between(fine, s.To)
	switch {
	case whole(segs, fine, s.To):
		return segs, judged
	case j.Archive.comes(s, j.Now()):
		return nil, waiting
	}
	return nil, givenUp
}

// without ends the look at a change that can't be judged now.
func (j *Judge) without(ctx context.Context, late correlate.ChangeRecord, is outcome) (outcome, error) {
	if is == waiting {
		return waiting, nil
	}
	return givenUp, j.giveUp(ctx, late, errors.New("they are no longer on disk, or never were"))
}

func (j *Judge) giveUp(ctx context.Context, late correlate.ChangeRecord, why error) error {
	j.Log.Warn("a change that was reported late isn't judged, for want of the measurements of its time",
		zap.String("change_id", late.ID), zap.Time("began", late.Start()), zap.Error(why))
	return j.Deliver(ctx, engine.Rejudged{By: late.ID})
}

// whole says that segments are about all of a stretch.
func whole(segs []segments.Segment, from, to int64) bool {
	for _, s := range segs {
		if s.From > from {
			return false
		}
		from = s.To
	}
	return from >= to
}

// retry lives through a stretch.
func (j *Judge) retry(ctx context.Context, r *engine.Retrial, segs []segments.Segment) (engine.Rejudged, error) {
	tape := &tape{kept: j.Archive.kept, segs: segs}
	if err := j.Ledger.Rollups(ctx, func(b correlate.Rollup) error { r.Rollup(b); return ctx.Err() }); err != nil {
		return engine.Rejudged{}, err
	}
	gaps, err := j.gaps(r.From-j.cfg.CoarseKeep, r.To)
	if err != nil {
		return engine.Rejudged{}, err
	}
	for _, g := range gaps {
		r.Gap(g)
	}
	if _, err := tape.until(r.Fine); err != nil {
		return engine.Rejudged{}, err
	}
	for !r.Over() {
		began := time.Now()
		cells, err := tape.until(r.Now())
		if err = errors.Join(err, ctx.Err()); err != nil {
			return engine.Rejudged{}, err
		}
		r.Step(cells)
		j.Pause(time.Since(began))
	}
	return r.Rejudged(), nil
}

// gaps are the stretches of a time in which nothing was taken in, as far as the archive knows, put together where one goes
// on in the next chunk.
func (j *Judge) gaps(from, to int64) (all []window.Span, err error) {
	for _, s := range j.Archive.kept.Between(from, to) {
		if !s.Marked {
			continue
		}
		c, err := load(j.Archive.kept, s)
		if err != nil {
			return nil, err
		}
		for _, g := range c.Gaps {
			if n := len(all); n > 0 && all[n-1].To == g.From {
				all[n-1].To = g.To
				continue
			}
			all = append(all, g)
		}
	}
	return all, nil
}

func load(kept *segments.Store, s segments.Segment) (archive.Chunk, error) {
	blob, err := kept.Read(s)
	if err != nil {
		return archive.Chunk{}, damagedError{err}
	}
	c, err := archive.Decode(blob)
	if err != nil {
		return archive.Chunk{}, damagedError{fmt.Errorf("measurements from %s to %s: %w",
			time.Unix(s.From, 0).UTC().Format(time.RFC3339), time.Unix(s.To, 0).UTC().Format(time.RFC3339), err)}
	}
	return c, nil
}

// tape plays measurements back in the order of event time.
type tape struct {
	kept   *segments.Store
	segs   []segments.Segment // that are not loaded yet
	loaded []correlate.Measurement
}

// until are those that start before an instant and were not played yet.
func (t *tape) until(now int64) (played []correlate.Measurement, err error) {
	for len(t.segs) > 0 && t.segs[0].From < now {
		c, err := load(t.kept, t.segs[0])
		if err != nil {
			return nil, err
		}
		t.segs = t.segs[1:]
		t.loaded = append(t.loaded, measurements(c)...)
	}
	n, _ := slices.BinarySearchFunc(t.loaded, now, func(m correlate.Measurement, now int64) int { return cmp.Compare(m.Start, now) })
	played, t.loaded = t.loaded[:n:n], t.loaded[n:]
	return played, nil
}

// measurements are the cells of a chunk by their start.
func measurements(c archive.Chunk) (all []correlate.Measurement) {
	for _, s := range c.Series {
		for _, cell := range s.Cells {
			all = append(all, correlate.Measurement{Key: s.Key, Cell: cell})
		}
	}
	slices.SortStableFunc(all, func(a, b correlate.Measurement) int { return cmp.Compare(a.Start, b.Start) })
	return all
}
