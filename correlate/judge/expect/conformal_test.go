package expect

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

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
