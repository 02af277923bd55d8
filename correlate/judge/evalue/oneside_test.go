package evalue

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// integrated is Later by its definition, summed up over a fine grid.
func integrated(later, before int, share float64) float64 {
	const steps = 20000
	sum, width := 0.0, (1-share)/steps
	for i := range steps {
		q := share + (float64(i)+0.5)*width
		sum += width * math.Exp(float64(later)*math.Log(q/share)+float64(before)*(math.Log1p(-q)-math.Log1p(-share)))
	}
	return math.Log(sum / (1 - share))
}

func TestLaterIsItsIntegral(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k, m, share := rapid.IntRange(0, 12).Draw(t, "later"), rapid.IntRange(0, 12).Draw(t, "before"), rapid.Float64Range(0.05, 0.95).Draw(t, "share")
		require.InDelta(t, integrated(k, m, share), Later(k, m, share), 1e-3)
	})
}

func TestWhatComesLaterIsEvidence(t *testing.T) {
	for name, tc := range map[string]struct {
		later, before int
		share, least  float64
		most          float64
	}{
		"three of three in a fiftieth of the time":    {3, 0, 0.02, 10, 11},
		"and with some before less":                   {3, 3, 0.02, 6, 10},
		"as many as before is none":                   {5, 5, 0.5, -2, 0},
		"fewer than before is none":                   {0, 5, 0.5, -3, 0},
		"without a time before nothing can be told":   {9, 0, 1, 0, 0},
		"nor without a time in which they might come": {9, 0, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			e := Later(tc.later, tc.before, tc.share)
			require.GreaterOrEqual(t, e, tc.least)
			require.LessOrEqual(t, e, tc.most)
		})
	}
}

// TestLaterIsAnEValue: where events come as often as before, its mean is at most 1.
func TestLaterIsAnEValue(t *testing.T) {
	for _, share := range []float64{0.02, 0.2, 0.5} {
		for _, n := range []int{1, 3, 10, 30} {
			mean, ways := 0.0, 1.0
			for k := range n + 1 {
				if k > 0 {
					ways *= float64(n-k+1) / float64(k)
				}
				mean += ways * math.Pow(share, float64(k)) * math.Pow(1-share, float64(n-k)) * math.Exp(Later(k, n-k, share))
			}
			require.LessOrEqual(t, mean, 1+1e-9)
		}
	}
}
