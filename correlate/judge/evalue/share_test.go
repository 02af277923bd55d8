package evalue

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// mixed are pairs of a rollout in which the treated side and the control see so many events among a thousand.
func mixed(treated, control float64) (pairs []Pair) {
	for i := range int64(20) {
		pairs = append(pairs, Pair{At: 10 * i, ET: treated, NT: 1000, EC: control, NC: 1000})
	}
	return pairs
}

func TestShare(t *testing.T) {
	for name, c := range map[string]struct {
		pairs      []Pair
		usual, phi float64
		low, high  float64
	}{
		"what only the treated side shows is its own": {mixed(50, 10), 0.01, 1, 100, math.Inf(1)},
		"what both show alike is not":                 {mixed(30, 30), 0.01, 1, math.Inf(-1), -100},
		"bursts weaken it":                            {mixed(30, 30), 0.01, 100, -10, -1},
		"what is as usual says nothing":               {mixed(10, 10), 0.01, 1, 0, 0},
		"nor does a side without company":             {[]Pair{{NT: 1000, ET: 90}}, 0.01, 1, 0, 0},
		"nor is anything known without a baseline":    {mixed(50, 10), 0, 1, 0, 0},
		"a rise that one side can't make is both's":   {mixed(900, 900), 0.5, 1, math.Inf(-1), -100},
	} {
		t.Run(name, func(t *testing.T) {
			got := Share(c.pairs, c.usual, c.phi)
			require.GreaterOrEqual(t, got, c.low)
			require.LessOrEqual(t, got, c.high)
		})
	}
}

// However events fall, moving some from the control to the treated side makes them more its own.
func TestShareGrowsWithTheTreatedSide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := float64(rapid.IntRange(2, 200).Draw(t, "events"))
		few := float64(rapid.IntRange(0, int(all)-1).Draw(t, "treated"))
		usual := rapid.Float64Range(0.001, 0.2).Draw(t, "usual")
		require.LessOrEqual(t, Share(mixed(few, all-few), usual, 1), Share(mixed(few+1, all-few-1), usual, 1))
	})
}
