package ledgertest

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
)

// testingT is a test, or one example of a property.
type testingT interface {
	require.TestingT
	Context() context.Context
}

// readRecorded reads all pages after a mark, and returns the mark that they lead to.
func readRecorded(t testingT, l ledger.Ledger, after ledger.Mark, limit int) (changes []correlate.ChangeRecord, incidents []correlate.IncidentRecord, to ledger.Mark) {
	for {
		page, err := l.Recorded(t.Context(), after, limit)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.Changes), limit)
		require.LessOrEqual(t, len(page.Incidents), limit)
		changes, incidents = append(changes, page.Changes...), append(incidents, page.Incidents...)
		if page.To == after {
			require.Empty(t, page.Changes)
			require.Empty(t, page.Incidents)
			return changes, incidents, after
		}
		after = page.To
	}
}

func recorded(t *testing.T, open Opener) {
	l, place := start(t, open)
	mark, err := l.RecordedTo(t.Context())
	require.NoError(t, err)
	require.Zero(t, mark)

	store := func(effects ...correlate.Effect) { require.NoError(t, l.CommitEffects(t.Context(), effects, nil, 0)) }
	for i := range 5 {
		store(changeEffects(record(fmt.Sprint("c", i), epoch))...)
	}
	trouble := correlate.IncidentRecord{Incident: correlate.Incident{ID: "i", Service: "cart", OpenedAt: epoch}}
	store(correlate.Effect{Incident: &trouble})
	before, err := l.RecordedTo(t.Context())
	require.NoError(t, err)

	again, v := record("c1", epoch), verdict("c3", 1, correlate.Regressed)
	again.Version = "2"
	store(changeEffects(again)...)
	store(correlate.Effect{Verdict: &v})
	store(changeEffects(again)...) // as it is
	all, incidents, to := readRecorded(t, l, ledger.Mark{}, 2)
	require.Equal(t, []string{"c0", "c2", "c4", "c1", "c3"}, ids(all))
	require.Equal(t, "2", all[3].Version)
	require.Equal(t, correlate.Regressed, all[4].Verdict.Outcome)
	require.Equal(t, []correlate.IncidentRecord{trouble}, incidents)
	since, incidents, same := readRecorded(t, l, before, 100)
	require.Equal(t, []string{"c1", "c3"}, ids(since))
	require.Empty(t, incidents)
	require.Equal(t, to, same)

	require.NoError(t, l.Close())
	l = reopen(t, open, place)
	end, err := l.RecordedTo(t.Context())
	require.NoError(t, err)
	require.Equal(t, to, end)
	none, _, _ := readRecorded(t, l, end, 100)
	require.Empty(t, none)
}

// allRecorded reads what was recorded from the beginning, and compares it with what is there.
func (m *machine) allRecorded(t testingT) {
	changes, incidents, to := readRecorded(t, m.l, ledger.Mark{}, 3)
	got, want := ids(changes), ids(m.current())
	slices.Sort(got)
	slices.Sort(want)
	require.Equal(t, want, got)
	require.Len(t, incidents, len(m.incidents))
	end, err := m.l.RecordedTo(t.Context())
	require.NoError(t, err)
	require.Equal(t, end, to)
}
