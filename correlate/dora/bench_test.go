package dora_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
)

// yearOf is a year of changes of 10,000 services: each with a commit or two, one of ten hurt, one of 25 with an incident.
func yearOf(changes int, yield func(*correlate.ChangeRecord, *correlate.IncidentRecord)) {
	random := rand.New(rand.NewPCG(1, 2))
	began := asOf.AddDate(-1, 0, 0)
	for i := range changes {
		finished := began.Add(time.Duration(float64(i) / float64(changes) * 365 * 24 * float64(time.Hour)))
		c := change(fmt.Sprintf("github/deployment/%09d", i), finished)
		c.Service, c.Team = fmt.Sprintf("service-%d", random.IntN(10_000)), fmt.Sprintf("team-%d", i%100)
		for j := range 1 + i%2 {
			c.Commits = append(c.Commits, correlate.Commit{SHA: fmt.Sprintf("%040x", 2*i+j), AuthoredAt: finished.Add(-time.Duration(random.IntN(500_000)) * time.Second)})
		}
		switch {
		case i%10 == 0:
			judged(correlate.Regressed)(&c)
			c.RecoveredAt = finished.Add(20 * time.Minute)
		case i%3 == 0:
			unjudged(&c)
		}
		yield(&c, nil)
		if i%25 == 0 {
			in := incident(fmt.Sprintf("i%d", i), finished.Add(time.Minute), finished.Add(time.Hour), c.ID)
			in.Service = c.Service
			yield(nil, &in)
		}
	}
}

func tableOf(changes int) *dora.Table {
	t := dora.NewTable()
	yearOf(changes, func(c *correlate.ChangeRecord, i *correlate.IncidentRecord) {
		if c != nil {
			t.Change(c)
		} else {
			t.Incident(i)
		}
	})
	return t
}

// asked are the questions whose cost is told: the last days by place, and a year by team and month.
var asked = []struct {
	name string
	dora.Query
}{
	{"day", dora.Query{From: asOf.AddDate(0, 0, -1), To: asOf, By: dora.ByServiceEnvironment}},
	{"30_days", dora.Query{From: asOf.AddDate(0, 0, -30), To: asOf, By: dora.ByServiceEnvironment}},
	{"90_days", dora.Query{From: asOf.AddDate(0, 0, -90), To: asOf, By: dora.ByServiceEnvironment}},
	{"year", dora.Query{From: asOf.AddDate(-1, 0, 0), To: asOf, By: dora.ByServiceEnvironment}},
	{"year_by_team_and_month", dora.Query{From: asOf.AddDate(-1, 0, 0), To: asOf, By: dora.ByTeam, Series: dora.Month}},
}

// BenchmarkTable is reports over, and updates of, a year of changes of 10,000 services; metrics are the three reports that
// /metrics is made of, and start is what the daemon does with the table that was left by the one before.
func BenchmarkTable(b *testing.B) {
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		t := tableOf(n)
		t.Report(month, asOf)
		b.Run(fmt.Sprintf("%d/metrics", n), func(b *testing.B) {
			before := cpu(b)
			for b.Loop() {
				for _, days := range []int{7, 30, 90} {
					t.Report(dora.Query{From: asOf.AddDate(0, 0, -days), To: asOf, By: dora.ByServiceEnvironment}, asOf)
				}
			}
			b.ReportMetric(float64((cpu(b)-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
		})
		b.Run(fmt.Sprintf("%d/start", n), func(b *testing.B) {
			var parts [][]byte
			for part := range t.Parts {
				parts = append(parts, slices.Clone(part))
			}
			before := cpu(b)
			for b.Loop() {
				again := dora.NewTable()
				for _, part := range parts {
					require.NoError(b, again.Restore(part))
				}
				again.Report(month, asOf)
			}
			b.ReportMetric(float64((cpu(b)-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
		})
		for _, q := range asked {
			b.Run(fmt.Sprintf("%d/%s", n, q.name), func(b *testing.B) {
				before := cpu(b)
				for b.Loop() {
					t.Report(q.Query, asOf)
				}
				b.ReportMetric(float64((cpu(b)-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
			})
		}
		b.Run(fmt.Sprintf("%d/update", n), func(b *testing.B) {
			day := dora.Query{From: asOf.AddDate(0, 0, -1), To: asOf}
			before := cpu(b)
			for i := 0; b.Loop(); i++ {
				c := change(fmt.Sprint("new", i), asOf.Add(-time.Minute))
				c.Service = fmt.Sprintf("service-%d", i%10_000)
				t.Change(&c)
				t.Report(day, asOf)
			}
			b.ReportMetric(float64((cpu(b)-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
		})
	}
}

// cpu is the processor time that this program has taken, that of collecting garbage with it: what a busy machine leaves as it is.
func cpu(b *testing.B) time.Duration {
	var used syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkTableMemory is what a year of changes takes in memory, and how long it takes to be entered.
func BenchmarkTableMemory(b *testing.B) {
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				before := heap()
				t := tableOf(n)
				t.Report(month, asOf)
				b.ReportMetric(float64(heap()-before)/float64(n), "B/change")
				runtime.KeepAlive(t)
			}
		})
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
