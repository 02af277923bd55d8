package evalue

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate/guard"
	"github.com/shipwake/shipwake/internal/drawn"
)

func TestPearsonIsWhatTheTextbookSays(t *testing.T) {
	windows := []Tally{{0, 10, 100}, {10, 20, 100}, {20, 15, 100}}
	chi2, df := pearson(windows, 0.15)
	require.InDelta(t, (25+25+0)/(0.15*0.85*100), chi2, 1e-9)
	require.Equal(t, 2.0, df)
}

func TestNeighboursDontSeeASlowDrift(t *testing.T) {
	var windows []Tally
	for i := range int64(200) {
		windows = append(windows, Tally{10 * i, 100 + i, 10_000})
	}
	drift, df := pearson(windows, 0.02)
	require.Greater(t, drift/df, 10.0)
	steps, df := successive(windows, 0.02)
	require.Less(t, steps/df, 0.1)
}

func TestSplitOfSidesThatShareEverythingIsNone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var pairs []Pair
		for i := range rapid.IntRange(2, 50).Draw(t, "pairs") {
			n := float64(rapid.IntRange(1, 50).Draw(t, "n"))
			pairs = append(pairs, Pair{10 * int64(i), n, 10 * n, 2 * n, 20 * n})
		}
		chi2, df := Split(pairs, 10)
		require.InDelta(t, 0, chi2, 1e-9)
		require.Equal(t, float64(len(pairs)-1), df)
	})
	chi2, df := Split([]Pair{{0, 0, 10, 5, 10}}, 10)
	require.Zero(t, chi2+df, "one side without events tells nothing")
}

func TestScatterIsAboutTheSplitAlone(t *testing.T) {
	p := Default()
	var shared, own []Pair
	for i := range int64(60) {
		burst := 10.0
		if i%2 == 0 {
			burst = 50
		}
		shared = append(shared, Pair{drawn.Start + 10*i, burst, 1000, burst, 1000})
		own = append(own, Pair{drawn.Start + 10*i, burst, 1000, 30, 1000})
	}
	h := Hypothesis{Theta: 1, Phi: 1}
	require.Equal(t, 1.0, p.Scatter(shared, h, 10), "bursts of both sides")
	require.Greater(t, p.Scatter(own, h, 10), 5.0, "bursts of one side")
}

func TestFewEventsBorrowTheirDispersion(t *testing.T) {
	few, many := []Tally{{0, 3, 1000}}, []Tally{{0, 300, 1000}}
	for name, tc := range map[string]struct {
		baseline []Tally
		lower    float64
		off      bool
		want     float64
	}{
		"few events take that of the lower threshold": {few, 4, false, 4},
		"many know their own":                         {many, 4, false, 2},
		"none is lowered":                             {few, 1.5, false, 2},
		"without the guard all know their own":        {few, 4, true, 2},
	} {
		t.Run(name, func(t *testing.T) {
			p := Default()
			if tc.off {
				p.Guards = guard.Without(guardBorrowed)
			}
			require.Equal(t, tc.want, p.Borrowed(2, tc.lower, tc.baseline))
		})
	}
}

func TestDispersionIsAtLeastOneAndShrinks(t *testing.T) {
	p := Default()
	rapid.Check(t, func(t *rapid.T) {
		phi := p.Dispersion(drawTallies(t, "cells"), 10, rapid.Bool().Draw(t, "beside"))
		require.GreaterOrEqual(t, phi, 1.0)
		require.False(t, math.IsNaN(phi) || math.IsInf(phi, 0))
	})
	require.InDelta(t, 1+20.0/12, p.Shrunk(22, 2)+1-12.0/12, 1)
	require.Equal(t, 1.0, p.Shrunk(0, 0))
	require.InDelta(t, 5, p.Shrunk(5e6, 1e6), 0.001, "many windows tell by themselves")
}

func TestGuardsOfTheStatistics(t *testing.T) {
	var bursts []Tally
	for i := range int64(360) {
		bursts = append(bursts, Tally{drawn.Start + 10*i, 40 * ((i / 6) % 2), 1000})
	}
	p := Default()
	narrow, off := Default(), Default()
	narrow.Guards, off.Guards = guard.Without(guardWideDispersion), guard.Without(guardDispersion)
	require.Greater(t, p.Dispersion(bursts, 10, false), 2*narrow.Dispersion(bursts, 10, false), "bursts of a minute")
	require.Equal(t, 1.0, off.Dispersion(bursts, 10, false))
	names := map[string]bool{}
	for _, g := range Guards() {
		require.False(t, names[g.Name])
		names[g.Name] = true
	}
	require.True(t, names[guardDispersion])
}
