package sqlite

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
	"github.com/shipwake/shipwake/correlate/ledger/ledgertest"
)

// BenchmarkAcknowledge counts facts per second that were synced and answered, by the number of callers who each wait
// for their answer before they send the next.
func BenchmarkAcknowledge(b *testing.B) {
	for _, clients := range []int{1, 16, 128} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			l := openAt(b, Options{Dir: b.TempDir()})
			var sent atomic.Int64
			var wg sync.WaitGroup
			b.ResetTimer()
			for range clients {
				wg.Go(func() {
					for {
						n := sent.Add(1)
						if n > int64(b.N) {
							return
						}
						d := ledgertest.Entry("github", fmt.Sprint(n))
						if _, _, err := l.Append(b.Context(), []correlate.Entry{d}, nil); err != nil {
							b.Error(err)
						}
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "facts/s")
			b.ReportMetric(float64(b.N)/float64(l.Health().Commits), "facts/sync")
		})
	}
}

// hundredThousand is a directory with 100,000 changes of 90 days, all with a verdict, as the daemon finds it.
func hundredThousand(b *testing.B) string {
	b.Helper()
	dir := b.TempDir()
	l, err := Open(b.Context(), Options{Dir: dir})
	require.NoError(b, err)
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	const batch = 1000
	for n := 0; n < 100_000; n += batch {
		var deliveries []correlate.Entry
		var effects []correlate.Effect
		for i := n; i < n+batch; i++ {
			d := ledgertest.Entry("github", fmt.Sprint(i))
			c := d.Facts[0].Change
			c.Service = fmt.Sprintf("service-%03d", i%500)
			c.StartedAt = begin.Add(time.Duration(i) * 77760 * time.Millisecond)
			c.FinishedAt = c.StartedAt.Add(time.Minute)
			deliveries = append(deliveries, d)
			v := correlate.Verdict{
				ChangeID: c.ID, Service: c.Service, Outcome: correlate.Healthy, Reason: correlate.ReasonWithinMargin, Revision: 1,
				Final: true, DecidedAt: c.FinishedAt.Add(30 * time.Minute),
				Evidence: []correlate.Evidence{{Signal: "error_ratio", Baseline: 0.001, Observed: 0.0012, Ratio: 1.2, N: 10000, Events: 12}},
			}
			effects = append(effects, correlate.Effect{Change: &correlate.ChangeRecord{
				Change: *c, Phase: correlate.PhaseClosed, WindowStart: c.FinishedAt, WindowEnd: v.DecidedAt, Verdict: &v,
			}})
		}
		_, facts, err := l.Append(b.Context(), deliveries, nil)
		require.NoError(b, err)
		require.NoError(b, l.CommitEffects(b.Context(), effects, nil, facts[batch-1].Seq))
	}
	require.NoError(b, l.Close())
	return dir
}

// BenchmarkRestart opens a ledger of 100,000 changes and reads what the engine needs: nothing but the ledger, the last
// week, or all 90 days.
func BenchmarkRestart(b *testing.B) {
	dir := hundredThousand(b)
	for name, days := range map[string]int{"open": 0, "week": 7, "everything": 90} {
		b.Run(name, func(b *testing.B) {
			since := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, -days)
			for b.Loop() {
				l, err := Open(b.Context(), Options{Dir: dir})
				require.NoError(b, err)
				if days > 0 {
					saved, err := l.Restore(b.Context(), since)
					require.NoError(b, err)
					left, err := l.Unapplied(b.Context(), 0)
					require.NoError(b, err)
					require.NotEmpty(b, saved.Changes)
					require.Empty(b, left)
				}
				require.NoError(b, l.Close())
			}
		})
	}
	b.Run("list 100", func(b *testing.B) {
		l := openAt(b, Options{Dir: dir})
		for b.Loop() {
			page, err := l.Changes(b.Context(), ledger.ChangeFilter{Service: "service-007", Outcome: correlate.Healthy, Limit: 100})
			require.NoError(b, err)
			require.Len(b, page, 100)
		}
	})
}

// BenchmarkReadAgain reads 100,000 kept deliveries again, each with its fact as it was.
func BenchmarkReadAgain(b *testing.B) {
	l := openAt(b, Options{Dir: hundredThousand(b)})
	for n := 0; b.Loop(); n++ {
		digest := fmt.Sprintf("again/%d", n)
		for {
			found, err := l.Stale(b.Context(), "github", digest, time.Time{})
			require.NoError(b, err)
			if len(found) == 0 {
				break
			}
			readings := make([]ledger.Reading, len(found))
			for i, k := range found {
				facts, err := l.facts(b.Context(), k.Number)
				require.NoError(b, err)
				readings[i] = ledger.Reading{Number: k.Number, Projection: correlate.Projection{Digest: digest, Facts: facts}}
			}
			done, err := l.Project(b.Context(), readings)
			require.NoError(b, err)
			require.Equal(b, ledger.Projected{Stored: len(readings)}, done)
		}
	}
	b.ReportMetric(100_000*float64(b.N)/b.Elapsed().Seconds(), "deliveries/s")
}

// facts are those that a delivery stated when it came.
func (l *Ledger) facts(ctx context.Context, delivery int64) ([]correlate.Fact, error) {
	return list(ctx, l.readers, func(scan func(...any) error) (f correlate.Fact, err error) {
		var text []byte
		if err := scan(&text); err != nil {
			return f, err
		}
		return f, decode(text, &f, "fact", delivery)
	}, "SELECT json FROM facts WHERE delivery = ?", delivery)
}
