package host

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger/sqlite"
)

// holder is a host of some release on a directory.
func holder(t *testing.T, dir, release string) *Host {
	t.Helper()
	l, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir, Release: release})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	h := newHost(componenttest.NewNopTelemetrySettings(), *createDefaultConfig().(*Config), Options{Version: release})
	h.ledger = l
	return h
}

func (h *Host) applied(t *testing.T) []string {
	t.Helper()
	facts, err := h.ledger.Unapplied(t.Context())
	require.NoError(t, err)
	ids := []string{}
	for _, f := range facts {
		ids = append(ids, f.Change.ID)
	}
	return ids
}

func TestAnUpgradeReleasesWhatItCanMap(t *testing.T) {
	dir, received := t.TempDir(), time.Now().UTC().Add(-time.Hour)
	old := holder(t, dir, "1.0")
	parsed := 0
	mapping := func(known string) func(correlate.Delivery) correlate.Delivery {
		return func(d correlate.Delivery) correlate.Delivery {
			parsed++
			if d.Event == known {
				d.Problem, d.Facts = "", []correlate.Fact{{Change: &correlate.Change{ID: d.ID, Service: "cart", FinishedAt: received}}}
			}
			return d
		}
	}
	old.ParseAgain("ci", mapping("nothing"))
	var deliveries []correlate.Delivery
	for n := range 700 {
		deliveries = append(deliveries, correlate.Delivery{
			Source: "ci", ID: fmt.Sprint(n), ReceivedAt: received, Event: []string{"shipped", "sunk"}[n%2], Problem: "unmapped: not yet",
		})
	}
	_, err := old.Commit(t.Context(), deliveries, nil)
	require.NoError(t, err)
	require.NoError(t, old.retry(t.Context(), time.Now()))
	require.Zero(t, parsed, "the release that couldn't map them doesn't try again")
	require.NoError(t, old.ledger.Close())

	upgraded := holder(t, dir, "1.1")
	require.NoError(t, upgraded.retry(t.Context(), time.Now()), "before any receiver has told how")
	upgraded.ParseAgain("ci", mapping("shipped"))
	for range 2 {
		require.NoError(t, upgraded.retry(t.Context(), time.Now()))
		require.Len(t, upgraded.applied(t), 350)
		require.Equal(t, 700, parsed, "each once")
	}
	facts, err := upgraded.ledger.Unapplied(t.Context())
	require.NoError(t, err)
	require.Equal(t, received.Truncate(time.Microsecond), facts[0].ReceivedAt)
	held, err := reader{upgraded}.Held(t.Context(), 0)
	require.NoError(t, err)
	require.Len(t, held, 100)
	require.Contains(t, upgraded.opt.Tally.Values(), correlate.CountValue{
		Count: correlate.Count{What: "facts", Source: "ci", Result: "released"}, Value: 350,
	})
	select {
	case <-upgraded.wake:
	default:
		require.Fail(t, "the loop must be told")
	}
}

func TestAFutureFactIsReleasedWhenItsTimeHasCome(t *testing.T) {
	h := holder(t, t.TempDir(), "1.0")
	received := time.Now().UTC()
	at := received.Add(3 * time.Hour)
	fact := correlate.Fact{Change: &correlate.Change{ID: "early", Service: "cart", FinishedAt: at}}
	parsed := 0
	h.ParseAgain("ci", func(d correlate.Delivery) correlate.Delivery {
		parsed++
		d.Problem, d.Facts = "", []correlate.Fact{fact}
		return d
	})
	_, err := h.Commit(t.Context(), []correlate.Delivery{
		correlate.Delivery{Source: "ci", ID: "early", ReceivedAt: received, Facts: []correlate.Fact{fact}}.HoldFuture(),
	}, nil)
	require.NoError(t, err)
	for _, early := range []time.Duration{0, time.Minute, 3*time.Hour - time.Second} {
		require.NoError(t, h.retry(t.Context(), received.Add(early)))
		require.Empty(t, h.applied(t))
	}
	require.Equal(t, 1, parsed, "to learn when")
	held, err := reader{h}.Held(t.Context(), 0)
	require.NoError(t, err)
	require.Equal(t, at.Truncate(time.Microsecond), held[0].Due)
	for range 2 {
		require.NoError(t, h.retry(t.Context(), at.Add(time.Second)))
		require.Equal(t, []string{"early"}, h.applied(t))
	}
	require.Equal(t, 2, parsed)
}
