package evalue

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/internal/drawn"
)

func TestLogSumExp(t *testing.T) {
	for name, tc := range map[string]struct {
		in   []float64
		want float64
	}{
		"nothing is the log of zero":            {nil, math.Inf(-1)},
		"one is itself":                         {[]float64{-3}, -3},
		"equal ones add the log of their count": {[]float64{2, 2, 2}, 2 + math.Log(3)},
		"large ones don't overflow":             {[]float64{1000, 1000}, 1000 + math.Ln2},
		"what is impossible adds nothing":       {[]float64{1, math.Inf(-1)}, 1},
		"what is certain hides the rest":        {[]float64{math.Inf(1), 3}, math.Inf(1)},
	} {
		t.Run(name, func(t *testing.T) {
			if math.IsInf(tc.want, 0) {
				require.Equal(t, tc.want, LogSumExp(tc.in))
				return
			}
			require.InDelta(t, tc.want, LogSumExp(tc.in), 1e-12)
		})
	}
}

// The evidence of one alternative is the ratio of two binomial likelihoods.
func TestALikelihoodRatioIsThatOfBinomials(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPairs(t)[0]
		h := Hypothesis{Theta: rapid.Float64Range(1, 2).Draw(t, "theta"), Phi: rapid.Float64Range(1, 5).Draw(t, "phi")}
		s := h.Steps()
		var l Grid
		s.split(&l, p)
		for j, r := range ratios {
			require.InDelta(t, (binomial(p, h.Theta*r)-binomial(p, h.Theta))/h.Phi, l[j], 1e-6*(1+math.Abs(l[j])))
		}
	})
}

// binomial is ln of the likelihood of a pair at a rate ratio, up to a constant of the pair.
func binomial(p Pair, theta float64) float64 {
	q := p.NT * theta / (p.NT*theta + p.NC)
	return p.ET*math.Log(q) + p.EC*math.Log(1-q)
}

func TestAddingUpByShareIsNearlyExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pairs := drawPairs(t)
		s := Hypothesis{Theta: 1.25, Phi: 1}.Steps()
		var one, all Grid
		events := 0.0
		for _, p := range pairs {
			s.split(&one, p)
			events += p.ET + p.EC
		}
		s.SplitAll(&all, pairs)
		for j := range one {
			require.InDelta(t, one[j], all[j], 2e-3*events+1e-9)
		}
	})
}

func TestAPairWithOnlyOneSideSaysNothing(t *testing.T) {
	s := Hypothesis{Theta: 1, Phi: 1}.Steps()
	for name, p := range map[string]Pair{
		"no control":  {ET: 5, NT: 10},
		"no treated":  {EC: 5, NC: 10},
		"no events":   {NT: 10, NC: 10},
		"nothing yet": {},
	} {
		t.Run(name, func(t *testing.T) {
			var l Grid
			s.split(&l, p)
			require.Zero(t, l)
			require.InDelta(t, 0, l.Mix(), 1e-12)
		})
	}
}

func TestARateMustBeRefutedAsWell(t *testing.T) {
	free, bound := Hypothesis{Theta: 1, Phi: 1}.Steps(), Hypothesis{Theta: 1, Rate: 0.01, Phi: 1}.Steps()
	require.Equal(t, math.Inf(1), free.Absolute(1, 100), "there is no rate to refute")
	require.Negative(t, bound.Absolute(10, 1000), "as many as the rate lets expect")
	require.Greater(t, bound.Absolute(50, 1000), 30.0, "five times as many")
	require.Greater(t, bound.Absolute(50, 1000), bound.Absolute(50, 2000), "among more exposures they say less")
}

func TestFalseRefutationsOfARateStayBelowAlpha(t *testing.T) {
	const runs, alpha = 2000, 0.05
	service := drawn.New(7)
	s := Hypothesis{Theta: 1, Rate: 0.02, Phi: 1}.Steps()
	alarms := 0
	for range runs {
		events, exposure := 0.0, 0.0
		for range 60 {
			events, exposure = events+float64(service.Poisson(4)), exposure+200
			if s.Absolute(events, exposure) >= -math.Log(alpha) {
				alarms++
				break
			}
		}
	}
	require.LessOrEqual(t, float64(alarms)/runs, alpha)
}

// What an alternative collects of a rise is a part of what the rise itself would collect as an alternative. The best of them
// collects most of it, of every rise beyond the floor that would matter.
func TestTheAlternativesMissLittle(t *testing.T) {
	collects := func(truth, alternative float64) float64 { return truth*math.Log(alternative) - (alternative - 1) }
	rapid.Check(t, func(t *rapid.T) {
		truth := math.Exp(rapid.Float64Range(math.Log(1.15), math.Log(20)).Draw(t, "ln of the rise"))
		best := 0.0
		for _, r := range ratios {
			best = max(best, collects(truth, r))
		}
		require.GreaterOrEqual(t, best, 0.85*collects(truth, truth))
	})
}

func TestARiseThatIsLittleBeyondTheFloorIsProven(t *testing.T) {
	for name, tc := range map[string]struct {
		ratio  float64
		events float64 // of the control
		proven bool
	}{
		"a fifth beyond the floor, of many":    {1.25 * 1.2, 5000, true},
		"a third beyond the floor, of less":    {1.25 * 1.35, 1500, true},
		"at the floor, of however many":        {1.25, 1e6, false},
		"a fifth beyond the floor, of too few": {1.25 * 1.2, 100, false},
	} {
		t.Run(name, func(t *testing.T) {
			var pairs []Pair
			for i := range int64(100) {
				pairs = append(pairs, Pair{drawn.Start + 10*i, tc.ratio * tc.events / 100, 1e5, tc.events / 100, 1e5})
			}
			h := Hypothesis{Theta: 1.25, Phi: 1}
			e := Evidence(pairs, h, Restarts(nil, drawn.Start, drawn.Start+1000, 300))
			require.Equal(t, tc.proven, e >= math.Log(1/0.003), "ln E is %v", e)
			x, _ := Locate(pairs, h, tc.ratio)
			if tc.proven {
				require.Equal(t, Excursion{Onset: drawn.Start, End: drawn.Start + 990, theta: x.theta}, x, "all of it")
			}
		})
	}
}
