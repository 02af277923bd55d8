package prometheus

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/sinktest"
)

// day is ten changes of each of many services on a day: one in ten is bad and recovers, one in a hundred doesn't, some are
// inconclusive, and each carries a commit of its own.
func day(services, n int) []correlate.Effect {
	var effects []correlate.Effect
	reasons := correlate.Reasons()
	for i := range services * 10 {
		began := sinktest.Noon.AddDate(0, 0, n).Add(time.Duration(i) * 86400 * time.Second / time.Duration(services*10))
		c := change(fmt.Sprintf("change-%d-%d", n, i), fmt.Sprintf("service-%04d", i%services), 0)
		c.StartedAt, c.FinishedAt, c.WindowEnd, c.Version = began, began.Add(5*time.Minute+time.Duration((i*7919+n*31)%600)*time.Second), began.Add(time.Hour), fmt.Sprint("v", n)
		c.Commits, c.Team = []correlate.Commit{{SHA: c.ID, AuthoredAt: began.Add(-time.Hour)}}, fmt.Sprint("team-", i%50)
		v := &correlate.Verdict{
			ChangeID: c.ID, Service: c.Service, Environment: c.Environment, Version: c.Version, Revision: 1, Final: true,
			Outcome: correlate.Inconclusive, Reason: reasons[9+(i/services+n)%9], OnsetAt: &began, DecidedAt: c.FinishedAt,
		}
		switch turn := (i*7919 + n*31) / 3 % 100; {
		case turn < 10:
			v.Outcome, v.Reason = correlate.Regressed, correlate.ReasonErrorRatio
			if turn > 0 {
				c.RecoveredAt = c.FinishedAt.Add(time.Minute)
			}
			effects = append(effects, correlate.Effect{Regression: &correlate.Regression{
				ID: c.ID, Service: c.Service, Environment: c.Environment, Signal: "error_ratio", OnsetAt: began, Suspects: []correlate.Suspect{{ChangeID: c.ID, Probability: 0.9}},
			}})
		case turn < 60:
			v.Outcome, v.Reason = correlate.Healthy, correlate.ReasonWithinMargin
		}
		c.Verdict = v
		effects = append(effects, correlate.Effect{Change: &c})
	}
	return effects
}

// year is what a scrape costs in the course of a year.
type year struct {
	tb       testing.TB
	reader   *sinktest.Reader
	sink     *sink
	services int
}

// cost is what a scrape costs, and what is held in memory for it.
type cost struct{ series, bytes, protobuf, heap float64 }

func newYear(tb testing.TB, services int) year {
	r := sinktest.NewReader(sinktest.Noon)
	return year{tb, r, open(tb, r), services}
}

// pass lets days pass, and scrapes at the end of the last.
func (y year) pass(from, to int) (c cost) {
	for n := from; n < to; n++ {
		y.sink.Publish(day(y.services, n))
	}
	y.reader.SetStatus(func(s *sinks.Status) { s.Now = sinktest.Noon.AddDate(0, 0, to) })
	text := scrape(y.tb, y.sink, asOpenMetrics)
	c.bytes, c.protobuf = float64(len(text)), float64(len(scrape(y.tb, y.sink, asProtobuf)))
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "shipwake_") {
			c.series++
		}
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	c.heap = float64(m.HeapAlloc)
	return c
}

func (y year) check(before, after cost) {
	require.InDelta(y.tb, before.series, after.series, before.series/100, "but for which changes haven't recovered")
	require.InDelta(y.tb, before.bytes, after.bytes, before.bytes/20, "numbers grow by a digit")
	require.InDelta(y.tb, before.protobuf, after.protobuf, before.protobuf/20, "and histograms have no more buckets")
	require.Less(y.tb, after.series, float64(110*y.services+20*maxShown))
	require.Less(y.tb, after.heap, max(1.2*before.heap, 24<<20), "and what is remembered is bounded")
}

// TestAYearAddsNoSeries: what a scrape costs depends on the services there are, not on what happened. BenchmarkYear does the
// same for a thousand services.
func TestAYearAddsNoSeries(t *testing.T) {
	y := newYear(t, 100)
	before := y.pass(0, 30)
	y.check(before, y.pass(30, 365))
}

// BenchmarkYear is a year of a thousand services with ten changes a day each.
func BenchmarkYear(b *testing.B) {
	if testing.Short() {
		b.Skip("four million changes; without -short")
	}
	for b.Loop() {
		y := newYear(b, 1000)
		before := y.pass(0, 30)
		after := y.pass(30, 365)
		y.check(before, after)
		b.ReportMetric(after.series, "series")
		b.ReportMetric(after.bytes, "bytes/scrape")
		b.ReportMetric(after.protobuf, "protobuf-bytes/scrape")
		b.ReportMetric(after.heap, "heap-bytes")
	}
}
