package told_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/told"
	"github.com/shipwake/shipwake/sinks"
)

// note is a sink that counts what it is given.
type note struct {
	name string
	mu   sync.Mutex
	got  []string
}

func (n *note) Name() string                                  { return n.name }
func (n *note) Close() error                                  { return nil }
func (n *note) Queues() []string                              { return []string{""} }
func (n *note) Messages(sinks.Batch) ([]sinks.Message, error) { return nil, nil }
func (n *note) Deliver(_ context.Context, m sinks.Message) (sinks.Receipt, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.got = append(n.got, m.Key)
	return nil, nil
}

func (n *note) keys() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]string{}, n.got...)
}

func TestTheHostFindsWhoHasJoinedByName(t *testing.T) {
	var r told.Registry
	r.Join(&note{name: "verdicts/b"})
	gone := r.Join(&note{name: "verdicts/c"})
	r.Join(&note{name: "verdicts/a"})
	gone.Leave()
	gone.Leave()
	taken := r.Take()
	require.Len(t, taken, 2)
	require.Equal(t, []string{"verdicts/a", "verdicts/b"}, []string{taken[0].Name(), taken[1].Name()})
	require.Empty(t, (*told.Registry)(nil).Take())
}

func TestAReceiverThatNoHostKnowsDoesNotOpen(t *testing.T) {
	var r told.Registry
	s := r.Join(&note{})
	require.ErrorContains(t, s.Open(), "list the extension correlate under service::extensions")
	r.Take()
	require.NoError(t, s.Open())
	require.NoError(t, s.Open(), "a second time changes nothing")
}

func TestWhatIsDeliveredWaitsForTheReceiver(t *testing.T) {
	var r told.Registry
	n := &note{name: "verdicts"}
	s := r.Join(n)
	out := r.Take()[0]
	done := make(chan error)
	go func() {
		_, err := out.Deliver(t.Context(), sinks.Message{Key: "1"})
		done <- err
	}()
	require.Empty(t, n.keys())
	require.NoError(t, s.Open())
	require.NoError(t, <-done)
	require.Equal(t, []string{"1"}, n.keys())
}

func TestWhatCannotBePassedOnComesBack(t *testing.T) {
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		prepare func(*told.Seat) error
		ctx     context.Context
		want    string
	}{
		"it has not started":            {func(*told.Seat) error { return nil }, over, "the receiver has not started"},
		"it never started, and is gone": {func(s *told.Seat) error { s.Leave(); return nil }, t.Context(), "the receiver has stopped"},
		"it has stopped":                {func(s *told.Seat) error { err := s.Open(); s.Leave(); return err }, t.Context(), "the receiver has stopped"},
	} {
		t.Run(name, func(t *testing.T) {
			var r told.Registry
			n := &note{}
			s := r.Join(n)
			out := r.Take()[0]
			require.NoError(t, c.prepare(s))
			_, err := out.Deliver(c.ctx, sinks.Message{Key: "1"})
			var u *sinks.Undelivered
			require.ErrorAs(t, err, &u)
			require.Equal(t, sinks.Unreachable, u.Cause)
			require.EqualError(t, u, c.want)
			require.Empty(t, n.keys())
		})
	}
}
