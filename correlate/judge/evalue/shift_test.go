package evalue

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/drawn"
)

// metered are cells as a sender of histograms with some bounds (seconds) tells them.
func metered(cells []correlate.Cell, bounds []float64) []correlate.Cell {
	out := make([]correlate.Cell, len(cells))
	for i, c := range cells {
		out[i] = correlate.Cell{Start: c.Start, Requests: c.Requests}
		for _, b := range c.Latency {
			seconds := correlate.BinFloor(b.Index) * halfBin / 1e9
			at := 0
			for at < len(bounds) && seconds > bounds[at] {
				at++
			}
			middle := seconds
			switch {
			case at == 0:
				middle = bounds[0] / 2
			case at == len(bounds):
				middle = bounds[at-1] * math.Sqrt2
			default:
				middle = math.Sqrt(bounds[at-1] * bounds[at])
			}
			out[i].Latency.Add(correlate.BinIndex(int64(middle*1e9)), int64(b.Count))
			out[i].Sum += int64(seconds * float64(b.Count) * correlate.Fixed)
			out[i].N += int64(b.Count)
		}
	}
	return out
}

func durations(cells []correlate.Cell) *Durations {
	d := new(Durations)
	d.Add(cells)
	return d
}

// usualBounds are the bounds in seconds that the semantic conventions recommend.
var usualBounds = []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}

func TestShiftWithinOneBucket(t *testing.T) {
	for name, c := range map[string]struct {
		bounds []float64
		slower float64
	}{
		"all requests of both sides are in one bucket":            {[]float64{0, 5, 10, 25}, 4},
		"bounds as recommended hide nearly a doubling":            {usualBounds, 1.83},
		"bounds as recommended, and nothing moved":                {usualBounds, 1},
		"a side whose slowest requests are beyond the last bound": {[]float64{0.02, 0.04}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			s := drawn.New(7)
			before := durations(metered(s.Cells(drawn.Start-3600, drawn.Start, 1, 1, 1), c.bounds))
			after := durations(metered(s.Cells(drawn.Start, drawn.Start+900, 1, 1, c.slower), c.bounds))
			for _, q := range []float64{0.5, 0.9, 0.99} {
				x := after.QuantileShift(before, q, 1, 3.5)
				require.LessOrEqual(t, x.Low, c.slower)
				require.GreaterOrEqual(t, x.High, c.slower)
				require.Greater(t, x.High, 1.25*x.Low, "a bucket is wider than that")
			}
			x := after.MeanShift(before, 3.5)
			require.InEpsilon(t, c.slower, x.Ratio, 0.05)
			require.Greater(t, x.Low, c.slower*0.9)
			require.Less(t, x.High, c.slower*1.1)
		})
	}
}

func TestShiftOfSpansIsAsFineAsTheirBins(t *testing.T) {
	s := drawn.New(3)
	before, after := durations(s.Cells(drawn.Start-3600, drawn.Start, 1, 1, 1)), durations(s.Cells(drawn.Start, drawn.Start+3600, 1, 1, 1.5))
	for _, q := range []float64{0.5, 0.9} {
		x := after.QuantileShift(before, q, 1, 3.5)
		require.InEpsilon(t, 1.5, x.Ratio, 0.05)
		require.Greater(t, x.Low, 1.2)
		require.Less(t, x.High, 1.9)
	}
	x := after.MeanShift(before, 3.5)
	require.Greater(t, x.Low, 1.3)
	require.Less(t, x.High, 1.7)
}

func TestNothingIsKnownOfTheShiftOfNothing(t *testing.T) {
	s := drawn.New(1)
	some := durations(s.Cells(drawn.Start, drawn.Start+60, 1, 1, 1))
	require.Zero(t, some.QuantileShift(new(Durations), 0.5, 1, 3))
	require.Zero(t, new(Durations).QuantileShift(some, 0.5, 1, 3))
	require.False(t, new(Durations).MeanShift(some, 3).Known())
	one := durations(s.Cells(drawn.Start, drawn.Start+10, 1, 1, 1)).MeanShift(some, 3)
	require.True(t, one.Known())
	require.True(t, one.Low == 0 && math.IsInf(one.High, 1), "a single cell doesn't tell how it scatters")
}

// TestShiftCovers draws sides whose latencies move together from minute to minute: the true shift of the mean lies in the
// interval about as often as its level says.
func TestShiftCovers(t *testing.T) {
	const runs, deviations = 400, 2.5758 // 1 % outside
	missed := 0
	s := drawn.New(11)
	s.RPS = 2
	wave := func(from, to int64, slower float64) *Durations {
		d := new(Durations)
		for at := from; at < to; at += 60 {
			d.Add(metered(s.Cells(at, at+60, 1, 1, slower*math.Exp(0.2*s.Rng.NormFloat64())), usualBounds))
		}
		return d
	}
	for range runs {
		x := wave(0, 1200, 2).MeanShift(wave(0, 3600, 1), deviations)
		if x.Low > 2 || x.High < 2 {
			missed++
		}
	}
	require.LessOrEqual(t, missed, 5*runs/100)
}

func TestEstimatesLieInTheirIntervals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawn.New(rapid.Uint64().Draw(t, "seed"))
		s.RPS = rapid.Float64Range(0.05, 5).Draw(t, "rps")
		sides := [2]*Durations{}
		for i := range sides {
			cells := s.Cells(0, 10*rapid.Int64Range(1, 40).Draw(t, "cells"), 1, 1, rapid.Float64Range(0.1, 10).Draw(t, "slower"))
			if rapid.Bool().Draw(t, "metered") {
				cells = metered(cells, usualBounds)
			}
			sides[i] = durations(cells)
		}
		shifts := []Shift{sides[0].MeanShift(sides[1], 3)}
		for _, q := range []float64{0.5, 0.9, 0.99} {
			shifts = append(shifts, sides[0].QuantileShift(sides[1], q, 2, 3))
		}
		for _, x := range shifts {
			require.LessOrEqual(t, x.Low, x.Ratio*(1+1e-9))
			require.GreaterOrEqual(t, x.High, x.Ratio*(1-1e-9))
			require.LessOrEqual(t, x.Low, x.Least*(1+1e-9))
		}
	})
}

func TestDurationsMergeAsTheyAdd(t *testing.T) {
	s := drawn.New(5)
	cells := s.Cells(0, 3600, 1, 1, 1)
	whole, parts := durations(cells), durations(cells[:180])
	parts.Merge(durations(cells[180:]))
	require.Equal(t, whole.Histogram, parts.Histogram)
	mean, relative, n := whole.Mean()
	merged, too, m := parts.Mean()
	require.InEpsilon(t, mean, merged, 1e-9)
	require.InEpsilon(t, relative, too, 1e-9)
	require.Equal(t, n, m)
}
