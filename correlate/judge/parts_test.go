package judge

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
)

func TestDispersion(t *testing.T) {
	p := DefaultParams()
	for name, tc := range map[string]struct{ burst, low, high float64 }{
		"independent events have none": {0, 1, 1.5},
		"bursts of a few are seen":     {4, 3.5, 8},
		"bursts of many are seen":      {20, 12, 35},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(1)
			s.burst, s.errors, s.rps = tc.burst, 0.02, 100
			base := ask(nil, s.cells(start-3600, start, 1, 1, 1), errorsOfRequests)
			for _, concurrently := range []bool{true, false} {
				phi := p.dispersion(base, 10, concurrently)
				require.GreaterOrEqual(t, phi, tc.low)
				require.LessOrEqual(t, phi, tc.high)
			}
		})
	}
	t.Run("a slow drift matters only against a time before", func(t *testing.T) {
		var base []tally
		for i := range int64(360) {
			base = append(base, tally{start + 10*i, 5 + i/12, 1000})
		}
		require.Less(t, p.dispersion(base, 10, true), 1.5)
		require.Greater(t, p.dispersion(base, 10, false), 20.0)
	})
	t.Run("without events the fleet's is taken", func(t *testing.T) {
		p := p
		p.FleetDispersion = 3
		require.Equal(t, 3.0, p.dispersion([]tally{{start, 0, 100}}, 10, true))
	})
}

func TestSeason(t *testing.T) {
	p := DefaultParams()
	var history []tally
	for at := start - 4*86400; at < start-3600; at += 300 {
		errors := int64(30)
		if hour := mod(at-start, 86400); hour < 3600 {
			errors = 60 // every day at this hour there are twice as many
		}
		history = append(history, tally{at, errors, 3000})
	}
	s, ok := seasonsOf(history, 300, span{start - 3600, start}, &p.expectations).at(span{start, start + 1800}, &p.expectations)
	require.True(t, ok)
	require.InDelta(t, 2, s.factor, 0.05)
	require.GreaterOrEqual(t, s.phi, 1.0)

	require.Nil(t, seasonsOf(since(history, start-80000), 300, span{start - 3600, start}, &p.expectations), "less than a day")
}

func TestLocate(t *testing.T) {
	var pairs []pair
	for i := range int64(60) {
		events := 1.0
		if i >= 20 && i < 40 {
			events = 10
		}
		pairs = append(pairs, pair{start + 10*i, events, 100, 1, 100})
	}
	x, gain := locate(pairs, hypothesis{theta: 1.25, phi: 1}, 10)
	require.Equal(t, start+200, x.onset)
	require.Equal(t, start+390, x.end)
	require.Equal(t, 20, x.cells)
	require.Equal(t, 20.0, x.tail.eT)
	require.Greater(t, gain, 50.0)
	x, gain = locate(nil, hypothesis{theta: 1.25, phi: 1}, 10)
	require.Zero(t, x)
	require.Zero(t, gain)
}

func TestComplementOfCommonEvents(t *testing.T) {
	p := DefaultParams()
	h := p.hypothesize(0, 1.25, 0.5, 0.4, 1)
	require.True(t, h.complement)
	require.InDelta(t, 1.2, h.theta, 1e-9, "0.6 / (1 − 1.25·0.4)")
	require.Equal(t, pair{start, 60, 100, 30, 100}, h.turn(pair{start, 70, 100, 40, 100}))
	bounds := h.bounds(1, 2)
	require.InDelta(t, 1, bounds[0], 1e-9)
	require.InDelta(t, 1.75, bounds[1], 1e-9, "p_T = 1 − 0.6/2 = 0.7")
}

func TestSmallestVisible(t *testing.T) {
	bar := -math.Log(0.01)
	h := hypothesis{theta: 1.25, phi: 1, control: 0.005}
	little := smallestVisible(pair{nT: 1000, nC: 1000}, h, bar)
	much := smallestVisible(pair{nT: 100_000, nC: 100_000}, h, bar)
	require.Greater(t, little, 3.0)
	require.Less(t, much, 1.7)
	require.Greater(t, much, 1.25)
	require.Zero(t, smallestVisible(pair{nC: 1000}, h, bar))
	require.Zero(t, smallestVisible(pair{nT: 10, nC: 10}, h, 100))
}

func TestLatencyThresholds(t *testing.T) {
	s := newSim(1)
	cells := s.cells(start-3600, start, 1, 1, 1)
	var all spread
	all.add(cells)
	require.InEpsilon(t, 0.05, all.seconds(0.5), 0.02)
	require.InEpsilon(t, 0.05*math.Exp(0.5*1.2816), all.seconds(0.9), 0.02)
	beyond := exceed([3][]tally{}, cells, [3]int16{all.bin(0.5), all.bin(0.9), all.bin(0.99)})
	for i, q := range quantiles {
		e, n := sum(beyond[i])
		require.Equal(t, all.total, n)
		require.LessOrEqual(t, float64(e)/float64(n), 1-q)
		require.Greater(t, float64(e)/float64(n), (1-q)*0.6)
	}
	require.Zero(t, new(spread).seconds(0.5))
	require.Equal(t, int16(-1), new(spread).bin(0.5))
}

func TestRound(t *testing.T) {
	for name, tc := range map[string]struct{ in, want float64 }{
		"six digits stay":                 {0.123456789, 0.123457},
		"large numbers too":               {123456789, 123457000},
		"tiny numbers too":                {6.1046812345e-18, 6.10468e-18},
		"infinity becomes a large number": {math.Inf(1), limit},
		"no number becomes zero":          {math.NaN(), 0},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, tc.want, round(tc.in)) })
	}
	rapid.Check(t, func(t *rapid.T) {
		v := round(rapid.Float64().Draw(t, "v"))
		require.Equal(t, v, round(v))
	})
}

func TestRegroupingKeepsEverything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var ts []tally
		at := int64(rapid.IntRange(-1000, 1000).Draw(t, "from")) * 10
		for range rapid.IntRange(0, 50).Draw(t, "cells") {
			at += 10 * rapid.Int64Range(1, 9).Draw(t, "gap")
			ts = append(ts, tally{at, rapid.Int64Range(0, 9).Draw(t, "e"), rapid.Int64Range(9, 99).Draw(t, "n")})
		}
		e, n := sum(ts)
		wide := regroup(nil, ts, 60)
		e2, n2 := sum(wide)
		require.Equal(t, [2]int64{e, n}, [2]int64{e2, n2})
		for i := 1; i < len(wide); i++ {
			require.Greater(t, wide[i].at, wide[i-1].at)
			require.Zero(t, mod(wide[i].at, 60))
		}
		require.Len(t, since(ts, at), min(1, len(ts)))
	})
}

func TestNumbersThatLeaveAreOrdinary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cells := func(label string, from int64) (out []correlate.Cell) {
			for i := range int64(rapid.IntRange(0, 30).Draw(t, label)) {
				n := rapid.Int64Range(0, 50).Draw(t, "n")
				c := correlate.Cell{Start: from + 10*i, Requests: n, Errors: rapid.Int64Range(0, n).Draw(t, "e")}
				c.Latency.Add(rapid.Int16Range(0, 511).Draw(t, "bin"), n)
				c.Sum, c.N = rapid.Int64Range(-1e9, 1e9).Draw(t, "sum"), rapid.Int64Range(0, 3).Draw(t, "samples")
				out = append(out, c)
			}
			return out
		}
		new, old := cells("new", start), cells("old", start)
		var streams []Stream
		for kind := correlate.Traffic; kind <= correlate.Saturation; kind++ {
			streams = append(streams, Stream{Kind: kind, Name: "x", Bad: correlate.BadBoth, New: new, Old: old,
				Whole: append(cells("base", start-300), cells("after", start)...)})
		}
		a := Assess(DefaultParams(), Case{Resolution: 10, Coarse: 300, Now: start + 1200, Start: start, Finish: start, Streams: streams})
		for _, e := range a.Evidence {
			for _, v := range []float64{e.Baseline, e.Observed, e.Ratio, e.Interval[0], e.Interval[1], e.EValue, e.SmallestVisible} {
				require.False(t, math.IsNaN(v) || math.IsInf(v, 0), "%+v", e)
				require.Equal(t, round(v), v)
			}
		}
		require.NotEmpty(t, a.Outcome)
		require.NotEmpty(t, a.Reason)
	})
}

func TestASeasonStaysKnownAsTimeGoesOn(t *testing.T) {
	p := DefaultParams()
	for name, tc := range map[string]struct {
		hours int64 // of history
		after int64 // seconds
		ok    bool
	}{
		"a day tells of five minutes":          {24, 300, true},
		"a day tells of an hour as well":       {24, 3600, true},
		"a day tells of an hour and a half":    {24, 5400, true},
		"four days tell of two hours":          {96, 7200, true},
		"less than a day tells of nothing yet": {20, 300, false},
	} {
		t.Run(name, func(t *testing.T) {
			var history []tally
			for at := start - 3600 - tc.hours*3600; at < start-3600; at += 300 {
				history = append(history, tally{at, 15 + at/300%3, 6000})
			}
			y := seasonsOf(history, 300, span{start - 3600, start}, &p.expectations)
			ok := false
			if y != nil {
				_, ok = y.at(span{start, start + tc.after}, &p.expectations)
			}
			require.Equal(t, tc.ok, ok)
		})
	}
}

func TestOverlappingWindowsAreNoMoreWitnesses(t *testing.T) {
	p := DefaultParams()
	var history []tally
	for at := start - 3600 - 3*86400; at < start-3600; at += 300 {
		history = append(history, tally{at, 15 + at/300%3, 6000})
	}
	s := seasonsOf(history, 300, span{start - 3600, start}, &p.expectations)
	_, df, windows := s.sums.placebos(s.before, span{start, start + 3600}, p.Day)
	require.InDelta(t, 71, df, 2, "one for each hour")
	require.InDelta(t, 4*df, windows, 0.01)
	_, df, windows = s.sums.placebos(s.before, span{start, start + 600}, p.Day)
	require.EqualValues(t, windows, df, "they don't overlap")
}
