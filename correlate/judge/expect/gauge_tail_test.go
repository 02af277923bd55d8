package expect

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/internal/drawn"
)

func TestInsideThePlacebosARankIsThePValue(t *testing.T) {
	one := newTail([]float64{0.5, 1, 1, 2})
	for name, tc := range map[string]struct{ x, want float64 }{
		"less than all of them is nothing":              {0.1, 1},
		"as large as the largest is as rare as it":      {2, 2.0 / 5},
		"more than all is as rare as they are many":     {9, 1.0 / 5},
		"and not rarer by its distance, as they're few": {1e9, 1.0 / 5},
		"those that are equal count":                    {1, 4.0 / 5},
	} {
		t.Run(name, func(t *testing.T) { require.InDelta(t, tc.want, one.p(tc.x), 1e-12) })
	}
	none := newTail(nil)
	require.Equal(t, 1.0, none.p(9), "without placebos nothing is rare")
	zero := newTail(make([]float64, 99))
	require.Equal(t, 0.01, zero.p(1e-6), "what was constant all the time has no tail but a rank")
}

// Whatever the index of the tail, the p-value of a further value is at most a with a chance of about a.
func TestThePValueOfATailIsExact(t *testing.T) {
	for name, index := range map[string]float64{"heavy": 0.7, "usual": 2, "light": 6} {
		for _, n := range []int{10, 90} {
			t.Run(name, func(t *testing.T) {
				const runs = 1500
				rng := drawn.New(uint64(n)).Rng
				draw := func() float64 { return math.Pow(1-rng.Float64(), -1/index) }
				for _, a := range []float64{0.1, 0.01} {
					rare := 0
					for range runs {
						placebos := valuesOf(n, func(int) float64 { return draw() })
						slices.Sort(placebos)
						if one := newTail(placebos); one.p(draw()) <= a {
							rare++
						}
					}
					require.LessOrEqual(t, float64(rare)/runs, a+3.5*math.Sqrt(a/runs), "%d placebos, level %g", n, a)
				}
			})
		}
	}
}

func TestThePValueFallsWithTheStatisticDownToItsReach(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		placebos := rapid.SliceOfN(rapid.Float64Range(0.1, 10), 1, 150).Draw(t, "placebos")
		slices.Sort(placebos)
		one := newTail(placebos)
		a, b := rapid.Float64Range(0, 40).Draw(t, "a"), rapid.Float64Range(0, 40).Draw(t, "b")
		if a > b {
			a, b = b, a
		}
		require.GreaterOrEqual(t, one.p(a), one.p(b)-1e-12)
		p := rapid.Float64Range(1e-4, 0.9).Draw(t, "p")
		reach := one.reach(p)
		if math.IsInf(reach, 1) {
			require.Greater(t, 1/float64(len(placebos)+1), p-1e-9, "a rank that small doesn't exist")
			return
		}
		if !math.IsInf(reach, -1) {
			require.LessOrEqual(t, one.p(reach*(1+1e-9)), p*(1+1e-6))
			require.GreaterOrEqual(t, one.p(reach*(1-1e-6)), p*(1-1e-2))
		}
	})
}

// An e-value has an expectation of at most 1 when p-values are uniform, or larger.
func TestTheEvidenceOfAPValueIsFair(t *testing.T) {
	for _, enough := range []float64{0.05, 0.0045, 0.0001} {
		const steps = 200000
		sum := 0.0
		for i := range steps { // uniform in the logarithm, as weight p
			p := math.Pow(10, -12*(float64(i)+0.5)/steps)
			sum += evidence(p, enough) * p * 12 * math.Ln10 / steps
		}
		require.InDelta(t, 1, sum, 0.01)
		require.GreaterOrEqual(t, evidence(enough, enough)*enough, 1-beyondEnough)
		require.Less(t, evidence(enough*1.01, enough), 0.1/enough)
	}
}
