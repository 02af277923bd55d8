package records

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger/sqlite"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func change(id string, minutes int, commit string) correlate.Effect {
	return correlate.Effect{Change: &correlate.ChangeRecord{Phase: correlate.PhaseClosed, Change: correlate.Change{
		ID: id, Service: "cart", Environment: "production", Commit: commit, FinishedAt: noon.Add(time.Duration(minutes) * time.Minute),
	}}}
}

func TestWhatBecameAnotherIsToldOnceAndInOrder(t *testing.T) {
	l, err := sqlite.Open(t.Context(), sqlite.Options{Dir: t.TempDir()})
	require.NoError(t, err)
	defer l.Close()
	var recorder Recorder
	recorder.Read(l)
	r := recorder.Records()
	store := func(effects ...correlate.Effect) { require.NoError(t, l.CommitEffects(t.Context(), effects, nil, 0)) }
	ids := func(after int64, limit int) (all []string, to int64) {
		found, to, err := r.Recorded(t.Context(), after, limit)
		require.NoError(t, err)
		for _, c := range found {
			all = append(all, c.ID+" "+c.Commit)
		}
		return all, to
	}
	store(change("a", 0, "1"), change("b", 1, "2"))
	store(change("c", 2, "3"))
	store(correlate.Effect{Incident: &correlate.IncidentRecord{Incident: correlate.Incident{ID: "i", OpenedAt: noon}}})
	first, mark := ids(0, 2)
	require.Equal(t, []string{"a 1", "b 2"}, first)
	store(change("a", 0, "4"))
	rest, mark := ids(mark, 5)
	require.Equal(t, []string{"c 3", "a 4"}, rest)
	none, same := ids(mark, 5)
	require.Empty(t, none)
	require.Equal(t, mark, same)

	known, err := r.Known(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, "4", known.Commit)
	_, err = r.Known(t.Context(), "nobody's")
	require.ErrorIs(t, err, correlate.ErrNotFound)
	before, err := r.Before(t.Context(), correlate.PlaceTime{Place: correlate.Place{Service: "cart", Environment: "production"}, At: noon.Add(2 * time.Minute)}, 10)
	require.NoError(t, err)
	require.Equal(t, []string{"b", "a"}, []string{before[0].ID, before[1].ID})
	require.Len(t, before, 2)
}
