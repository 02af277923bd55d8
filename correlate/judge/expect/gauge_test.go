package expect

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

func TestBracket(t *testing.T) {
	for name, tc := range map[string]struct {
		off            []float64
		up, down, both float64
		nearest        float64
	}{
		"above all expectations":             {[]float64{3, 5, 4}, 3, -5, 3, 3},
		"below all expectations":             {[]float64{-3, -5}, -5, 3, 3, -3},
		"between two expectations":           {[]float64{-3, 5}, -3, -5, -3, 0},
		"an unknown expectation is left out": {[]float64{math.NaN(), 2}, 2, -2, 2, 2},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBracket()
			for _, d := range tc.off {
				b.add(d)
			}
			require.InDelta(t, tc.up, b.hurt(correlate.BadUp), 0)
			require.InDelta(t, tc.down, b.hurt(correlate.BadDown), 0)
			require.InDelta(t, tc.both, b.hurt(correlate.BadBoth), 0)
			require.InDelta(t, tc.nearest, b.off(), 0)
		})
	}
	b := newBracket()
	require.True(t, math.IsNaN(b.hurt(correlate.BadBoth)), "without an expectation nothing is known")
}
