package host

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/engine"
	"github.com/shipwake/shipwake/correlate/ledger/sqlite"
)

// remembered is a directory with changes up to now over some days, each with its fact and its verdict, and with the
// measurements of six hours of some services, as a daemon leaves it.
func remembered(tb testing.TB, changes, days, services int) (dir string, now time.Time) {
	tb.Helper()
	dir, now = tb.TempDir(), time.Now().UTC().Truncate(10*time.Second)
	l, err := sqlite.Open(tb.Context(), sqlite.Options{Dir: dir})
	require.NoError(tb, err)
	began, span := now.AddDate(0, 0, -days), time.Duration(days)*24*time.Hour
	const batch = 1000
	for n := 0; n < changes; n += batch {
		var deliveries []correlate.Entry
		var effects []correlate.Effect
		for i := n; i < min(n+batch, changes); i++ {
			finished := began.Add(time.Duration(float64(span) * float64(i) / float64(changes)))
			c := correlate.Change{
				ID: fmt.Sprintf("shop-%d", i), Service: fmt.Sprintf("service-%03d", i%services), Version: fmt.Sprintf("v%d", i),
				StartedAt: finished.Add(-time.Minute), FinishedAt: finished, Source: "github", Commit: "8c1f2a0de2b44d2",
			}.WithDefaults()
			v := correlate.Verdict{
				ChangeID: c.ID, Service: c.Service, Environment: c.Environment, Outcome: correlate.Healthy, Reason: correlate.ReasonWithinMargin,
				Revision: 1, Final: true, DecidedAt: finished.Add(time.Hour),
				Evidence: []correlate.Evidence{{Signal: "error_ratio", Baseline: 0.001, Observed: 0.0012, Ratio: 1.2, N: 10000, Events: 12}},
			}
			deliveries = append(deliveries, correlate.Entry{
				Raw:        correlate.Raw{Source: "github", ID: c.ID, ReceivedAt: finished, Body: make([]byte, 500)},
				Projection: correlate.Projection{Digest: "1", Facts: []correlate.Fact{{Change: &c}}},
			})
			effects = append(effects, correlate.Effect{Change: &correlate.ChangeRecord{
				Change: c, Phase: correlate.PhaseClosed, WindowStart: finished, WindowEnd: v.DecidedAt, Verdict: &v,
			}})
		}
		_, facts, err := l.Append(tb.Context(), deliveries, nil)
		require.NoError(tb, err)
		require.NoError(tb, l.CommitEffects(tb.Context(), effects, nil, facts[len(facts)-1].Seq))
	}
	for at := now.Add(-6 * time.Hour); at.Before(now); at = at.Add(10 * time.Second) {
		cells := make([]correlate.Measurement, services)
		for i := range cells {
			cells[i].Service, cells[i].Environment = fmt.Sprintf("service-%03d", i), "production"
			cells[i].Start, cells[i].Requests, cells[i].Errors = at.Unix(), 1000, int64(i%3)
		}
		require.NoError(tb, l.Checkpoint(tb.Context(), at.Add(10*time.Second), cells))
	}
	require.NoError(tb, l.Close())
	return dir, now
}

// restart is what Start does before anything is taken in.
func restart(tb testing.TB, dir string, now time.Time) (opened, restored time.Duration) {
	tb.Helper()
	began := time.Now()
	l, err := sqlite.Open(tb.Context(), sqlite.Options{Dir: dir, Reserve: sqlite.StandardReserve})
	require.NoError(tb, err)
	opened = time.Since(began)
	cfg := createDefaultConfig().(*Config).engineConfig()
	e := engine.New(cfg)
	require.NoError(tb, restore(tb.Context(), e, l, cfg, now))
	restored = time.Since(began)
	require.NoError(tb, l.Close())
	return opened, restored
}

// changesVariable is how many changes BenchmarkRestart restarts with; 10,000 when it isn't set.
const changesVariable = "SHIPWAKE_RESTART_CHANGES"

// BenchmarkRestart opens the ledger and restores the engine; `make bench-restart` does so with 100,000 changes. The page
// cache is warm.
func BenchmarkRestart(b *testing.B) {
	changes := 10_000
	if text := os.Getenv(changesVariable); text != "" {
		var err error
		changes, err = strconv.Atoi(text)
		require.NoError(b, err)
	}
	for _, days := range []int{365, 90, 30, 2} {
		b.Run(fmt.Sprintf("changes=%d/days=%d", changes, days), func(b *testing.B) {
			dir, now := remembered(b, changes, days, 100)
			var open, spent time.Duration
			for b.Loop() {
				runtime.GC()
				began := cpuTime()
				opened, _ := restart(b, dir, now)
				open, spent = open+opened, spent+cpuTime()-began
			}
			b.ReportMetric(spent.Seconds()/float64(b.N), "cpu-s/op")
			b.ReportMetric(float64(open.Milliseconds())/float64(b.N), "open-ms/op")
		})
	}
}

// cpuTime is what the process took of all processors so far.
func cpuTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
