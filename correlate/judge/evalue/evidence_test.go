package evalue

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/internal/drawn"
)

func TestTheWeightsOfRestartsAreAtMostOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		every := rapid.Int64Range(1, 600).Draw(t, "every")
		now := rapid.Int64Range(0, 50_000).Draw(t, "now")
		starts := Restarts(nil, 0, now, every)
		total := 0.0
		for i, s := range starts {
			total += math.Exp(s.LogWeight)
			require.Equal(t, int64(i)*every, s.At)
			require.True(t, i == 0 || s.At < now)
		}
		require.LessOrEqual(t, total, 1+1e-12)
	})
}

// exact is the evidence as it is defined: the mixture over restarts of the mixture over alternatives.
func exact(pairs []Pair, h Hypothesis, starts []Restart) float64 {
	e := 0.0
	for i, s := range starts {
		mixed := 0.0
		for _, r := range ratios {
			l := 0.0
			for _, p := range pairs {
				if p.At >= s.At || i == 0 {
					l += (binomial(p, h.Theta*r) - binomial(p, h.Theta)) / h.Phi
				}
			}
			mixed += math.Exp(l) / float64(len(ratios))
		}
		e += math.Exp(s.LogWeight) * mixed
	}
	return math.Log(e)
}

func TestEvidenceIsTheMixtureOverRestarts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pairs := drawPairs(t)
		if len(pairs) > 12 {
			pairs = pairs[:12]
		}
		for i := range pairs {
			pairs[i].ET, pairs[i].EC = min(pairs[i].ET, 5), min(pairs[i].EC, 5)
		}
		h := Hypothesis{Theta: 1.25, Phi: 2}
		starts := Restarts(nil, drawn.Start, drawn.Start+300, 30)
		require.InDelta(t, exact(pairs, h, starts), Evidence(pairs, h, starts), 0.1)
	})
}

// Under the null the expected e-value is at most 1, whatever the share of exposure and the number of events: the sum over
// all outcomes, exactly.
func TestTheExpectedEValueIsOne(t *testing.T) {
	for name, tc := range map[string]struct{ events, share, theta float64 }{
		"few events, equal sides":   {6, 0.5, 1},
		"many events, equal sides":  {80, 0.5, 1},
		"a small canary":            {40, 0.05, 1.25},
		"nearly all is new":         {40, 0.95, 1.25},
		"a null with a large floor": {30, 0.3, 3},
	} {
		t.Run(name, func(t *testing.T) {
			h := Hypothesis{Theta: tc.theta, Phi: 1}
			q := tc.share * tc.theta / (tc.share*tc.theta + 1 - tc.share)
			expected := 0.0
			for k := 0.0; k <= tc.events; k++ {
				chance := choose(tc.events, k) + k*math.Log(q) + (tc.events-k)*math.Log(1-q)
				pair := Pair{ET: k, NT: 1000 * tc.share, EC: tc.events - k, NC: 1000 * (1 - tc.share)}
				expected += math.Exp(chance + Evidence([]Pair{pair}, h, []Restart{{}}))
			}
			require.InDelta(t, 1, expected, 1e-6)
		})
	}
}

// choose is ln of the binomial coefficient.
func choose(n, k float64) float64 {
	a, _ := math.Lgamma(n + 1)
	b, _ := math.Lgamma(k + 1)
	c, _ := math.Lgamma(n - k + 1)
	return a - b - c
}

func TestEvidenceAgainstOneControlIsThatOfTheSums(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pairs := drawPairs(t)
		control := Pair{EC: rapid.Float64Range(0, 500).Draw(t, "eC"), NC: 10_000}
		h := Hypothesis{Theta: 1.25, Phi: 1}
		starts := []Restart{{drawn.Start, 0}}
		all := Totals(pairs)
		all.EC, all.NC = control.EC, control.NC
		require.InDelta(t, Evidence([]Pair{all}, h, starts), EvidenceAgainst(pairs, control, h, starts), 1e-3*(all.ET+all.EC)+1e-6)
	})
}

func TestMoreEventsOnTheTreatedSideAreMoreEvidence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pairs := drawPairs(t)
		starts := []Restart{{drawn.Start, 0}}
		h := Hypothesis{Theta: 1.25, Phi: rapid.Float64Range(1, 10).Draw(t, "phi")}
		before := Evidence(pairs, h, starts)
		pairs[len(pairs)-1].ET += float64(rapid.IntRange(1, 20).Draw(t, "more"))
		require.GreaterOrEqual(t, Evidence(pairs, h, starts), before-1e-9)
	})
}

func TestDispersionDividesTheEvidenceOfAFault(t *testing.T) {
	pairs := []Pair{{drawn.Start, 60, 1000, 10, 1000}}
	starts := []Restart{{drawn.Start, 0}}
	once := Evidence(pairs, Hypothesis{Theta: 1, Phi: 1}, starts)
	require.InDelta(t, once/2, Evidence(pairs, Hypothesis{Theta: 1, Phi: 2}, starts), 1.5)
}

func TestALateFaultShowsAtALaterRestart(t *testing.T) {
	var pairs []Pair
	for i := range int64(360) {
		p := Pair{drawn.Start + 10*i, 1, 100, 1, 100}
		if i >= 345 {
			p.ET = 6
		}
		pairs = append(pairs, p)
	}
	h := Hypothesis{Theta: 1.25, Phi: 1}
	once := Evidence(pairs, h, []Restart{{drawn.Start, 0}})
	afresh := Evidence(pairs, h, Restarts(nil, drawn.Start, drawn.Start+3600, 300))
	require.Less(t, once, 4.6, "drowned in the clean hour")
	require.Greater(t, afresh, 4.6)
}

// A type that is new shows on one side only: the integral of q^n over q, divided by the null's chance.
func TestOneSideIsTheIntegralOverAllShares(t *testing.T) {
	for name, tc := range map[string]struct{ events, share float64 }{
		"one record says little": {1, 0.3}, "three say more": {3, 0.3}, "a short look before": {3, 0.9},
	} {
		t.Run(name, func(t *testing.T) {
			integral, steps := 0.0, 100_000.0
			for i := 0.5; i < steps; i++ {
				integral += math.Pow(i/steps, tc.events) / steps
			}
			require.InDelta(t, math.Log(integral/math.Pow(tc.share, tc.events)), OnOneSide(tc.events, tc.share), 1e-3)
		})
	}
	rapid.Check(t, func(t *rapid.T) {
		n, share := float64(rapid.IntRange(0, 50).Draw(t, "n")), rapid.Float64Range(0.01, 1).Draw(t, "share")
		require.LessOrEqual(t, math.Pow(share, n)*math.Exp(OnOneSide(n, share)), 1.0+1e-9, "its expectation under the null")
	})
}
