package evalue

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/internal/drawn"
)

func TestLatencyThresholds(t *testing.T) {
	s := drawn.New(1)
	cells := s.Cells(drawn.Start-3600, drawn.Start, 1, 1, 1)
	var all Histogram
	all.Add(cells)
	require.InEpsilon(t, 0.05, all.Seconds(0.5), 0.02)
	require.InEpsilon(t, 0.05*math.Exp(0.5*1.2816), all.Seconds(0.9), 0.02)
	beyond := Exceed([3][]Tally{}, cells, [3]int16{all.Bin(0.5), all.Bin(0.9), all.Bin(0.99)})
	for i, q := range []float64{0.5, 0.9, 0.99} {
		e, n := Sum(beyond[i])
		require.Equal(t, all.Total, n)
		require.LessOrEqual(t, float64(e)/float64(n), 1-q)
		require.Greater(t, float64(e)/float64(n), (1-q)*0.6)
	}
	require.Zero(t, new(Histogram).Seconds(0.5))
	require.Equal(t, int16(-1), new(Histogram).Bin(0.5))
}
