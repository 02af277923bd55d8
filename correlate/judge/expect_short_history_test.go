package judge

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPseudoChangesOfEvenCountsAreAsIndependentAsTheyLook(t *testing.T) {
	p := expectationsByDefault()
	var total float64
	for seed := range uint64(50) {
		s := newService(seed)
		s.resolution = 300
		history := ask(nil, s.cells(start-10*3600, start, 1, 1, 1), errorsOfRequests)
		before := since(history, start-3600)
		r := rehearse(history[:len(history)-len(before)], before, 300, start, nil)
		total += r.phi(900, &p)
		require.Less(t, r.phi(900, &p), 3.0)
	}
	require.InDelta(t, 1.15, total/50, 0.15, "at least 1 each, so a little more on average")
	require.Nil(t, rehearse(nil, []tally{{start, 1, 10}}, 300, start, nil))
	require.Equal(t, 1.0, (*rehearsal)(nil).phi(900, &p))
}
