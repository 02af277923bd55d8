package evalue

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/drawn"
)

func drawCells(t *rapid.T) (cells []correlate.Cell, values []int64) {
	for i := range rapid.IntRange(1, 20).Draw(t, "cells") {
		c := correlate.Cell{Start: drawn.Start + 10*int64(i)}
		for range rapid.IntRange(0, 20).Draw(t, "requests") {
			v := rapid.Int64Range(1_000, 10_000_000_000).Draw(t, "ns")
			c.Latency.Add(correlate.BinIndex(v), 1)
			c.Requests++
			values = append(values, v)
		}
		cells = append(cells, c)
	}
	slices.Sort(values)
	return cells, values
}

func TestAQuantileIsThatOfTheSamples(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cells, values := drawCells(t)
		var h Histogram
		h.Add(cells)
		require.EqualValues(t, len(values), h.Total)
		if len(values) == 0 {
			return
		}
		q := rapid.Float64Range(0.01, 0.99).Draw(t, "q")
		rank := min(max(int(math.Ceil(q*float64(len(values)))), 1), len(values))
		require.Equal(t, correlate.BinIndex(values[rank-1]), h.Bin(q))
		interpolated := values[max(int(math.Ceil(max(q*float64(len(values)), 1)-1e-9)), 1)-1]
		bin := correlate.BinIndex(interpolated)
		require.GreaterOrEqual(t, h.Seconds(q)*1e9, correlate.BinFloor(bin)*(1-1e-9))
		require.LessOrEqual(t, h.Seconds(q)*1e9, correlate.BinFloor(bin+1)*(1+1e-9))
	})
}

func TestWeighingAllAlikeChangesNoQuantile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cells, values := drawCells(t)
		if len(values) < 2 {
			return
		}
		var once, thrice WeightedHistogram
		once.Add(cells, 1)
		thrice.Add(cells, 3)
		q := rapid.Float64Range(0.2, 0.9).Draw(t, "q")
		require.InEpsilon(t, once.Quantile(q), thrice.Quantile(q), 1e-6)
		require.InEpsilon(t, 3*Total(once[:]), Total(thrice[:]), 1e-9)
	})
	require.Zero(t, new(WeightedHistogram).Quantile(0.5))
}

func TestExceedanceCountsWhatLiesAbove(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cells, values := drawCells(t)
		var above [3]int16
		for k := range above {
			above[k] = rapid.Int16Range(0, 511).Draw(t, "bin")
		}
		slices.Sort(above[:])
		for k, ts := range Exceed([3][]Tally{}, cells, above) {
			want := 0
			for _, v := range values {
				if correlate.BinIndex(v) > above[k] {
					want++
				}
			}
			e, n := Sum(ts)
			require.EqualValues(t, want, e)
			require.EqualValues(t, len(values), n)
		}
	})
}

func TestExceedanceOfFartherBinsIsCountedAtOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cells, _ := drawCells(t)
		var above, farther [3]int16
		higher := rapid.Int16Range(0, 40).Draw(t, "higher")
		for k := range above {
			above[k] = rapid.Int16Range(-1, 500).Draw(t, "bin")
		}
		slices.Sort(above[:])
		for k := range above {
			farther[k] = above[k] + higher
		}
		var near, far [3][]Tally
		ExceedTwice([3]*[]Tally{&near[0], &near[1], &near[2]}, [3]*[]Tally{&far[0], &far[1], &far[2]}, cells, above, higher)
		require.Equal(t, Exceed([3][]Tally{}, cells, above), near)
		require.Equal(t, Exceed([3][]Tally{}, cells, farther), far)
	})
}

func TestTalliesOfCells(t *testing.T) {
	cells := []correlate.Cell{{Start: 0, Requests: 10, Errors: 12}, {Start: 10}, {Start: 20, Requests: 5, Errors: 1}}
	ts := Tallies(nil, cells, ErrorsOfRequests)
	require.Equal(t, []Tally{{0, 10, 10}, {20, 1, 5}}, ts, "no more errors than requests, and nothing of an empty cell")
	require.EqualValues(t, 15, Requests(cells))
	require.InDelta(t, 11.0/15, Rate(ts), 1e-9)
	require.Zero(t, Rate(nil))
	require.Equal(t, cells[1:2], CellsIn(cells, Span{10, 20}))
}

func TestHeadsAndTailsOfTallies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ts := drawTallies(t, "tallies")
		at := drawn.Start + rapid.Int64Range(-50, 2000).Draw(t, "at")
		require.Equal(t, ts, append(slices.Clone(Before(ts, at)), Since(ts, at)...))
		for _, x := range Before(ts, at) {
			require.Less(t, x.At, at)
		}
		for _, x := range Since(ts, at) {
			require.GreaterOrEqual(t, x.At, at)
		}
	})
}

func TestSpans(t *testing.T) {
	for name, tc := range map[string]struct {
		a, b     Span
		overlaps bool
	}{
		"one after the other": {Span{0, 10}, Span{10, 20}, false},
		"one in the other":    {Span{0, 30}, Span{10, 20}, true},
		"a common second":     {Span{0, 11}, Span{10, 20}, true},
		"far apart":           {Span{0, 5}, Span{10, 20}, false},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, tc.overlaps, tc.a.Overlaps(tc.b))
			require.Equal(t, tc.overlaps, tc.b.Overlaps(tc.a))
		})
	}
	require.Equal(t, Span{-90, -80}, Span{10, 20}.Back(100))
	require.True(t, Span{10, 20}.Within(10))
	require.False(t, Span{10, 20}.Within(11))
}

func TestRoundingUpTakesFewSteps(t *testing.T) {
	steps := map[int64]bool{}
	for length := int64(1); length <= 16*300; length++ {
		up := RoundUp(length, 300)
		require.GreaterOrEqual(t, up, length)
		require.LessOrEqual(t, up, max(300, 2*length))
		require.Zero(t, up%300)
		steps[up/300] = true
		require.Equal(t, (length+299)/300*300, RoundUpTo(length, 300))
	}
	require.Equal(t, map[int64]bool{1: true, 2: true, 3: true, 4: true, 6: true, 8: true, 12: true, 16: true}, steps)
}

func TestLocatingIsTheBestStretchOfAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pairs := drawPairs(t)
		h, theta := Hypothesis{Theta: 1.25, Phi: 1}, rapid.Float64Range(2, 10).Draw(t, "theta")
		best := math.Inf(-1)
		for lo := range pairs {
			sum := 0.0
			for _, p := range pairs[lo:] {
				sum += (&gains{h: h, theta: theta, up: math.Log(theta / h.Theta)}).of(p)
				best = max(best, sum)
			}
		}
		x, gain := Locate(pairs, h, theta)
		require.InDelta(t, best, gain, 1e-6*(1+math.Abs(best)))
		require.GreaterOrEqual(t, x.End, x.Onset)
	})
}

func TestAControlBeforeIsSharedOutByExposure(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ts := drawTallies(t, "treated")
		control := Pair{EC: 50, NC: 1000}
		all := Totals(Alongside(ts, control))
		e, n := Sum(ts)
		require.InDelta(t, float64(e), all.ET, 1e-6)
		require.InDelta(t, float64(n), all.NT, 1e-6)
		if len(ts) > 0 {
			require.InDelta(t, control.EC, all.EC, 1e-6)
			require.InDelta(t, control.NC, all.NC, 1e-6)
		}
	})
}

func TestWhatIsVisibleConvictsWhenItIsExpected(t *testing.T) {
	bar := -math.Log(0.01)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Float64Range(1000, 1e6).Draw(t, "n")
		h := Hypothesis{Theta: 1.25, Phi: rapid.Float64Range(1, 4).Draw(t, "phi"), Control: rapid.Float64Range(0.001, 0.1).Draw(t, "rate")}
		exposed := Pair{NT: n, NC: n}
		v := SmallestVisible(exposed, h, bar)
		if v == 0 {
			return
		}
		seen := Pair{ET: min(v*h.Control, 1) * n, NT: n, EC: h.Control * n, NC: n}
		require.GreaterOrEqual(t, Evidence([]Pair{seen}, h, []Restart{{}}), bar-1e-3*(seen.ET+seen.EC))
		more := SmallestVisible(Pair{NT: 4 * n, NC: 4 * n}, h, bar)
		require.LessOrEqual(t, more, v, "more exposure shows less")
	})
}
