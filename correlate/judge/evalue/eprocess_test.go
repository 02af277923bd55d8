package evalue

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/internal/drawn"
)

// null draws pairs of 10 s in which both sides have the same event ratio, with load and trouble that both share.
func null(s *drawn.Service, cells int, part float64) []Pair {
	pairs := make([]Pair, cells)
	for i := range pairs {
		load := s.RPS * 10 * (1 + 0.5*math.Sin(float64(i)/40))
		nT, nC := s.Poisson(load*part), s.Poisson(load*(1-part))
		events := func(n int64) float64 {
			expected := float64(n) * s.Errors
			if s.Burst > 0 && expected > 0 {
				expected = s.Gamma(expected/s.Burst) * s.Burst
			}
			return float64(min(s.Poisson(expected), n))
		}
		pairs[i] = Pair{drawn.Start + 10*int64(i), events(nT), float64(nT), events(nC), float64(nC)}
	}
	return pairs
}

// whole is both sides of pairs together.
func whole(pairs []Pair) []Tally {
	ts := make([]Tally, len(pairs))
	for i, p := range pairs {
		ts[i] = Tally{p.At, int64(p.ET + p.EC), int64(p.NT + p.NC)}
	}
	return ts
}

func TestFalseAlarmsStayBelowAlphaUnderContinuousPeeking(t *testing.T) {
	p := Default()
	const runs, cells, alpha, floor, restart = 600, 360, 0.01, 1.25, 300
	for name, tc := range map[string]struct {
		burst float64
		// control says what the treated side is compared with: itself at the same time, or the hour before.
		before bool
	}{
		"independent events, a concurrent control":       {0, false},
		"over-dispersed events, a concurrent control":    {4, false},
		"independent events, the hour before":            {0, true},
		"over-dispersed events, the hour before":         {4, true},
		"heavily over-dispersed events, the hour before": {20, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := drawn.New(42)
			s.Burst, s.Errors = tc.burst, 0.02
			alarms := 0
			for range runs {
				base := whole(null(&s, cells, 0.3))
				pairs := null(&s, cells, 0.3)
				// Without a floor where the control is concurrent: the null is as near as it can be. The hour before is
				// never compared without one.
				h := Hypothesis{Theta: 1, Phi: p.Dispersion(base, 10, !tc.before)}
				if tc.before {
					h.Theta = floor
				}
				e, n := Sum(base)
				control := Pair{EC: float64(e), NC: float64(n)}
				for now := 1; now <= cells; now += 6 {
					starts := Restarts(nil, drawn.Start, pairs[now-1].At+10, restart)
					lnE := 0.0
					if tc.before {
						lnE = EvidenceAgainst(pairs[:now], control, h, starts)
					} else {
						lnE = Evidence(pairs[:now], h, starts)
					}
					if lnE >= -math.Log(alpha) {
						alarms++
						break
					}
				}
			}
			require.LessOrEqual(t, float64(alarms)/runs, alpha, "false alarms")
		})
	}
}

// At α = 0.01 about 50 events on both sides together show a tripled ratio, and about 16 a tenfold one.
func TestEventsNeeded(t *testing.T) {
	for name, tc := range map[string]struct{ theta, events float64 }{
		"about 50 for three times": {3, 50}, "about 16 for ten times": {10, 16},
	} {
		t.Run(name, func(t *testing.T) {
			h := Hypothesis{Theta: 1, Phi: 1}
			of := func(events float64) float64 {
				q := tc.theta / (1 + tc.theta)
				return Evidence([]Pair{{drawn.Start, events * q, 1000, events * (1 - q), 1000}}, h, []Restart{{drawn.Start, 0}})
			}
			bar := -math.Log(0.01)
			require.Greater(t, of(tc.events*1.2), bar)
			require.Less(t, of(tc.events*0.8), bar)
		})
	}
}

func drawPairs(t *rapid.T) []Pair {
	pairs := make([]Pair, rapid.IntRange(1, 60).Draw(t, "pairs"))
	for i := range pairs {
		nT, nC := rapid.Int64Range(1, 500).Draw(t, "nT"), rapid.Int64Range(1, 500).Draw(t, "nC")
		pairs[i] = Pair{
			drawn.Start + 10*int64(i), float64(rapid.Int64Range(0, nT).Draw(t, "eT")), float64(nT),
			float64(rapid.Int64Range(0, nC).Draw(t, "eC")), float64(nC),
		}
	}
	return pairs
}

func TestLoadThatBothSidesShareCancels(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pairs := drawPairs(t)
		h := Hypothesis{Theta: 1.25, Phi: 1}
		starts := Restarts(nil, drawn.Start, drawn.Start+600, 300)
		scaled := append([]Pair(nil), pairs...)
		for i := range scaled {
			f := math.Exp2(float64(rapid.IntRange(-6, 6).Draw(t, "load")))
			scaled[i].NT *= f
			scaled[i].NC *= f
		}
		require.InDelta(t, Evidence(pairs, h, starts), Evidence(scaled, h, starts), 1e-6)
	})
}

func TestSwappingTheSidesTurnsARiseIntoAFall(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pairs := drawPairs(t)
		swapped := make([]Pair, len(pairs))
		for i, p := range pairs {
			swapped[i] = Pair{p.At, p.EC, p.NC, p.ET, p.NT}
		}
		starts := Restarts(nil, drawn.Start, drawn.Start+600, 300)
		rise, fall := Hypothesis{Theta: 1.5, Phi: 2}, Hypothesis{Theta: 1.5, Phi: 2, Fall: true}
		require.InDelta(t, Evidence(pairs, rise, starts), Evidence(swapped, fall, starts), 1e-9)

		there, back := NewLikelihood(pairs, Hypothesis{Phi: 1}), NewLikelihood(swapped, Hypothesis{Phi: 1})
		lo, hi := Interval(&there, 0.01)
		lo2, hi2 := Interval(&back, 0.01)
		// Equal up to the bins in which shares of exposure are added up.
		require.InEpsilon(t, lo, 1/hi2, 0.03)
		require.InEpsilon(t, hi, 1/lo2, 0.03)
	})
}

func TestGroupedLikelihoodIsTheExactOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pairs := drawPairs(t)
		l := NewLikelihood(pairs, Hypothesis{Phi: 1})
		events := 0.0
		exact := func(theta float64) (v float64) {
			for _, p := range pairs {
				rho := p.NT / (p.NT + p.NC)
				v += p.ET*math.Log(theta) - (p.ET+p.EC)*math.Log(1+rho*(theta-1))
			}
			return v
		}
		for _, p := range pairs {
			events += p.ET + p.EC
		}
		for _, theta := range []float64{0.2, 0.7, 1.5, 4} {
			require.InDelta(t, exact(theta)-exact(1), l.at(theta)-l.at(1), 1e-3*events+1e-9)
		}
	})
}

func TestIntervalsCoverTheTruth(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	s := drawn.New(2)
	s.Rng = rng
	missed := 0
	const runs = 400
	for range runs {
		theta := math.Exp(rng.Float64()*4 - 2)
		var pairs []Pair
		for i := range 60 {
			pairs = append(pairs, Pair{drawn.Start + 10*int64(i), float64(s.Poisson(2 * theta)), 100, float64(s.Poisson(6)), 300})
		}
		for _, n := range []int{5, 20, 60} {
			l := NewLikelihood(pairs[:n], Hypothesis{Phi: 1})
			if lo, hi := Interval(&l, 0.05); theta < lo || theta > hi {
				missed++
				break
			}
		}
	}
	require.LessOrEqual(t, float64(missed)/runs, 0.05)
}

func TestWithoutEventsEveryRatioIsPossible(t *testing.T) {
	l := NewLikelihood([]Pair{{drawn.Start, 0, 1000, 0, 1000}}, Hypothesis{Phi: 1})
	lo, hi := Interval(&l, 0.01)
	require.Less(t, lo, 0.002)
	require.Greater(t, hi, 500.0)
}

func TestZeroEventsBoundTheRate(t *testing.T) {
	require.Less(t, UpperRate(0, 10_000, 1, 0.01), 0.001)
	require.Greater(t, UpperRate(0, 100, 1, 0.01), 0.03)
	require.Greater(t, UpperRate(50, 1000, 1, 0.01), 0.06)
	require.Less(t, UpperRate(50, 1000, 1, 0.01), 0.11)
}
