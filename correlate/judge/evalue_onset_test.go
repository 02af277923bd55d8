package judge

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLocate(t *testing.T) {
	var pairs []pair
	for i := range int64(60) {
		events := 1.0
		if i >= 20 && i < 40 {
			events = 10
		}
		pairs = append(pairs, pair{start + 10*i, events, 100, 1, 100})
	}
	x, gain := locate(pairs, hypothesis{theta: 1.25, phi: 1}, 10)
	require.Equal(t, start+200, x.onset)
	require.Equal(t, start+390, x.end)
	require.Equal(t, 20, x.cells)
	require.Equal(t, 20.0, x.tail.eT)
	require.Greater(t, gain, 50.0)
	x, gain = locate(nil, hypothesis{theta: 1.25, phi: 1}, 10)
	require.Zero(t, x)
	require.Zero(t, gain)
}
