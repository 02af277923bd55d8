package evalue

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestAnIntervalHoldsWhatIsLikely(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := NewLikelihood(drawPairs(t), Hypothesis{Phi: rapid.Float64Range(1, 5).Draw(t, "phi")})
		lo, hi := Interval(&l, 0.01)
		likely := min(max(l.likely(), math.Exp(-gridHalf*gridStep)), math.Exp(gridHalf*gridStep))
		require.LessOrEqual(t, lo, likely*1.06)
		require.GreaterOrEqual(t, hi, likely/1.06)
		require.LessOrEqual(t, lo, l.Near(), "no lower end lies above it")
		require.GreaterOrEqual(t, hi, l.Near())
		wider, wide := Interval(&l, 0.001)
		require.LessOrEqual(t, wider, lo+1e-9)
		require.GreaterOrEqual(t, wide, hi-1e-9)
	})
}

func TestDispersionWidensAnInterval(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pairs := drawPairs(t)
		once, burst := NewLikelihood(pairs, Hypothesis{Phi: 1}), NewLikelihood(pairs, Hypothesis{Phi: 4})
		lo, hi := Interval(&once, 0.01)
		lo2, hi2 := Interval(&burst, 0.01)
		require.LessOrEqual(t, lo2, lo+1e-9)
		require.GreaterOrEqual(t, hi2, hi-1e-9)
	})
}

func TestOneSideMayBeWrongTwiceAsOften(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := NewLikelihood(drawPairs(t), Hypothesis{Phi: 1})
		_, hi := Interval(&l, 0.1)
		if upper := Upper(&l, 0.05); !math.IsInf(upper, 1) {
			require.Equal(t, hi, upper)
		} else {
			require.Equal(t, farthest, hi)
		}
	})
}

func TestWhatIsNotBoundedHasNoUpperEnd(t *testing.T) {
	for name, pair := range map[string]Pair{
		"no events":                   {NT: 1000, NC: 1e6},
		"events on the treated side":  {ET: 100, NT: 1000, NC: 1e6},
		"hardly any on the other one": {ET: 12_000, NT: 128_000, EC: 0.004, NC: 128_000},
	} {
		t.Run(name, func(t *testing.T) {
			l := NewLikelihood([]Pair{pair}, Hypothesis{Phi: 1})
			require.Equal(t, math.Inf(1), Upper(&l, 0.05))
		})
	}
}

func TestMuchDataNarrowsAnInterval(t *testing.T) {
	for name, tc := range map[string]struct{ events, widest float64 }{
		"a hundred events know the ratio within four times": {100, 4},
		"ten thousand know it within a fifth":               {10_000, 1.2},
	} {
		t.Run(name, func(t *testing.T) {
			l := NewLikelihood([]Pair{{0, tc.events, 100 * tc.events, tc.events, 100 * tc.events}}, Hypothesis{Phi: 1})
			lo, hi := Interval(&l, 0.05)
			require.Less(t, hi/lo, tc.widest)
			require.InEpsilon(t, 1, lo*hi, 0.02, "both sides alike")
		})
	}
}

func TestALikelihoodIsLargestWhereTheRatiosAre(t *testing.T) {
	for _, theta := range []float64{0.25, 1, 3, 8} {
		l := NewLikelihood([]Pair{{0, 100 * theta, 10_000, 100, 10_000}}, Hypothesis{Phi: 1})
		require.InEpsilon(t, theta, l.likely(), 0.02)
		require.Greater(t, l.at(theta), l.at(theta*1.2))
		require.Greater(t, l.at(theta), l.at(theta/1.2))
	}
	empty := NewLikelihood(nil, Hypothesis{Phi: 1})
	require.Equal(t, 1.0, empty.likely(), "nothing is known")
	require.Zero(t, empty.at(5))
}

func TestBinsOfSharesAreInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.Float64Range(1e-6, 1e6).Draw(t, "a")
		b := rapid.Float64Range(1e-6, 1e6).Draw(t, "b")
		if a > b {
			a, b = b, a
		}
		require.LessOrEqual(t, shareBin(a), shareBin(b))
		require.Less(t, shareBin(b), shareBins)
		require.GreaterOrEqual(t, shareBin(a), 0)
	})
}

func TestTheUpperEndOfARate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		exposure := rapid.Float64Range(10, 1e6).Draw(t, "exposure")
		events := math.Floor(exposure * rapid.Float64Range(0, 0.5).Draw(t, "rate"))
		upper := upperRateOf(events, exposure, 1)
		require.GreaterOrEqual(t, upper, events/exposure)
		require.LessOrEqual(t, upper, 1.0)
		require.GreaterOrEqual(t, upperRateOf(events, exposure, 3), upper-1e-6, "bursts")
		require.GreaterOrEqual(t, upperRateOf(events+1, exposure, 1), upper-1e-6, "another event")
	})
	require.Equal(t, 1.0, upperRateOf(0, 0, 1), "without exposure nothing is known")
}

func upperRateOf(events, exposure, phi float64) float64 {
	return UpperRate(events, exposure, phi, 0.05)
}
