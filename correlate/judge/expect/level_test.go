package expect

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/drawn"
)

func TestLevel(t *testing.T) {
	for name, tc := range map[string]struct {
		kind correlate.SignalKind
		cell correlate.Cell
		want float64
	}{
		"a gauge is the mean of its samples":        {correlate.Gauge, correlate.Cell{Sum: 6 * correlate.Fixed, N: 3}, 2},
		"a rate is its increase in a second":        {correlate.Rate, correlate.Cell{Sum: 60 * correlate.Fixed, N: 6}, 6},
		"a ratio is numerator over denominator":     {correlate.Ratio, correlate.Cell{Sum: 3 * correlate.Fixed, N: 4 * correlate.Fixed}, 0.75},
		"a distribution is the mean of its samples": {correlate.Distribution, correlate.Cell{Latency: correlate.Histogram{{Index: correlate.BinIndex(5 * correlate.Fixed), Count: 9}}}, 5},
	} {
		t.Run(name, func(t *testing.T) {
			tc.cell.Start = drawn.Start
			l := NewLevel(tc.kind, []correlate.Cell{tc.cell}, 10, nil, 300)
			require.InEpsilon(t, tc.want, l.Over(drawn.Start, drawn.Start+10), 0.1)
			require.True(t, math.IsNaN(l.Over(drawn.Start+10, drawn.Start+20)), "no data is not zero")
		})
	}
}
