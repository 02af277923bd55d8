package host

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/engine"
	"github.com/shipwake/shipwake/correlate/ledger/sqlite"
)

// watchingHost is a host whose engine observes a change, and a loop of it that answers until the test ends.
func watchingHost(t *testing.T) (*Host, *loop) {
	t.Helper()
	h := newHost(componenttest.NewNopTelemetrySettings(), *createDefaultConfig().(*Config), Options{})
	h.engine = engine.New(engine.DefaultConfig())
	start := time.Now().UTC().Truncate(time.Second)
	h.engine.Apply(engine.Input{Facts: []engine.Fact{{ReceivedAt: start, Fact: correlate.Fact{Change: &correlate.Change{
		ID: "checkout-1", Service: "checkout", Environment: "production", Version: "v2", StartedAt: start, FinishedAt: start,
	}}}}})
	return h, newLoop(h)
}

func TestAReaderIsToldHowAChangeStands(t *testing.T) {
	h, l := watchingHost(t)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case q := <-h.questions:
				l.answer(q)
			case <-ctx.Done():
				return
			}
		}
	}()
	o := reader{h}.Outlook(t.Context(), "checkout-1")
	require.NotNil(t, o)
	require.Equal(t, []correlate.Wait{{For: correlate.WaitTelemetry}}, o.Waits)
	require.Same(t, o, reader{h}.Outlook(t.Context(), "checkout-1"), "before anything is judged the answer is the same")
	require.Nil(t, reader{h}.Outlook(t.Context(), "nobody"))
	require.Equal(t, []string{}, reader{h}.HeardIn(t.Context(), "checkout"))
	stop()
	<-done
}

func TestAReaderDoesNotWaitForALoopThatIsBusy(t *testing.T) {
	h, _ := watchingHost(t)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	require.Nil(t, reader{h}.Outlook(gone, "checkout-1"))
	require.Nil(t, reader{h}.HeardIn(gone, "checkout"))
}

// TestAReaderIsToldTheSeriesOfARevision: that which was kept with it or before it, else a later one as far as it had come.
func TestAReaderIsToldTheSeriesOfARevision(t *testing.T) {
	h, _ := watchingHost(t)
	l, err := sqlite.Open(t.Context(), sqlite.Options{Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	h.ledger = l
	start := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	c := correlate.ChangeRecord{Change: correlate.Change{ID: "c", Service: "checkout", StartedAt: start}.WithDefaults(), Phase: correlate.PhaseClosed}
	effects := []correlate.Effect{{Change: &c}}
	for revision := 1; revision <= 5; revision++ {
		decided := start.Add(time.Duration(revision) * 10 * time.Minute)
		effects = append(effects, correlate.Effect{Verdict: &correlate.Verdict{
			ChangeID: "c", Service: "checkout", Outcome: correlate.Regressed, Revision: revision, DecidedAt: decided, Evidence: []correlate.Evidence{},
		}})
		if revision == 5 { // it was doubted, and nothing was measured anew
			continue
		}
		effects = append(effects, correlate.Effect{Series: &correlate.Series{
			ChangeID: "c", Revision: revision, At: decided, Start: start, From: start, Step: 60, Points: 10 * revision,
			Signals: []correlate.SignalSeries{{Signal: "error_ratio", Lines: []correlate.Line{{Role: correlate.RoleAll, Values: make(correlate.Values, 10*revision)}}}},
		}})
	}
	require.NoError(t, l.CommitEffects(t.Context(), effects, nil, 0))
	for revision, want := range map[int]struct{ revision, points int }{
		1: {1, 10}, // the third, cut: of the first nothing is kept any more
		3: {3, 30},
		4: {4, 40},
		5: {4, 40},
	} {
		s, err := reader{h}.Series(t.Context(), "c", revision)
		require.NoError(t, err)
		require.Equal(t, want.revision, s.Revision, revision)
		require.Equal(t, want.points, s.Points, revision)
		require.Len(t, s.Signals[0].Line(correlate.RoleAll), want.points)
	}
	none, err := reader{h}.Series(t.Context(), "nobody", 1)
	require.NoError(t, err)
	require.Nil(t, none)
}
