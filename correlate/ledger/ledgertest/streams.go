package ledgertest

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
)

// checkpoint is what a ledger yields for one.
type checkpoint struct {
	at    time.Time
	cells []correlate.Measurement
}

func readCheckpoints(t require.TestingT, l ledger.Ledger, ctx contextual) []checkpoint {
	var all []checkpoint
	require.NoError(t, l.Checkpoints(ctx.Context(), func(at time.Time, cells []correlate.Measurement) error {
		all = append(all, checkpoint{at, cells})
		return nil
	}))
	return all
}

func readRollups(t require.TestingT, l ledger.Ledger, ctx contextual) []correlate.Rollup {
	var all []correlate.Rollup
	require.NoError(t, l.Rollups(ctx.Context(), func(r correlate.Rollup) error {
		all = append(all, r)
		return nil
	}))
	return all
}

func checkpoints(t *testing.T, open Opener) {
	l, place := start(t, open)
	first := checkpoint{epoch, []correlate.Measurement{cell("cart", epoch.Unix()), cell("checkout", epoch.Unix())}}
	empty := checkpoint{epoch.Add(time.Second), nil}
	back := checkpoint{epoch.Add(-time.Second), []correlate.Measurement{cell("cart", epoch.Unix()-10)}}
	for _, c := range []checkpoint{first, empty, back} {
		require.NoError(t, l.Checkpoint(t.Context(), c.at, c.cells))
	}
	one := correlate.Rollup{Start: epoch.Unix(), Cells: first.cells}
	two := correlate.Rollup{Start: epoch.Unix() + 600}
	store(t, l, correlate.Effect{Rollup: &two}, correlate.Effect{Rollup: &one})
	two.Past = first.cells[:1]
	store(t, l, correlate.Effect{Rollup: &two}, correlate.Effect{Rollup: &correlate.Rollup{Start: two.Start}})
	require.NoError(t, l.Close())

	l = reopen(t, open, place)
	require.Equal(t, []checkpoint{first, empty, back}, readCheckpoints(t, l, t))
	require.Equal(t, []correlate.Rollup{one, two}, readRollups(t, l, t))
	stop := errors.New("enough")
	require.ErrorIs(t, l.Checkpoints(t.Context(), func(time.Time, []correlate.Measurement) error { return stop }), stop)
	require.ErrorIs(t, l.Rollups(t.Context(), func(correlate.Rollup) error { return stop }), stop)

	between := func(from, to time.Time) (all []checkpoint) {
		require.NoError(t, l.CheckpointsBetween(t.Context(), from, to, func(at time.Time, cells []correlate.Measurement) error {
			all = append(all, checkpoint{at, cells})
			return nil
		}))
		return all
	}
	require.Equal(t, []checkpoint{back, first, empty}, between(back.at, epoch.Add(time.Hour)))
	require.Equal(t, []checkpoint{first}, between(first.at, empty.at))
	require.Empty(t, between(epoch.Add(-time.Hour), back.at))
	require.ErrorIs(t, l.CheckpointsBetween(t.Context(), back.at, empty.at, func(time.Time, []correlate.Measurement) error { return stop }), stop)

	require.NoError(t, l.Expire(t.Context(), epoch, epoch.Add(time.Second)))
	require.Equal(t, []checkpoint{first, empty}, readCheckpoints(t, l, t))
	require.Equal(t, []correlate.Rollup{two}, readRollups(t, l, t))
	require.NoError(t, l.Expire(t.Context(), time.Time{}, time.Time{}))
	require.Len(t, readCheckpoints(t, l, t), 2)
	saved, err := l.Restore(t.Context(), epoch)
	require.NoError(t, err)
	require.Equal(t, back.at, saved.LastAlive)
}

func health(t *testing.T, open Opener) {
	l, _ := start(t, open)
	before := l.Health()
	commit(t, l, Entry("github", "a"))
	after := l.Health()
	require.Equal(t, before.Commits+1, after.Commits)
	require.Greater(t, after.Busy, before.Busy)
	require.False(t, after.LastCommit.IsZero())
	require.Positive(t, after.Bytes)
	require.Zero(t, after.Failures)
}
