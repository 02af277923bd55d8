package prometheus

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/sinktest"
)

const perComputation = 3 // one call for each window

func TestDORAIsComputedOnceForManyScrapes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := sinktest.NewReader(sinktest.Noon, sinktest.Story()...)
		s := open(t, r)
		defer s.Close()
		for range 5 {
			own(t, s)
		}
		require.Equal(t, perComputation, r.DORACalls())

		time.Sleep(settledFor)
		own(t, s)
		require.Equal(t, 2*perComputation, r.DORACalls(), "the windows have slid on")
	})
}

func TestDORAFollowsEffects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := sinktest.NewReader(sinktest.Noon)
		s := open(t, r)
		defer s.Close()
		require.Zero(t, count(own(t, s), "shipwake_dora_deployments"))

		r.Put(sinktest.Story()...)
		s.Publish(sinktest.Story())
		require.Zero(t, count(own(t, s), "shipwake_dora_deployments"), "not again within a second")
		time.Sleep(movedFor)
		require.Contains(t, own(t, s), `shipwake_dora_change_failures{environment="production",service="checkout",window="7d"} 1`)
	})
}

func TestAScrapeDoesNotWaitForSlowNumbers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := sinktest.NewReader(sinktest.Noon, sinktest.Story()...)
		s := open(t, r)
		defer s.Close()
		release := r.Stall()
		began := time.Now()
		require.Zero(t, count(own(t, s), "shipwake_dora_deployments"))
		require.Equal(t, patience, time.Since(began))

		time.Sleep(8 * time.Second)
		release()
		synctest.Wait()
		require.NotZero(t, count(own(t, s), "shipwake_dora_deployments"))
		require.Equal(t, perComputation, r.DORACalls())

		time.Sleep(time.Minute)
		s.Publish(sinktest.Story())
		own(t, s)
		require.Equal(t, perComputation, r.DORACalls(), "what took ten seconds isn't done again after a minute")
		time.Sleep(costFactor * 10 * time.Second)
		own(t, s)
		require.Equal(t, 2*perComputation, r.DORACalls())
	})
}

func TestCloseEndsAComputation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := sinktest.NewReader(sinktest.Noon)
		s := open(t, r)
		defer r.Stall()()
		own(t, s)
		require.NoError(t, s.Close())
		own(t, s)
	})
}

func TestNumbersFromBeforeStayWhenTheRecordCantBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := sinktest.NewReader(sinktest.Noon, sinktest.Story()...)
		s := open(t, r)
		defer s.Close()
		before := count(own(t, s), "shipwake_dora_deployments")
		require.NotZero(t, before)
		r.Fail(errors.New("disk on fire"))
		r.SetStatus(func(s *sinks.Status) { s.Now = s.Now.Add(time.Minute) })
		time.Sleep(time.Minute)
		lines := own(t, s)
		require.Equal(t, before, count(lines, "shipwake_dora_deployments"))
		require.Contains(t, lines, "shipwake_dora_compute_failures_total 1")
		require.Contains(t, lines, "shipwake_dora_age_seconds 60")
	})
}

// shopOf is a shop of many services with a few changes each, one in eight bad.
func shopOf(services, changes int) []correlate.Effect {
	var effects []correlate.Effect
	for s := range services {
		for i := range changes {
			c := change(fmt.Sprintf("c-%d-%d", s, i), fmt.Sprintf("service-%04d", s), -time.Duration(i*24*60+s)*time.Minute)
			c.Commits = []correlate.Commit{{SHA: c.ID, AuthoredAt: c.FinishedAt.Add(-time.Hour)}}
			c.Verdict = &correlate.Verdict{
				ChangeID: c.ID, Service: c.Service, Environment: c.Environment, Outcome: correlate.Healthy,
				Reason: correlate.ReasonWithinMargin, Revision: 1, Evidence: []correlate.Evidence{
					{Signal: "error_ratio"}, {Signal: "latency_p50"}, {Signal: "latency_p90"}, {Signal: "latency_p99"},
				},
			}
			c.WindowEnd = c.FinishedAt.Add(time.Hour)
			if (s+i)%8 == 0 {
				c.Verdict.Outcome, c.RecoveredAt = correlate.Regressed, c.FinishedAt.Add(time.Minute)
			}
			effects = append(effects, correlate.Effect{Change: &c})
		}
	}
	return effects
}

func BenchmarkScrapeOneThousandServices(b *testing.B) {
	effects := shopOf(1000, 8)
	s := open(b, sinktest.NewReader(sinktest.Noon, effects...))
	s.Publish(effects)
	size := len(scrape(b, s, "text/plain"))
	series := len(own(b, s))
	for b.Loop() {
		scrape(b, s, "text/plain")
	}
	b.ReportMetric(float64(size), "bytes/scrape")
	b.ReportMetric(float64(series), "series")
}

func BenchmarkPublish(b *testing.B) {
	s := open(b, sinktest.NewReader(sinktest.Noon))
	effects := shopOf(100, 1)
	for b.Loop() {
		s.Publish(effects)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(effects)), "ns/effect")
}
