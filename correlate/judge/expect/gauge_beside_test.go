package expect

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/drawn"
)

// pair is two versions side by side for an hour, in cells of a minute, after two hours of the old one alone. Both have
// the same shocks, noise of their own that remembers its last value by memory, and the new one is off by something.
func pair(seed uint64, memory, by float64, bad correlate.Direction) Beside {
	rng := drawn.New(seed).Rng
	noise := func(n int) []float64 {
		last := 0.0
		return valuesOf(n, func(int) float64 {
			last = memory*last + math.Sqrt(1-memory*memory)*rng.NormFloat64()
			return last
		})
	}
	old, fresh := noise(180), noise(60)
	for i := range old {
		shock := 0.0
		if i >= 120 {
			shock = 30 * math.Sin(float64(i)/7)
			fresh[i-120] += 100 + shock + by
		}
		old[i] += 100 + shock
	}
	level := func(from int64, values []float64) Level {
		return NewLevel(correlate.Gauge, sampled(from, 60, values...), 60, nil, 300)
	}
	return Beside{
		New: level(drawn.Start, fresh), Old: level(drawn.Start, old[120:]), Before: level(drawn.Start-7200, old[:120]),
		Bad: bad, Start: drawn.Start, Now: drawn.Start + 3600, Least: 60, Most: 300,
	}
}

func TestAVersionThatIsWorseThanTheOldOne(t *testing.T) {
	for name, tc := range map[string]struct {
		by, tolerance float64
		bad           correlate.Direction
		convincing    bool
	}{
		"higher than may be":                    {3, 0, correlate.BadUp, true},
		"higher where only lower hurts":         {3, 0, correlate.BadDown, false},
		"lower where both hurt":                 {-3, 0, correlate.BadBoth, true},
		"lower by less than is tolerated":       {-3, 0.1, correlate.BadBoth, false},
		"the same through shocks that hit both": {0, 0, correlate.BadBoth, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := pair(3, 0, tc.by, tc.bad)
			b.Tolerance = tc.tolerance
			c := b.Compare()
			require.Equal(t, 60, c.Windows)
			require.Equal(t, tc.convincing, c.LogE >= math.Log(1000), "%+v", c)
			if tc.convincing {
				require.InDelta(t, tc.by, c.Observed-c.Expected, 1)
				require.LessOrEqual(t, c.Low, tc.by)
				require.GreaterOrEqual(t, c.High, tc.by)
				require.InDelta(t, drawn.Start, c.Onset, 300)
				require.InDelta(t, drawn.Start+3600, c.End, 300)
			}
		})
	}
}

// However often one looks, versions that are alike are hardly ever told apart, also where values remember their last one.
func TestVersionsThatAreAlike(t *testing.T) {
	for name, memory := range map[string]float64{"independent values": 0, "values that remember the last one": 0.7} {
		t.Run(name, func(t *testing.T) {
			const runs, alpha = 400, 0.05
			alarms := 0
			for seed := range uint64(runs) {
				b := pair(seed, memory, 0, correlate.BadBoth)
				for b.Now = b.Start + 60; b.Now <= b.Start+3600; b.Now += 60 {
					if b.Compare().LogE >= -math.Log(alpha) {
						alarms++
						break
					}
				}
			}
			require.LessOrEqual(t, float64(alarms)/runs, alpha)
		})
	}
}

func TestBlocksGrowUntilNeighboursAreUnlike(t *testing.T) {
	alone, alike := pair(5, 0, 0, correlate.BadUp), pair(5, 0.9, 0, correlate.BadUp)
	short, _, _ := alone.unrest()
	long, _, _ := alike.unrest()
	require.EqualValues(t, 60, short)
	require.EqualValues(t, 300, long)
	alone.Before = NewLevel(correlate.Gauge, nil, 60, nil, 300)
	unknown, spread, _ := alone.unrest()
	require.EqualValues(t, 300, unknown, "without a time before, blocks are as wide as they may be")
	require.True(t, math.IsNaN(spread))
	alone.New = alone.Before
	require.Zero(t, alone.Compare().Windows, "versions that never met aren't compared")
}

// Without an effect the capital of the bets doesn't grow on average: at most half of the blocks are worse.
func TestBetsAreFair(t *testing.T) {
	for n := range 12 {
		mean, ways := 0.0, 1.0
		for worse := range n + 1 {
			mean += ways * math.Exp2(-float64(n)) * math.Exp(bet(worse, n))
			ways = ways * float64(n-worse) / float64(worse+1)
		}
		require.InDelta(t, 1, mean, 1e-9)
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 60).Draw(t, "n")
		worse := rapid.IntRange(1, n).Draw(t, "worse")
		require.Greater(t, bet(worse, n), bet(worse-1, n))
	})
}
