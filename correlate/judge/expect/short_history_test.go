package expect

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate/judge/evalue"
	"github.com/shipwake/shipwake/internal/drawn"
)

func TestPseudoChangesOfEvenCountsAreAsIndependentAsTheyLook(t *testing.T) {
	p := Default()
	var total float64
	for seed := range uint64(50) {
		s := drawn.New(seed)
		s.Resolution = 300
		history := evalue.Tallies(nil, s.Cells(drawn.Start-10*3600, drawn.Start, 1, 1, 1), evalue.ErrorsOfRequests)
		before := evalue.Since(history, drawn.Start-3600)
		r := NewShortHistory(history[:len(history)-len(before)], before, 300, drawn.Start, nil)
		total += r.Phi(900, &p)
		require.Less(t, r.Phi(900, &p), 3.0)
	}
	require.InDelta(t, 1.15, total/50, 0.15, "at least 1 each, so a little more on average")
	require.Nil(t, NewShortHistory(nil, []evalue.Tally{{At: drawn.Start, Events: 1, Exposure: 10}}, 300, drawn.Start, nil))
	require.Equal(t, 1.0, (*ShortHistory)(nil).Phi(900, &p))
}
