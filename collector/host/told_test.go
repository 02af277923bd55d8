package host

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"

	"github.com/shipwake/shipwake/collector/told"
	"github.com/shipwake/shipwake/correlate/ledger/sqlite"
	"github.com/shipwake/shipwake/sinks"
)

// listener is a receiver that writes down of which change it was told, and fails while it is deaf.
type listener struct {
	mu   sync.Mutex
	deaf bool
	got  []string
}

func (l *listener) Name() string     { return "verdicts" }
func (l *listener) Close() error     { return nil }
func (l *listener) Queues() []string { return []string{""} }

func (l *listener) Messages(b sinks.Batch) ([]sinks.Message, error) {
	var all []sinks.Message
	for _, d := range b.Decisions {
		all = append(all, sinks.Message{Subject: d.Verdict.ChangeID, Key: d.Verdict.ChangeID, Each: true})
	}
	return all, nil
}

func (l *listener) Deliver(_ context.Context, m sinks.Message) (sinks.Receipt, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.deaf {
		return nil, errors.New("deaf")
	}
	l.got = append(l.got, m.Key)
	return nil, nil
}

func (l *listener) heard() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string{}, l.got...)
}

// seated is a host with a ledger and one receiver, which the test opens.
func seated(t *testing.T, dir string, l *listener) (*Host, *told.Seat) {
	t.Helper()
	var desk told.Registry
	seat := desk.Join(l)
	h := newHost(componenttest.NewNopTelemetrySettings(), *createDefaultConfig().(*Config), Options{Told: &desk})
	ledger, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir})
	require.NoError(t, err)
	h.keepIn(ledger)
	h.outbox = newOutbox(h)
	running, cancel := context.WithCancel(t.Context())
	h.stop = cancel
	h.done.Go(func() { h.outbox.run(running) })
	return h, seat
}

func TestAReceiverIsToldWhatItMissed(t *testing.T) {
	dir, first := t.TempDir(), &listener{}
	h, seat := seated(t, dir, first)
	require.True(t, decide(newLoop(h), "a", 1), "before the receiver starts")
	require.Empty(t, first.heard())
	require.NoError(t, seat.Open())
	eventually(t, "it comes once the receiver has started", func() bool { return len(first.heard()) == 1 })
	seat.Leave()
	require.True(t, decide(newLoop(h), "b", 1), "after it has stopped")
	require.NoError(t, h.Shutdown(t.Context()))
	require.Equal(t, []string{"a"}, first.heard())

	second := &listener{}
	h, seat = seated(t, dir, second)
	require.NoError(t, seat.Open())
	eventually(t, "the rest comes after the restart", func() bool { return len(second.heard()) == 1 })
	require.Equal(t, []string{"b"}, second.heard())
	seat.Leave()
	require.NoError(t, h.Shutdown(t.Context()))
}

func TestAPipelineThatFailsIsToldAgain(t *testing.T) {
	l := &listener{deaf: true}
	h, seat := seated(t, t.TempDir(), l)
	require.NoError(t, seat.Open())
	require.True(t, decide(newLoop(h), "a", 1))
	eventually(t, "it waits", func() bool {
		h.outbox.count(t.Context())
		q := reader{h}.Status().Outbox
		return len(q) == 1 && q[0].Name == "verdicts" && q[0].Waiting == 1
	})
	l.mu.Lock()
	l.deaf = false
	l.mu.Unlock()
	eventually(t, "it comes", func() bool { return len(l.heard()) == 1 })
	seat.Leave()
	require.NoError(t, h.Shutdown(t.Context()))
}
