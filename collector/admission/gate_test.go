package admission

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A place is waited for, but neither long nor by many.
func TestTheGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &Gate{places: make(chan struct{}, 1), wait: patience}
		require.NoError(t, g.Enter(t.Context()))

		began := time.Now()
		require.Equal(t, Busy, reason(t, g.Enter(t.Context())))
		require.Equal(t, patience, time.Since(began))

		gone, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, g.Enter(gone), context.Canceled)

		entered := make(chan error, queue)
		for range queue {
			go func() { entered <- g.Enter(t.Context()) }()
		}
		synctest.Wait()
		require.Equal(t, Busy, reason(t, g.Full()))
		began = time.Now()
		require.Equal(t, Busy, reason(t, g.Enter(t.Context())))
		require.Zero(t, time.Since(began), "at once")

		g.Leave()
		require.NoError(t, <-entered)
		require.NoError(t, g.Full())
		time.Sleep(patience)
		for range queue - 1 {
			require.Error(t, <-entered)
		}
	})
}
