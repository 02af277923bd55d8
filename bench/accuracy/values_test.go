package accuracy

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

func TestAMoveHasItsShape(t *testing.T) {
	for name, c := range map[string]struct {
		move move
		at   map[int64]float64 // by seconds since the rollout
	}{
		"a shift stays":               {move{by: 4}, map[int64]float64{-1: 0, 0: 4, 9000: 4}},
		"a spike is over":             {move{by: -4, length: 600}, map[int64]float64{0: -4, 599: -4, 600: 0}},
		"a ramp takes time":           {move{by: 4, ramp: 1000}, map[int64]float64{0: 0, 500: 2, 1000: 4, 5000: 4}},
		"a delay comes before it all": {move{by: 4, delay: 300}, map[int64]float64{299: 0, 300: 4}},
	} {
		t.Run(name, func(t *testing.T) {
			for since, want := range c.at {
				require.InDelta(t, want, c.move.at(since), 1e-9, "after %d s", since)
			}
		})
	}
}

// A value is about at its level, strays by its spread, and swings by its day.
func TestAValueIsAsItWasDrawn(t *testing.T) {
	for _, noise := range valueNoises() {
		t.Run(noise, func(t *testing.T) {
			r := seeded(noise, 3)
			v := newValue(r, "orders", noise)
			const minutes = 20 * 1440
			var sum, squares, largest, levels float64
			for i := range int64(minutes) {
				level, sd, x := v.next(r, monday+i*minute)
				require.InDelta(t, level*v.spread, sd, 1e-9)
				sum, squares, levels = sum+x, squares+x*x, levels+level
				largest = max(largest, x)
			}
			require.InEpsilon(t, v.level, levels/minutes, 0.01)
			if v.bursts == 0 {
				require.InDelta(t, 0, sum/minutes, 0.2)
				require.InDelta(t, 1, math.Sqrt(squares/minutes), 0.2)
			} else {
				require.Greater(t, largest, 8.0, "it bursts")
			}
		})
	}
}

// What is only a value has no requests, and one fault is a move of one value.
func TestAServiceOfValuesAlone(t *testing.T) {
	for _, k := range kinds() {
		if !ofValues(&Judged{Kind: k.name}) {
			continue
		}
		c := k.build(3)
		seen := map[correlate.SignalKind]bool{}
		for _, m := range c.Cells {
			if m.Service == "orders" {
				seen[m.Kind] = true
			}
		}
		require.True(t, seen[correlate.Gauge])
		require.Equal(t, k.name == "gauges", seen[correlate.Traffic])
		require.NotEmpty(t, c.Signals)
		require.NoError(t, c.Signals[0].Validate())
	}
}
