package expect

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/drawn"
)

// shifted is the estimate for a noisy signal with a daily rhythm that the change moved by something.
func shifted(seed uint64, days int, by, alpha float64) (Shift, bool) {
	p, noise := params(), drawn.New(seed)
	l := course(days, func(at int64) float64 {
		v := 100 + 30*math.Sin(2*math.Pi*float64(at)/86400) + float64(noise.Poisson(25)-25)
		if at >= drawn.Start {
			v += by
		}
		return v
	})
	g := NewGauge(&p, l, correlate.BadBoth, 300, drawn.Start, drawn.Start+6000)
	return g.Shift(3000, alpha)
}

func TestAShiftIsFoundInsideItsInterval(t *testing.T) {
	for name, by := range map[string]float64{"nothing": 0, "a rise": 20, "a fall": -20} {
		t.Run(name, func(t *testing.T) {
			const runs, alpha = 200, 0.1
			missed := 0
			for seed := range uint64(runs) {
				s, ok := shifted(seed, 8, by, alpha)
				require.True(t, ok)
				require.InDelta(t, s.Observed-s.Expected, s.Estimate, 1e-9)
				require.InDelta(t, by, s.Estimate, 12)
				if by < s.Lower || by > s.Upper {
					missed++
				}
			}
			require.LessOrEqual(t, missed, int(2*alpha*runs*1.4), "each end is exceeded with a chance of alpha")
		})
	}
}

func TestTooFewPlacebosBoundNothing(t *testing.T) {
	s, ok := shifted(1, 4, 0, 0.001)
	require.True(t, ok)
	require.Positive(t, s.Placebos)
	require.Equal(t, math.Inf(1), s.Upper)
	require.Equal(t, math.Inf(-1), s.Lower)
}

func TestAShiftTakesTime(t *testing.T) {
	p, noise := params(), drawn.New(2)
	l := course(4, func(int64) float64 { return 100 + float64(noise.Poisson(25)) })
	_, ok := NewGauge(&p, l, correlate.BadUp, 300, drawn.Start, drawn.Start+1500).Shift(3000, 0.05)
	require.False(t, ok, "the first look hasn't come")
	_, ok = NewGauge(&p, l, correlate.BadUp, 300, drawn.Start+20000, drawn.Start+26000).Shift(3000, 0.05)
	require.False(t, ok, "there is no data")
}

func TestWhatTheNextOfSomeValuesExceeds(t *testing.T) {
	require.Equal(t, math.Inf(1), beyond([]float64{3, 1, 2}, 0.2))
	require.Equal(t, 3.0, beyond([]float64{3, 1, 2}, 0.25))
	require.Equal(t, 2.0, beyond([]float64{3, 1, 2}, 0.5))
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(-9, 9), 1, 60).Draw(t, "values")
		alpha := rapid.Float64Range(0.01, 0.99).Draw(t, "alpha")
		bound, larger := beyond(values, alpha), 0
		for _, v := range values {
			if v > bound {
				larger++
			}
		}
		require.LessOrEqual(t, float64(larger+1), alpha*float64(len(values)+1)+1+1e-9)
	})
}
