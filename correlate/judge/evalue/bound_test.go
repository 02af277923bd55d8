package evalue

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/internal/drawn"
)

// sides draws the counts of both sides of a look, with events in bursts whose variance is phi times the mean.
type sides struct {
	drawn.Service
	phi            float64
	treatedRate    float64
	controlRate    float64
	treatedN, more float64 // exposures by look on the treated side, and on the control's
}

func (s *sides) events(mean float64) float64 {
	if burst := s.phi - 1; burst > 0 && mean > 0 {
		mean = s.Gamma(mean/burst) * burst
	}
	return float64(s.Poisson(mean))
}

// look adds one look's counts.
func (s *sides) look(t Pair) Pair {
	t.ET, t.NT = t.ET+s.events(s.treatedN*s.treatedRate), t.NT+s.treatedN
	t.EC, t.NC = t.EC+s.events(s.more*s.controlRate), t.NC+s.more
	return t
}

// missed is the share of runs in which some bound of a rise was ever below the truth, and in which a change was ever called
// harmless by either margin.
func missed(s sides, runs, looks int, alpha, margin, absolute float64) (ratio, difference, harmless float64) {
	for range runs {
		var t Pair
		var low, small, called bool
		for range looks {
			t = s.look(t)
			h := Hypothesis{Theta: 1, Phi: s.phi}
			l := NewLikelihood([]Pair{t}, h)
			r := RiseOf(t, &l, s.phi, s.phi, alpha, h.Bounds)
			low = low || r.Ratio < s.treatedRate/s.controlRate
			small = small || r.Difference < s.treatedRate-s.controlRate
			called = called || r.Ratio < margin || r.Difference < absolute
		}
		ratio, difference, harmless = ratio+one(low), difference+one(small), harmless+one(called)
	}
	n := float64(runs)
	return ratio / n, difference / n, harmless / n
}

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// TestARiseIsBoundedAtItsLevel: under peeking at every look, with independent and with bursty events, a bound is below the
// truth at most as often as it may, and a change at the margin is called harmless at most as often.
func TestARiseIsBoundedAtItsLevel(t *testing.T) {
	const alpha, runs, looks = 0.05, 240, 25
	for name, tc := range map[string]struct {
		phi, treated, control, treatedN, controlN float64
	}{
		"errors at both margins, as many requests on both sides": {1, 0.015, 0.01, 300, 300},
		"at the difference, a canary of a tenth":                 {1, 0.006, 0.001, 100, 900},
		"at the ratio, rare events":                              {1, 0.0015, 0.001, 2000, 2000},
		"bursts of three times the variance":                     {3, 0.015, 0.01, 300, 300},
		"bursts of six times the variance, and a small control":  {6, 0.03, 0.02, 900, 100},
		"no rise at all": {1, 0.01, 0.01, 300, 300},
	} {
		t.Run(name, func(t *testing.T) {
			s := sides{drawn.New(7), tc.phi, tc.treated, tc.control, tc.treatedN, tc.controlN}
			margin, absolute := tc.treated/tc.control, tc.treated-tc.control
			ratio, difference, harmless := missed(s, runs, looks, alpha, margin, absolute)
			require.LessOrEqual(t, ratio, alpha/2)
			require.LessOrEqual(t, difference, alpha)
			require.LessOrEqual(t, harmless, alpha)
		})
	}
}

// TestARiseIsBoundedUsefully: with enough requests the bounds come within the margins.
func TestARiseIsBoundedUsefully(t *testing.T) {
	for name, tc := range map[string]struct {
		rate, n float64
		looks   int
	}{
		"0.5 % of errors at 20 requests a second for a quarter of an hour": {0.005, 200, 90},
		"none at 5 requests a second for a quarter of an hour":             {0.0001, 50, 90},
	} {
		t.Run(name, func(t *testing.T) {
			s := sides{drawn.New(5), 1, tc.rate, tc.rate, tc.n, tc.n}
			_, _, harmless := missed(s, 50, tc.looks, 0.05, 1.5, 0.005)
			require.Greater(t, harmless, 0.8)
		})
	}
}

func TestRatesAreBoundedOnBothSides(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := float64(rapid.IntRange(1, 100_000).Draw(t, "exposures"))
		e := math.Floor(n * rapid.Float64Range(0, 1).Draw(t, "ratio"))
		phi := rapid.Float64Range(1, 10).Draw(t, "phi")
		low, high := LowerRate(e, n, phi, 0.05), UpperRate(e, n, phi, 0.05)
		require.LessOrEqual(t, low, e/n)
		require.GreaterOrEqual(t, high, e/n)
		require.LessOrEqual(t, LowerRate(e, n, phi, 0.01), low, "more confidence takes a wider interval")
		require.GreaterOrEqual(t, UpperRate(e, n, phi, 0.01), high)
		require.GreaterOrEqual(t, UpperRate(e, n, 2*phi, 0.05), high, "so do bursts")
	})
	require.Zero(t, LowerRate(0, 1000, 1, 0.05))
	require.EqualValues(t, 1, UpperRate(0, 0, 1, 0.05), "nothing is known")
	require.Zero(t, LowerRate(0, 0, 1, 0.05))
}

// The bounds of a sum decide as the sum does.
func TestARateIsRefutedByTheEvidenceAgainstIt(t *testing.T) {
	refuted := 0
	rapid.Check(t, func(rt *rapid.T) {
		test := rateTest{
			events: float64(rapid.IntRange(0, 500).Draw(rt, "events")), exposure: float64(rapid.IntRange(1, 100_000).Draw(rt, "exposure")),
			phi: rapid.Float64Range(1, 20).Draw(rt, "phi"), direction: rapid.SampledFrom([]int{-1, 1}).Draw(rt, "direction"),
		}
		rate, bar := rapid.Float64Range(0, 0.1).Draw(rt, "rate"), rapid.Float64Range(0, 12).Draw(rt, "bar")
		var parts []float64
		for _, o := range offsets {
			ln := gridStep * float64(test.direction*o)
			parts = append(parts, (test.exposure*rate*(1-math.Exp(ln))+test.events*ln)/test.phi)
		}
		want := LogSumExp(parts)-math.Log(float64(len(parts))) >= bar
		require.Equal(rt, want, test.refutes(rate, bar))
		if want {
			refuted++
		}
	})
	require.NotZero(t, refuted)
}
