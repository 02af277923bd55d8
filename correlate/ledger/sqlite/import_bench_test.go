package sqlite

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger/ledgertest"
)

// BenchmarkImport stores the changes of a year, of 1,000 services, oldest first: each is appended with its delivery, and
// committed as what the engine makes of it. The figures are the CPU time for a change at the beginning and in the end, and
// the bytes that one takes in the file.
func BenchmarkImport(b *testing.B) {
	const batch = 500
	changes := 200_000
	if testing.Short() {
		changes = 10_000
	}
	for b.Loop() {
		l := openAt(b, Options{Dir: b.TempDir()})
		var spent []time.Duration
		for n := 0; n < changes; n += batch {
			entries, effects := imported(n, batch, changes)
			began := processTime()
			_, facts, err := l.Append(b.Context(), entries, nil)
			require.NoError(b, err)
			require.NoError(b, l.CommitEffects(b.Context(), effects, nil, facts[batch-1].Seq))
			spent = append(spent, processTime()-began)
		}
		part := len(spent) / 4
		b.ReportMetric(micro(spent[:part])/float64(part*batch), "cpu-us/change-first")
		b.ReportMetric(micro(spent[len(spent)-part:])/float64(part*batch), "cpu-us/change-last")
		b.ReportMetric(float64(l.Health().Bytes)/float64(changes), "B/change")
	}
}

// imported are some of the changes of a year as entries and as effects.
func imported(from, count, all int) (entries []correlate.Entry, effects []correlate.Effect) {
	year := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for n := from; n < from+count; n++ {
		done := year.Add(time.Duration(float64(365*24*time.Hour) * float64(n) / float64(all))).Truncate(time.Second)
		e := ledgertest.Entry("cdevents", fmt.Sprint("event-", n))
		e.Body = fmt.Appendf(nil, "%600d", n)
		c := *e.Facts[0].Change
		c.ID, c.Service, c.Environment = fmt.Sprint("cdevents-event-", n), fmt.Sprintf("history-%03d", n%1000), "history"
		c.Version, c.StartedAt, c.FinishedAt = fmt.Sprintf("1.%d.0", n/1000), done, done
		c.Commit, c.URL, c.Actor = fmt.Sprintf("%040x", n), fmt.Sprint("https://ci.example/runs/", n), "ci"
		e.Facts = []correlate.Fact{{Change: &c}}
		entries = append(entries, e)
		effects = append(effects, correlate.Effect{Change: &correlate.ChangeRecord{
			Change: c, ReceivedAt: e.ReceivedAt, Phase: correlate.PhaseHistory, WindowStart: done, WindowEnd: done.Add(time.Hour),
		}})
	}
	return entries, effects
}

// processTime is the CPU time that the process has spent.
func processTime() time.Duration {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func micro(all []time.Duration) (us float64) {
	for _, d := range all {
		us += float64(d) / 1e3
	}
	return us
}
