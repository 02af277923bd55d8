package host

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/engine"
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
