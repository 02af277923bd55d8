package evalue

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate/guard"
)

func TestTheNull(t *testing.T) {
	for name, tc := range map[string]struct {
		absolute, ratio, nominal, rate float64
		off                            string
		want                           Hypothesis
	}{
		"rare errors must rise by a difference as well": {0.001, 1.25, 0, 0.005, "", Hypothesis{Theta: 1.25, Rate: 0.006, Phi: 1, Control: 0.005}},
		"a quantile implies its rate":                   {0, 1.5, 0.01, 0.009, "", Hypothesis{Theta: 1.5, Rate: 0.015, Phi: 1, Control: 0.009}},
		"what is common is counted by its complement":   {0, 1.25, 0.5, 0.4, "", Hypothesis{Theta: 1.2, Phi: 1, Control: 0.4, complement: true}},
		"without a floor every rise matters":            {0, 1.25, 0, 0.1, guardPracticalFloor, Hypothesis{Theta: 1, Phi: 1, Control: 0.1}},
		"without the complement it is counted itself":   {0, 1.25, 0.5, 0.4, guardComplement, Hypothesis{Theta: 1.25, Rate: 0.625, Phi: 1, Control: 0.4}},
		"without the difference the ratio is enough":    {0.001, 1.25, 0, 0.005, guardAbsoluteFloor, Hypothesis{Theta: 1.25, Phi: 1, Control: 0.005}},
	} {
		t.Run(name, func(t *testing.T) {
			p := Default()
			if tc.off != "" {
				p.Guards = guard.Without(tc.off)
			}
			got := p.Hypothesize(tc.absolute, tc.ratio, tc.nominal, tc.rate, 1)
			require.InDelta(t, tc.want.Theta, got.Theta, 1e-9)
			require.InDelta(t, tc.want.Rate, got.Rate, 1e-9)
			got.Theta, got.Rate = tc.want.Theta, tc.want.Rate
			require.Equal(t, tc.want, got)
		})
	}
}

// Turning exchanges the sides, so turning twice changes nothing.
func TestTurningTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for _, p := range drawPairs(t) {
			for _, h := range []Hypothesis{{}, {Fall: true}, {complement: true, Control: 0.4}} {
				require.Equal(t, p, h.Turn(h.Turn(p)))
			}
		}
	})
}

func TestBoundsComeBackAsRatiosOfEvents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		control := rapid.Float64Range(0.3, 0.6).Draw(t, "control")
		ratio := rapid.Float64Range(0.5, 1.5).Draw(t, "ratio")
		h := Hypothesis{complement: true, Control: control}
		theta := (1 - control) / (1 - ratio*control) // by which exposures without an event became rarer
		require.InDelta(t, ratio, h.Bounds(theta, theta)[0], 1e-9)
		fall := Hypothesis{Fall: true}
		require.InDelta(t, 1/ratio, fall.Bounds(ratio, ratio)[1], 1e-9)
	})
}

func TestExpectingMoreEventsIsAsIfThereWereMoreExposure(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pairs := drawPairs(t)
		factor := rapid.Float64Range(0.5, 2).Draw(t, "factor")
		factors := make([]float64, len(pairs))
		for i := range factors {
			factors[i] = factor
		}
		plain := Hypothesis{Theta: 1.25, Phi: 1}
		moved := plain.Expecting(pairs, factors)
		require.InDelta(t, Totals(pairs).NT*factor, Totals(moved).NT, 1e-6)
		require.Equal(t, Totals(pairs).ET, Totals(moved).ET)
		require.InDelta(t, factor, plain.Mixed(Totals(pairs), Totals(moved)), 1e-9)
		require.Equal(t, plain, plain.Moved(1.25, factor), "only the complement's null moves")
	})
}

func TestExpectingMoreOfWhatIsCommonMovesItsComplement(t *testing.T) {
	h := Hypothesis{complement: true, Control: 0.4, Theta: 1.2}
	pairs := []Pair{{0, 480, 1000, 400, 1000}}
	moved := h.Expecting(pairs, []float64{1.2})
	turned := h.Turn(moved[0])
	require.InDelta(t, turned.ET/turned.NT, turned.EC/turned.NC, 1e-9, "as many as were expected")
	require.InDelta(t, 1.2, h.Mixed(pairs[0], moved[0]), 1e-9)
	require.InDelta(t, 0.48, h.Moved(1.25, 1.2).Control, 1e-9)
	require.InDelta(t, mostly, h.Moved(1.25, 9).Control, 1e-9)
	require.Greater(t, h.Moved(1.25, 1.2).Theta, h.Theta)
}

func TestInformationIsLargestWhereTheSidesAreEqual(t *testing.T) {
	h := Hypothesis{Theta: 1}
	even := h.Information([]Pair{{0, 5, 100, 5, 100}})
	require.InDelta(t, 10*0.25, even, 1e-9)
	require.Less(t, h.Information([]Pair{{0, 5, 10, 5, 190}}), even)
	require.Zero(t, h.Information([]Pair{{0, 0, 100, 0, 100}}))
}
