package correlate_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
)

func TestABinHoldsItsDurations(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ns := rapid.Int64Range(1, math.MaxInt64).Draw(t, "ns")
		index := correlate.BinIndex(ns)
		// The floor of a bin is rounded, and so may be one off beyond 2⁵³.
		slack := 1 + float64(ns)*1e-12
		require.LessOrEqual(t, correlate.BinFloor(index), float64(ns)+slack)
		require.Greater(t, correlate.BinFloor(index+1)+slack, float64(ns))
	})
	for _, ns := range []int64{math.MinInt64, -1, 0, 1} {
		require.Zero(t, correlate.BinIndex(ns), "%d ns: nothing is shorter than the first bin", ns)
	}
}

func TestBinsKeepTheOrderOfDurations(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Int64Range(0, 1e12).Draw(t, "a"), rapid.Int64Range(0, 1e12).Draw(t, "b")
		if a > b {
			a, b = b, a
		}
		require.LessOrEqual(t, correlate.BinIndex(a), correlate.BinIndex(b))
	})
}

// durations draws a few durations with how often each was seen.
var durations = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) correlate.Bin {
	return correlate.Bin{
		Index: int16(rapid.IntRange(0, 400).Draw(t, "bin")), Count: uint32(rapid.IntRange(1, 1000).Draw(t, "count")),
	}
}), 0, 30)

func histogramOf(bins []correlate.Bin) (h correlate.Histogram) {
	for _, b := range bins {
		h.Add(b.Index, int64(b.Count))
	}
	return h
}

func TestAHistogramIsASumWhateverTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bins, more := durations.Draw(t, "bins"), durations.Draw(t, "more")
		h := histogramOf(bins)
		require.True(t, slices.IsSortedFunc(h, func(a, b correlate.Bin) int { return int(a.Index) - int(b.Index) }))
		require.Equal(t, h, histogramOf(rapid.Permutation(bins).Draw(t, "shuffled")))

		var at []int16
		var counts []uint64
		for _, b := range rapid.Permutation(bins).Draw(t, "as counts") {
			at, counts = append(at, b.Index), append(counts, uint64(b.Count))
		}
		var each correlate.Histogram
		each.AddEach(at, counts)
		require.Equal(t, h, each)

		merged := slices.Clone(h)
		merged.Merge(histogramOf(more))
		require.Equal(t, histogramOf(slices.Concat(bins, more)), merged)
		require.Equal(t, h.Total()+histogramOf(more).Total(), merged.Total())
	})
}

func TestQuantilesAgreeWithTheSortedValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := histogramOf(durations.Draw(t, "bins"))
		q := rapid.Float64Range(0.001, 0.999).Draw(t, "q")
		var values []int16
		for _, b := range h {
			values = append(values, slices.Repeat([]int16{b.Index}, int(b.Count))...)
		}
		index, ok := h.QuantileBin(q)
		require.Equal(t, len(values) > 0, ok)
		if !ok {
			return
		}
		require.Equal(t, values[int(math.Ceil(q*float64(len(values))))-1], index)
		above := 0
		for _, v := range values {
			if v > index {
				above++
			}
		}
		require.EqualValues(t, above, h.Above(index))
		require.LessOrEqual(t, float64(above), (1-q)*float64(len(values))+1e-9)
	})
}

func TestCountsStopAtWhatABinHolds(t *testing.T) {
	var h correlate.Histogram
	h.Add(7, math.MaxUint32)
	h.Add(7, 5)
	h.Add(9, math.MaxInt64/2)
	h.Add(8, 0)
	h.Add(8, -3)
	require.Equal(t, correlate.Histogram{{Index: 7, Count: math.MaxUint32}, {Index: 9, Count: math.MaxUint32}}, h)
	_, ok := correlate.Histogram(nil).QuantileBin(0.5)
	require.False(t, ok)
}

// anyCell draws a cell of one bucket.
var anyCell = rapid.Custom(func(t *rapid.T) correlate.Cell {
	count := rapid.Int64Range(0, 1e6)
	return correlate.Cell{
		Start: 10, Requests: count.Draw(t, "requests"), Errors: count.Draw(t, "errors"), Sum: count.Draw(t, "sum"), N: count.Draw(t, "n"),
		Latency: histogramOf(durations.Draw(t, "latency")),
	}
})

func TestMergingCellsCommutesAndGroups(t *testing.T) {
	sum := func(cells ...correlate.Cell) correlate.Cell {
		total := correlate.Cell{Start: 10}
		for _, c := range cells {
			total.Merge(c)
		}
		return total
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := anyCell.Draw(t, "a"), anyCell.Draw(t, "b"), anyCell.Draw(t, "c")
		require.Equal(t, sum(a, b, c), sum(c, b, a))
		require.Equal(t, sum(a, b, c), sum(a, sum(b, c)))
	})
}

func TestCellsBetweenAreThoseOfAScan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var cells []correlate.Cell
		start := int64(0)
		for range rapid.IntRange(0, 40).Draw(t, "cells") {
			start += 10 * rapid.Int64Range(1, 3).Draw(t, "gap")
			cells = append(cells, correlate.Cell{Start: start, Requests: start})
		}
		from, to := rapid.Int64Range(-20, 900).Draw(t, "from"), rapid.Int64Range(-20, 900).Draw(t, "to")
		var want []correlate.Cell
		for _, c := range cells {
			if from <= c.Start && c.Start < to {
				want = append(want, c)
			}
		}
		got := correlate.CellsBetween(cells, from, to)
		require.Equal(t, want, append([]correlate.Cell(nil), got...))
		require.Equal(t, len(got), cap(got), "appending to it overwrites nothing")
	})
}

func TestKeysHaveOneOrder(t *testing.T) {
	text := rapid.SampledFrom([]string{"", "a", "b"})
	key := rapid.Custom(func(t *rapid.T) correlate.Key {
		return correlate.Key{
			Service: text.Draw(t, "service"), Environment: text.Draw(t, "environment"), Version: text.Draw(t, "version"),
			Kind:   correlate.SignalKind(rapid.IntRange(1, 3).Draw(t, "kind")),
			Origin: correlate.Origin(rapid.IntRange(1, 3).Draw(t, "origin")), Name: text.Draw(t, "name"), Peer: text.Draw(t, "peer"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := key.Draw(t, "a"), key.Draw(t, "b"), key.Draw(t, "c")
		require.Equal(t, a == b, a.Compare(b) == 0)
		require.Equal(t, a.Compare(b), -b.Compare(a))
		if a.Compare(b) <= 0 && b.Compare(c) <= 0 {
			require.LessOrEqual(t, a.Compare(c), 0)
		}
	})
}

// BenchmarkHistogramAdd adds latencies of one service, in about 40 bins.
func BenchmarkHistogramAdd(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	bins := make([]int16, 4096)
	for i := range bins {
		bins[i] = correlate.BinIndex(int64((5 + 15*random.ExpFloat64()) * 1e6))
	}
	var h correlate.Histogram
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		h.Add(bins[n%len(bins)], 1)
		n++
	}
}
