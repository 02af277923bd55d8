package accuracy

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/engine"
)

// Result is what the daemon would have said of a case.
type Result struct {
	Case
	Verdicts    map[string][]correlate.Verdict // of a change, in the order they were issued
	Regressions []correlate.Regression
}

// Drive tells a case to an engine on the default configuration. What lies further back than the hour before the change
// is given to it as after a restart, in its rollups; from then on time goes as in a replay.
func Drive(c Case) Result {
	cfg := engine.DefaultConfig()
	cfg.KeepRecords = 0
	return DriveWith(cfg, c)
}

// DriveWith is Drive on another configuration.
func DriveWith(cfg engine.Config, c Case) Result {
	r := Result{Case: c, Verdicts: map[string][]correlate.Verdict{}}
	cfg.Signals = append(cfg.Signals[:len(cfg.Signals):len(cfg.Signals)], c.Signals...)
	e := engine.New(cfg)
	for _, past := range c.Past {
		e.RestoreRollup(past)
	}
	e.Resume(time.Time{})
	r.hear(engine.Replay(e, engine.Recording{Facts: c.Facts, Cells: c.Cells, From: c.From, Until: c.Until}))
	r.Past, r.Facts, r.Cells = nil, nil, nil // they are many
	return r
}

func (r *Result) hear(effects []correlate.Effect) {
	for _, e := range effects {
		switch {
		case e.Verdict != nil:
			r.Verdicts[e.Verdict.ChangeID] = append(r.Verdicts[e.Verdict.ChangeID], *e.Verdict)
		case e.Regression != nil:
			r.Regressions = append(r.Regressions, *e.Regression)
		}
	}
	for id := range r.Verdicts {
		slices.SortStableFunc(r.Verdicts[id], func(a, b correlate.Verdict) int { return cmp.Compare(a.Revision, b.Revision) })
	}
}

// each does n independent pieces of work on all cores, and returns what came out in order.
func each[T any](ctx context.Context, n int, work func(i int) T) ([]T, error) {
	out := make([]T, n)
	var next atomic.Int64
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				out[i] = work(i)
			}
		})
	}
	all.Wait()
	return out, ctx.Err()
}

// Run makes so many cases of every kind, beginning with a seed, and drives them.
func Run(ctx context.Context, only string, seed uint64, count int) ([]Result, error) {
	var chosen []kind
	for _, k := range kinds() {
		if only == "" || k.name == only {
			chosen = append(chosen, k)
		}
	}
	return each(ctx, len(chosen)*count, func(i int) Result {
		return Drive(chosen[i%len(chosen)].build(seed + uint64(i/len(chosen))))
	})
}
