package prometheus

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

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
		require.Zero(t, having(own(t, s), "shipwake_dora_deployments"))

		r.Put(sinktest.Story()...)
		s.Publish(sinktest.Story())
		require.Zero(t, having(own(t, s), "shipwake_dora_deployments"), "not again within a second")
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
		require.Zero(t, having(own(t, s), "shipwake_dora_deployments"))
		require.Equal(t, patience, time.Since(began))

		time.Sleep(8 * time.Second)
		release()
		synctest.Wait()
		require.NotZero(t, having(own(t, s), "shipwake_dora_deployments"))
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
		before := having(own(t, s), "shipwake_dora_deployments")
		require.NotZero(t, before)
		r.Fail(errors.New("disk on fire"))
		r.SetStatus(func(s *sinks.Status) { s.Now = s.Now.Add(time.Minute) })
		time.Sleep(time.Minute)
		lines := own(t, s)
		require.Equal(t, before, having(lines, "shipwake_dora_deployments"))
		require.Contains(t, lines, "shipwake_dora_compute_failures_total 1")
		require.Contains(t, lines, "shipwake_dora_age_seconds 60")
	})
}
