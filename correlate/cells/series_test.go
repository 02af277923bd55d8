package cells

import (
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
)

func drawCells(t *rapid.T) []correlate.Cell {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) correlate.Cell {
		c := correlate.Cell{Start: 10 * rapid.Int64Range(0, 20).Draw(t, "start"), Requests: rapid.Int64Range(0, 9).Draw(t, "requests")}
		c.Latency.Add(int16(rapid.IntRange(180, 183).Draw(t, "bin")), c.Requests)
		return c
	}), 0, 40).Draw(t, "cells")
}

func drawSeries(t *rapid.T) *Series {
	span := 10 * rapid.Int64Range(1, 12).Draw(t, "span")
	return newSeries(&manner{span: span, looks: &looks{now: firstLook}}, 0)
}

// A series is a map from start to what was counted, sorted, whatever of it is packed or asked for in between.
func TestASeriesIsASortedMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, known := drawSeries(t), map[int64]correlate.Cell{}
		since := rapid.Int64Range(0, 210).Draw(t, "since")
		var reading Reading
		var bytes int64
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				for _, c := range drawCells(t) {
					bytes += s.add(c)
					known[c.Start] = sumOf(known[c.Start], c)
				}
			},
			"pack": func(t *rapid.T) { bytes += s.pack(rapid.Int64Range(0, 210).Draw(t, "to")) },
			"drop": func(t *rapid.T) {
				before := rapid.Int64Range(0, 210).Draw(t, "before")
				count := len(known)
				maps.DeleteFunc(known, func(start int64, _ correlate.Cell) bool { return start < before })
				freed := s.drop(before)
				require.EqualValues(t, count-len(known), freed.cells)
				bytes -= freed.bytes
			},
			"look": func(t *rapid.T) { s.of.looks.next(rapid.SampledFrom([]int64{0, 1, 1000}).Draw(t, "most")) },
			"ask": func(t *rapid.T) {
				from, to := rapid.Int64Range(0, 210).Draw(t, "from"), rapid.Int64Range(0, 210).Draw(t, "to")
				require.Equal(t, between(known, from, to), append(run{}, s.Between(from, to)...))
				require.Equal(t, between(known, from, to), append(run{}, s.copied(from, to)...))
			},
			"go on": func(t *rapid.T) {
				to := rapid.Int64Range(0, 210).Draw(t, "to")
				require.Equal(t, between(known, since, to), append(run{}, reading.Between(s, since, to)...))
			},
			"": func(t *rapid.T) {
				require.Equal(t, bytes, s.weigh(math.MaxInt64).bytes)
				require.Equal(t, s.warm, s.of.looks.warm)
				require.Equal(t, len(known) == 0, s.empty())
				at := rapid.Int64Range(0, 210).Draw(t, "at")
				before := between(known, 0, at)
				require.EqualValues(t, len(before), s.weigh(at).cells)
				require.Equal(t, len(before) > 0, s.BeganBefore(at))
				if len(before) > 0 {
					require.Equal(t, before[len(before)-1].Start, s.last(at))
				}
			},
		})
	})
}

func sumOf(a, b correlate.Cell) correlate.Cell {
	a.Latency = slices.Clone(a.Latency)
	a.Merge(b)
	a.Start = b.Start
	return a
}

func between(known map[int64]correlate.Cell, from, to int64) run {
	cells := run{}
	for _, start := range slices.Sorted(maps.Keys(known)) {
		if start >= from && start < to {
			cells = append(cells, known[start])
		}
	}
	return cells
}

func starts(s []correlate.Cell) (all []int64) {
	for _, c := range s {
		all = append(all, c.Start)
	}
	return all
}

func TestASeriesKeepsNoMemoryOfOthers(t *testing.T) {
	s := newSeries(&manner{span: 60, looks: &looks{}}, 0)
	c := correlate.Cell{Start: 10, Requests: 1, Latency: correlate.Histogram{{Index: 5, Count: 1}}}
	s.add(c)
	s.add(c)
	require.EqualValues(t, 1, c.Latency[0].Count)
	require.EqualValues(t, 2, everything(s)[0].Latency[0].Count)
}

func TestASeriesMayBeMissing(t *testing.T) {
	var none *Series
	require.False(t, none.BeganBefore(100))
	require.False(t, (&Series{}).BeganBefore(100))
	require.Zero(t, Requests(nil))
	require.EqualValues(t, 5, Requests([]correlate.Cell{{Requests: 2}, {Requests: 3}}))
}

// A sum that is continued is the sum of everything at once, also when it is asked for earlier or later stretches.
func TestASumMayBeContinued(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var parts []*Series
		for range rapid.IntRange(0, 4).Draw(t, "series") {
			s := drawSeries(t)
			for _, c := range drawCells(t) {
				s.add(c)
			}
			parts = append(parts, s)
		}
		var sum Sum
		for range rapid.IntRange(1, 5).Draw(t, "looks") {
			if len(parts) > 0 && rapid.IntRange(0, 5).Draw(t, "drop a series?") == 0 {
				parts = parts[1:]
			}
			from := rapid.Int64Range(0, 200).Draw(t, "from")
			to := rapid.Int64Range(from, 220).Draw(t, "to")
			want := map[int64]correlate.Cell{}
			for _, p := range parts {
				for _, c := range p.Between(from, to) {
					known := want[c.Start]
					known.Start = c.Start
					known.Latency = slices.Clone(known.Latency)
					known.Merge(c)
					want[c.Start] = known
				}
			}
			got := sum.Between(parts, from, to)
			require.Equal(t, slices.Sorted(maps.Keys(want)), starts(got))
			for _, c := range got {
				require.Equal(t, want[c.Start].Requests, c.Requests)
				require.ElementsMatch(t, want[c.Start].Latency, c.Latency)
			}
		}
	})
}
