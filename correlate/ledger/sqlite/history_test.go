package sqlite

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
	"github.com/shipwake/shipwake/correlate/ledger/ledgertest"
)

func TestTheLedgerKeepsTheHistoryOfRecords(t *testing.T) {
	ledgertest.RunHistory(t, func(ctx context.Context, place string, now func() time.Time) (ledger.Ledger, error) {
		return Open(ctx, Options{Dir: place, Now: now})
	})
}

func deployment(id string, finished time.Time) correlate.ChangeRecord {
	return correlate.ChangeRecord{
		Change: correlate.Change{
			ID: id, Service: "checkout", Version: "2", StartedAt: finished.Add(-time.Minute), FinishedAt: finished, Team: "payments",
			URL: "https://ci.example.com/shop/checkout/runs/" + id, Source: "github", Actor: "alice",
		}.WithDefaults(),
		Phase: correlate.PhaseObserving, WindowStart: finished, WindowEnd: finished.Add(time.Hour),
	}
}

// A ledger from before history was kept begins it with the records that it holds.
func TestTheHistoryBeginsWithWhatIsThere(t *testing.T) {
	dir, noon := t.TempDir(), time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	l := openAt(t, Options{Dir: dir})
	c := deployment("a", noon)
	v := correlate.Verdict{ChangeID: "a", Outcome: correlate.Healthy, Revision: 3}
	i := correlate.IncidentRecord{Incident: correlate.Incident{ID: "i", OpenedAt: noon}, AttributedTo: "a"}
	require.NoError(t, l.CommitEffects(t.Context(), []correlate.Effect{{Change: &c}, {Verdict: &v}, {Incident: &i}}, nil, 0))
	require.NoError(t, l.run(t.Context(), []write{
		{"DELETE FROM change_history", nil}, {"DELETE FROM incident_history", nil}, {"DELETE FROM meta", nil},
	}))
	require.NoError(t, l.Close())

	begun := noon.Add(time.Hour)
	for range 2 { // it begins once
		l = openAt(t, Options{Dir: dir, Now: func() time.Time { return begun }})
		since, err := l.HistorySince(t.Context())
		require.NoError(t, err)
		require.Equal(t, noon.Add(time.Hour), since)
		changes, err := l.ChangeRevisions(t.Context(), "a", time.Time{}, 0)
		require.NoError(t, err)
		c.Verdict = &v
		require.Equal(t, []correlate.ChangeRevision{{Revision: 1, RecordedAt: since, Cause: correlate.CauseHistory, Record: c}}, changes)
		incidents, err := l.IncidentRevisions(t.Context(), "i", time.Time{}, 0)
		require.NoError(t, err)
		require.Equal(t, []correlate.IncidentRevision{{Revision: 1, RecordedAt: since, Cause: correlate.CauseHistory, Record: i}}, incidents)
		require.NoError(t, l.Close())
		begun = begun.Add(time.Hour)
	}
}

// A revision takes what changed, not the record again: 100 of them with 300 commits fit in a few dozen kilobytes.
func TestARevisionTakesWhatChanged(t *testing.T) {
	l := openAt(t, Options{Dir: t.TempDir()})
	c := deployment("a", time.Now())
	for i := range 300 {
		c.Commits = append(c.Commits, correlate.Commit{SHA: fmt.Sprintf("%040d", i)})
	}
	for i := range 100 {
		c.RolledBackBy = fmt.Sprint(i)
		told := c
		require.NoError(t, l.CommitEffects(t.Context(), []correlate.Effect{{Change: &told}}, nil, 0))
	}
	bytes, err := list(t.Context(), l.readers, scanInt, "SELECT sum(length(json)) FROM change_history WHERE id = 'a' AND revision > 1")
	require.NoError(t, err)
	require.Less(t, bytes[0], int64(100*40))
}

// BenchmarkRemember is what one more revision of a change costs, by how many it has.
func BenchmarkRemember(b *testing.B) {
	for _, before := range []int{1, 100, 10_000} {
		b.Run(fmt.Sprintf("revisions=%d", before), func(b *testing.B) {
			l := openAt(b, Options{Dir: b.TempDir()})
			c := deployment("a", time.Now())
			n := 0
			another := func() correlate.Effect {
				n++
				told := c
				told.RolledBackBy = fmt.Sprint(n)
				return correlate.Effect{Change: &told}
			}
			for range before { // one commit remembers one state
				require.NoError(b, l.CommitEffects(b.Context(), []correlate.Effect{another()}, nil, 0))
			}
			for b.Loop() {
				require.NoError(b, l.CommitEffects(b.Context(), []correlate.Effect{another()}, nil, 0))
			}
		})
	}
}

// BenchmarkAsOf reads a month of 300 services, 9,000 changes of four revisions each, as it was and as it is.
func BenchmarkAsOf(b *testing.B) {
	l := openAt(b, Options{Dir: b.TempDir()})
	begin := time.Now().UTC().AddDate(0, 0, -30)
	for day := range 30 {
		for step := range 4 {
			var effects []correlate.Effect
			for s := range 300 {
				c := deployment(fmt.Sprintf("c-%d-%d", day, s), begin.AddDate(0, 0, day))
				c.Service = fmt.Sprintf("service-%d", s)
				switch step {
				case 1:
					effects = append(effects, correlate.Effect{Verdict: &correlate.Verdict{ChangeID: c.ID, Outcome: correlate.Healthy, Revision: 1}})
					continue
				case 2:
					c.Phase = correlate.PhaseClosed
				case 3:
					c.Phase, c.Incidents = correlate.PhaseClosed, []string{"i"}
				}
				effects = append(effects, correlate.Effect{Change: &c})
			}
			require.NoError(b, l.CommitEffects(b.Context(), effects, nil, 0))
		}
	}
	for name, asOf := range map[string]time.Time{"as it is": {}, "as of now": time.Now()} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				found, err := l.Changes(b.Context(), ledger.ChangeFilter{From: begin, AsOf: asOf})
				require.NoError(b, err)
				require.Len(b, found, 9000)
			}
		})
	}
}
