package evalue

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/internal/drawn"
)

func TestLocate(t *testing.T) {
	var pairs []Pair
	for i := range int64(60) {
		events := 1.0
		if i >= 20 && i < 40 {
			events = 10
		}
		pairs = append(pairs, Pair{drawn.Start + 10*i, events, 100, 1, 100})
	}
	x, gain := Locate(pairs, Hypothesis{Theta: 1.25, Phi: 1}, 10)
	require.Equal(t, drawn.Start+200, x.Onset)
	require.Equal(t, drawn.Start+390, x.End)
	require.Equal(t, 20.0, x.Tail.ET)
	require.Greater(t, gain, 50.0)
	x, gain = Locate(nil, Hypothesis{Theta: 1.25, Phi: 1}, 10)
	require.Zero(t, x)
	require.Zero(t, gain)
}
