package accuracy

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/engine"
	"github.com/shipwake/shipwake/correlate/replay"
)

// Result is what the daemon would have said of a case.
type Result struct {
	Case
	Verdicts    map[string][]correlate.Verdict // of a change, in the order they were issued
	Regressions []correlate.Regression
}

// Drive replays a case on the default configuration.
func Drive(c Case) Result {
	r := Result{Case: c, Verdicts: map[string][]correlate.Verdict{}}
	cfg := engine.DefaultConfig()
	cfg.KeepRecords = 0
	for _, e := range replay.Drive(cfg, c.Replay) {
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
	r.Replay = replay.Case{} // the cells are many
	return r
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
