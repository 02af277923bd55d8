package ledgertest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
)

// savedChecks: what is applied comes back at a restart, what isn't comes as unapplied, and what is old or taken back doesn't.
func savedChecks(t *testing.T, open Opener) {
	l, place := start(t, open)
	run := func(id string, at time.Time) correlate.Entry {
		e := Entry("results", id)
		e.Facts = []correlate.Fact{{Check: &correlate.Check{ID: id, Name: "smoke", Result: correlate.CheckPassed, At: at, Change: "a"}}}
		return e
	}
	commit(t, l, run("old", epoch.Add(-time.Second)), run("later", epoch.Add(time.Hour)), run("first", epoch))
	facts := commit(t, l, run("taken back", epoch.Add(time.Minute)))
	_, err := l.Project(t.Context(), []ledger.Reading{{Number: facts[0].Delivery, Projection: correlate.Projection{Digest: "2"}}})
	require.NoError(t, err)
	all, err := l.Unapplied(t.Context(), 0)
	require.NoError(t, err)
	require.NoError(t, l.CommitEffects(t.Context(), nil, nil, all[len(all)-1].Seq))
	commit(t, l, run("not applied", epoch.Add(2*time.Hour)))
	require.NoError(t, l.Close())

	saved, err := reopen(t, open, place).Restore(t.Context(), epoch)
	require.NoError(t, err)
	var ids []string
	for _, r := range saved.Checks {
		ids = append(ids, r.Said.ID)
		require.Equal(t, epoch.Add(time.Minute), r.ReceivedAt)
	}
	require.Equal(t, []string{"first", "later"}, ids)
}
