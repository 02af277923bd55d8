package ledgertest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

func series(t *testing.T, open Opener) {
	l, place := start(t, open)
	of := func(change string, revision int, value float64) correlate.Series {
		return correlate.Series{
			ChangeID: change, Revision: revision, At: epoch, Start: epoch, From: epoch, Step: 10, Points: 1,
			Signals: []correlate.SignalSeries{{
				Signal: "error_ratio", Grade: correlate.GradeA, Lines: []correlate.Line{{Role: correlate.RoleNew, Values: correlate.Values{value}}},
			}},
		}
	}
	none, err := l.Series(t.Context(), "a")
	require.NoError(t, err)
	require.Empty(t, none)
	one, two, three, other := of("a", 1, 0.1), of("a", 3, 0.3), of("a", 4, 0.4), of("b", 1, 0.5)
	store(t, l, correlate.Effect{Series: &one}, correlate.Effect{Series: &two}, correlate.Effect{Series: &other})
	edited := of("a", 3, 0.9)
	store(t, l, correlate.Effect{Series: &edited})
	kept, err := l.Series(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, []correlate.Series{one, two}, kept, "a series is never edited")
	store(t, l, correlate.Effect{Series: &three})
	require.NoError(t, l.Close())

	l = reopen(t, open, place)
	kept, err = l.Series(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, []correlate.Series{two, three}, kept)
	kept, err = l.Series(t.Context(), "b")
	require.NoError(t, err)
	require.Equal(t, []correlate.Series{other}, kept)
}
