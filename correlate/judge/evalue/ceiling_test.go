package evalue

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/internal/drawn"
)

func drawHypothesis(t *rapid.T) Hypothesis {
	return Hypothesis{
		Theta: rapid.Float64Range(1, 3).Draw(t, "theta"), Phi: rapid.Float64Range(1, 5).Draw(t, "phi"),
		Rate: rapid.SampledFrom([]float64{0, 0.05}).Draw(t, "rate"), Fall: rapid.Bool().Draw(t, "fall"),
	}
}

// rounding is by how much adding up by share may be off.
func rounding(pairs []Pair) float64 {
	all := Totals(pairs)
	return 2e-4*(all.ET+all.EC) + 1e-6
}

func TestTheCeilingIsAboveTheEvidence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pairs, h := drawPairs(t), drawHypothesis(t)
		o := &Joint{Pairs: pairs}
		for _, now := range []int{len(pairs) / 2, len(pairs)} {
			starts := Restarts(nil, drawn.Start, drawn.Start+10*int64(now), 60)
			require.GreaterOrEqual(t, o.Bound(h, starts, pairs[:now]), Evidence(pairs[:now], h, starts)-rounding(pairs))
		}
	})
}

func TestTheCeilingOfAnotherNullIsNotMixedUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pairs := drawPairs(t)
		starts := Restarts(nil, drawn.Start, drawn.Start+600, 60)
		a, b := drawHypothesis(t), drawHypothesis(t)
		o := &Joint{}
		o.Bound(a, starts, pairs)
		require.Equal(t, (&Joint{}).Bound(b, starts, pairs), o.Bound(b, starts, pairs))
	})
}

func TestTheCeilingAgainstOneControlIsAboveTheEvidence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pairs, h := drawPairs(t), drawHypothesis(t)
		control := Pair{EC: rapid.Float64Range(1, 500).Draw(t, "eC"), NC: 10_000}
		starts := Restarts(nil, drawn.Start, drawn.Start+600, 60)
		var tails Tails
		sums := tails.Since(treatedOf(pairs), starts)
		require.GreaterOrEqual(t, BoundAgainst(sums, control, h, starts), EvidenceAgainst(pairs, control, h, starts)-rounding(pairs))
	})
}

func treatedOf(pairs []Pair) (ts []Tally) {
	for _, p := range pairs {
		ts = append(ts, Tally{p.At, int64(p.ET), int64(p.NT)})
	}
	return ts
}

func TestTailsGoOnAsIfTheyWereMadeAfresh(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ts := treatedOf(drawPairs(t))
		var kept Tails
		for looks := rapid.IntRange(1, 5).Draw(t, "looks"); looks > 0; looks-- {
			// Looks go forward, and now and then back.
			now := rapid.IntRange(0, len(ts)).Draw(t, "now")
			starts := Restarts(nil, drawn.Start, drawn.Start+10*int64(now), 60)
			var fresh Tails
			require.Equal(t, fresh.Since(ts[:now], starts), kept.Since(ts[:now], starts))
		}
	})
}

func TestNothingUnusualHasNoCeilingToSpeakOf(t *testing.T) {
	var pairs []Pair
	for i := range int64(60) {
		pairs = append(pairs, Pair{drawn.Start + 10*i, 1, 100, 1, 100})
	}
	starts := Restarts(nil, drawn.Start, drawn.Start+600, 60)
	require.Zero(t, (&Joint{}).Bound(Hypothesis{Theta: 1.25, Phi: 1}, starts, pairs))
}
