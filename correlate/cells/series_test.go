package cells

import (
	"maps"
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

// A series is a map from start to what was counted, sorted.
func TestASeriesIsASortedMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s Series
		var grown, dropped int64
		known := map[int64]int64{}
		for _, c := range drawCells(t) {
			grown += s.add(c)
			known[c.Start] += c.Requests
		}
		before := rapid.Int64Range(0, 210).Draw(t, "before")
		dropped = s.drop(before).bytes
		maps.DeleteFunc(known, func(start, _ int64) bool { return start < before })
		require.Equal(t, slices.Sorted(maps.Keys(known)), starts(s))
		for _, c := range s {
			require.Equal(t, known[c.Start], c.Requests)
		}
		require.Equal(t, s.weigh(1000).bytes, grown-dropped)
		from, to := rapid.Int64Range(0, 210).Draw(t, "from"), rapid.Int64Range(0, 210).Draw(t, "to")
		for _, c := range s.Between(from, to) {
			require.True(t, c.Start >= from && c.Start < to)
		}
	})
}

func starts(s []correlate.Cell) (all []int64) {
	for _, c := range s {
		all = append(all, c.Start)
	}
	return all
}

func TestASeriesKeepsNoMemoryOfOthers(t *testing.T) {
	var s Series
	c := correlate.Cell{Start: 10, Requests: 1, Latency: correlate.Histogram{{Index: 5, Count: 1}}}
	s.add(c)
	s.add(c)
	require.EqualValues(t, 1, c.Latency[0].Count)
	require.EqualValues(t, 2, s[0].Latency[0].Count)
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
			s := &Series{}
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
