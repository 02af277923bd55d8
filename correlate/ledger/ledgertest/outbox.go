package ledgertest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate/ledger"
)

// parking holds Park, Unpark, OutboxState and ExpireOutbox to their contract.
func parking(t *testing.T, open Opener) {
	began := time.Now().Add(-time.Second)
	l, place := start(t, open)
	row := func(n int) ledger.OutboxRow {
		return ledger.OutboxRow{Sink: "hook", Key: fmt.Sprint(n), Payload: []byte("p")}
	}
	var rows []ledger.OutboxRow
	for n := range 4 {
		rows = append(rows, row(n))
	}
	require.NoError(t, l.CommitEffects(t.Context(), nil, append(rows, ledger.OutboxRow{Sink: "chat", Key: "a", Payload: []byte("q")}), 0))
	waiting := func(want ...ledger.OutboxRow) {
		t.Helper()
		got, err := l.Outbox(t.Context(), "hook", 0)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	require.ErrorIs(t, l.Park(t.Context(), "hook", "none"), ledger.ErrNotFound)
	require.NoError(t, l.Park(t.Context(), "hook", "1"))
	require.NoError(t, l.Delivered(t.Context(), "hook", "0"))
	require.NoError(t, l.Park(t.Context(), "hook", "0"), "a delivered one stays delivered")
	waiting(row(2), row(3))
	require.NoError(t, l.Close())

	l = reopen(t, open, place)
	state, err := l.OutboxState(t.Context())
	require.NoError(t, err)
	require.Len(t, state, 2)
	for _, s := range state {
		require.WithinRange(t, s.Oldest, began, time.Now())
	}
	state[0].Oldest, state[1].Oldest = time.Time{}, time.Time{}
	require.Equal(t, []ledger.OutboxState{{Sink: "chat", Waiting: 1}, {Sink: "hook", Waiting: 2, Parked: 1}}, state)

	unpark := func(since time.Time, want int64) {
		t.Helper()
		n, err := l.Unpark(t.Context(), "hook", since)
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
	unpark(time.Now().Add(time.Hour), 0)
	unpark(began, 1)
	unpark(began, 0)
	waiting(row(1), row(2), row(3))

	expire := func(delivered, queued time.Time, want map[string]int64) {
		t.Helper()
		lost, err := l.ExpireOutbox(t.Context(), delivered, queued)
		require.NoError(t, err)
		require.Equal(t, want, lost)
	}
	require.NoError(t, l.CommitEffects(t.Context(), nil, rows[:1], 0))
	expire(began, began, map[string]int64{})
	waiting(row(1), row(2), row(3))
	expire(time.Now().Add(time.Hour), began, map[string]int64{})
	require.NoError(t, l.CommitEffects(t.Context(), nil, rows[:1], 0))
	waiting(row(1), row(2), row(3), row(0))
	require.NoError(t, l.Park(t.Context(), "hook", "2"))
	expire(began, time.Now().Add(time.Hour), map[string]int64{"chat": 1, "hook": 4})
	state, err = l.OutboxState(t.Context())
	require.NoError(t, err)
	require.Empty(t, state)
}
