package evalue

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate/guard"
	"github.com/shipwake/shipwake/internal/drawn"
)

// drawTallies are on a grid of ten seconds, with holes.
func drawTallies(t *rapid.T, label string) (ts []Tally) {
	at := drawn.Start
	for range rapid.IntRange(0, 40).Draw(t, label) {
		at += 10 * rapid.Int64Range(1, 4).Draw(t, "hole")
		n := rapid.Int64Range(1, 100).Draw(t, "n")
		ts = append(ts, Tally{at, rapid.Int64Range(0, n).Draw(t, "e"), n})
	}
	return ts
}

func TestJoiningGoesOnFromAnEarlierLook(t *testing.T) {
	p := Default()
	rapid.Check(t, func(t *rapid.T) {
		treated, control := drawTallies(t, "treated"), drawTallies(t, "control")
		var kept *Joint
		for now := drawn.Start; now <= drawn.Start+1700; now += 10 * rapid.Int64Range(1, 60).Draw(t, "step") {
			a, b := Before(treated, now), Before(control, now)
			joint := p.Concurrent(kept, a, b, 10)
			require.Equal(t, p.Concurrent(nil, a, b, 10).Pairs, joint.Pairs)
			if joint.treated == len(a) && joint.control == len(b) && len(joint.Pairs) > 0 {
				kept = nil
			}
		}
	})
}

func TestNothingIsCountedTwiceOrInvented(t *testing.T) {
	p := Default()
	rapid.Check(t, func(t *rapid.T) {
		treated, control := drawTallies(t, "treated"), drawTallies(t, "control")
		o := p.Concurrent(nil, treated, control, 10)
		all := Totals(o.Pairs)
		e, n := Sum(treated)
		require.LessOrEqual(t, all.ET, float64(e))
		require.LessOrEqual(t, all.NT, float64(n))
		e, n = Sum(control)
		require.LessOrEqual(t, all.EC, float64(e))
		require.LessOrEqual(t, all.NC, float64(n))
		require.Len(t, o.Pairs, o.Met)
		for i := range o.Pairs {
			require.Positive(t, o.Pairs[i].NT)
			require.Positive(t, o.Pairs[i].NC)
			require.True(t, i == 0 || o.Pairs[i].At > o.Pairs[i-1].At)
		}
	})
}

func TestSidesThatReportInTurnsMeetInWiderWindows(t *testing.T) {
	var treated, control []Tally
	for i := range int64(120) {
		if i%2 == 0 {
			treated = append(treated, Tally{drawn.Start + 10*i, 1, 10})
		} else {
			control = append(control, Tally{drawn.Start + 10*i, 1, 10})
		}
	}
	p := Default()
	require.Len(t, p.Concurrent(nil, treated, control, 10).Pairs, 20, "one a minute")
	p.Guards = guard.Without(guardWidePairs)
	require.Empty(t, p.Concurrent(nil, treated, control, 10).Pairs)
}

func TestStretchesOfPairs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pairs := drawPairs(t)
		from := drawn.Start + 10*rapid.Int64Range(-3, 63).Draw(t, "from")
		to := from + 10*rapid.Int64Range(0, 20).Draw(t, "length")
		var within, closed []Pair
		for _, p := range pairs {
			if p.At >= from && p.At < to {
				within = append(within, p)
			}
			if p.At >= from && p.At <= to {
				closed = append(closed, p)
			}
		}
		require.Equal(t, within, append([]Pair(nil), PairsIn(pairs, Span{from, to})...))
		if len(closed) > 0 {
			require.Equal(t, closed, Between(pairs, from, to))
		}
	})
}

// What is seen of two sides that report once a minute doesn't hang on whose turn comes next: the windows stay as wide.
func TestWhoseTurnComesNextDoesNotShow(t *testing.T) {
	p := Default()
	rapid.Check(t, func(t *rapid.T) {
		turn := 10 * rapid.Int64Range(1, 4).Draw(t, "turn")
		alone := 60 * rapid.Int64Range(0, 5).Draw(t, "minutes of the old version alone")
		var treated, control []Tally
		for at := drawn.Start; at < drawn.Start+1200; at += 60 {
			control = append(control, Tally{at, 1, 10})
			if at >= drawn.Start+alone {
				treated = append(treated, Tally{at + turn, 1, 10})
			}
		}
		for now := drawn.Start + alone + 130; now <= drawn.Start+1200; now += 10 {
			a, b := Before(treated, now), Before(control, now)
			pairs := p.Concurrent(nil, a, b, 10).Pairs
			require.Len(t, pairs, len(a))
			for _, pair := range pairs {
				require.Zero(t, Mod(pair.At, 60))
				require.EqualValues(t, 10, pair.NT)
			}
		}
	})
}
