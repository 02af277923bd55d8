package judge

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLatencyThresholds(t *testing.T) {
	s := newService(1)
	cells := s.cells(start-3600, start, 1, 1, 1)
	var all spread
	all.add(cells)
	require.InEpsilon(t, 0.05, all.seconds(0.5), 0.02)
	require.InEpsilon(t, 0.05*math.Exp(0.5*1.2816), all.seconds(0.9), 0.02)
	beyond := exceed([3][]tally{}, cells, [3]int16{all.bin(0.5), all.bin(0.9), all.bin(0.99)})
	for i, q := range []float64{0.5, 0.9, 0.99} {
		e, n := sum(beyond[i])
		require.Equal(t, all.total, n)
		require.LessOrEqual(t, float64(e)/float64(n), 1-q)
		require.Greater(t, float64(e)/float64(n), (1-q)*0.6)
	}
	require.Zero(t, new(spread).seconds(0.5))
	require.Equal(t, int16(-1), new(spread).bin(0.5))
}
