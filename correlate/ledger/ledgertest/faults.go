package ledgertest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
)

// Fault is what a ledger is done while it writes. Break begins it for the ledger at a place, and returns what ends it.
type Fault struct {
	Name  string
	Break func(ctx context.Context, l ledger.Ledger, place string) (mend func() error, err error)
}

// randomly throws random operations, restarts and faults at a ledger and at maps, and compares. A write that a fault
// refuses must say that it is worth another try, leave nothing behind, and succeed when the fault is over.
func randomly(t *testing.T, open Opener, faults []Fault) {
	count := &tally{}
	model(t, open, faults, count)
	fmt.Printf("BenchmarkLedger 1 %d ops %d writes %d faults 0 differences\n", count.steps, count.writes, count.refused)
	require.True(t, len(faults) == 0 || count.refused > 0, "no fault refused anything")
}

// tally counts what a model has done.
type tally struct{ steps, writes, refused int }

// tried writes, and on the way there lets a fault refuse the same write.
func (m *machine) tried(t *rapid.T, write func() error) {
	m.count.writes++
	if len(m.faults) > 0 && rapid.IntRange(0, 3).Draw(t, "goes wrong") == 0 {
		fault := m.faults[rapid.IntRange(0, len(m.faults)-1).Draw(t, "fault")]
		before := m.seen(t)
		mend, err := fault.Break(t.Context(), m.l, m.place)
		require.NoError(t, err, fault.Name)
		refusal := write()
		require.NoError(t, mend(), fault.Name)
		if refusal != nil { // a write of nothing needs no disk
			require.ErrorIs(t, refusal, correlate.ErrUnavailable, fault.Name)
			m.count.refused++
			require.Equal(t, before, m.seen(t), "a refused write leaves nothing behind: %s", fault.Name)
		}
	}
	require.NoError(t, write())
}

// seen is everything that can be read.
func (m *machine) seen(t *rapid.T) []any {
	saved, err := m.l.Restore(t.Context(), time.Time{})
	require.NoError(t, err)
	unapplied, err := m.l.Unapplied(t.Context(), 0)
	require.NoError(t, err)
	held, err := m.l.Held(t.Context(), 0)
	require.NoError(t, err)
	all := []any{saved, unapplied, held, readCheckpoints(t, m.l, t), readRollups(t, m.l, t)}
	for _, sink := range []string{"cart", "checkout"} {
		rows, err := m.l.Outbox(t.Context(), sink, 0, 0)
		require.NoError(t, err)
		all = append(all, rows)
	}
	for _, stream := range slices.Sorted(maps.Keys(m.cursors)) {
		at, err := m.l.Cursor(t.Context(), stream)
		require.NoError(t, err)
		all = append(all, at)
	}
	for _, source := range []string{"cart", "checkout"} {
		stale, err := m.l.Stale(t.Context(), source, "none", time.Time{})
		require.NoError(t, err)
		all = append(all, stale)
	}
	return all
}
