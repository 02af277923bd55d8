package cells

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
)

// drawAny are cells by their start, of all numbers that fit.
func drawAny(t *rapid.T) run {
	number := rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(0, 1000), rapid.Int64())
	start := rapid.Int64Range(0, math.MaxUint32).Draw(t, "first")
	count := rapid.OneOf(rapid.Uint32Range(1, 40), rapid.Uint32Min(1))
	var before correlate.Histogram
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) correlate.Cell {
		start += rapid.OneOf(rapid.Just(int64(10)), rapid.Int64Range(1, 1<<20)).Draw(t, "step")
		c := correlate.Cell{
			Start: start, Requests: number.Draw(t, "requests"), Errors: number.Draw(t, "errors"), Sum: number.Draw(t, "sum"), N: number.Draw(t, "n"),
		}
		if rapid.Bool().Draw(t, "all told?") {
			c.N = c.Requests
		}
		if rapid.Bool().Draw(t, "the bins of the one before?") {
			c.Latency = slices.Clone(before)
			for i := range c.Latency {
				c.Latency[i].Count = count.Draw(t, "count")
			}
			return c
		}
		for index := rapid.Int16().Draw(t, "index"); rapid.IntRange(0, 3).Draw(t, "more?") > 0; {
			c.Latency = append(c.Latency, correlate.Bin{Index: index, Count: count.Draw(t, "count")})
			by := rapid.OneOf(rapid.Int16Range(1, 10), rapid.Int16Min(1)).Draw(t, "by")
			if index > math.MaxInt16-by {
				break
			}
			index += by
		}
		before = c.Latency
		return c
	}), 1, 30).Draw(t, "cells")
}

func TestCellsAreUnpackedAsTheyWerePacked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, cells := &manner{span: 3600}, drawAny(t)
		b := m.pack(cells)
		require.Equal(t, cells[len(cells)-1].Start, b.last())
		require.EqualValues(t, len(cells), b.weigh().cells)
		require.Equal(t, cells, unpack([]block{b}, 0))
		require.Equal(t, append(cells[:len(cells):len(cells)], cells...), unpack([]block{b, b}, 0))
	})
}

// So what a block takes is no matter of how often cells were packed.
func TestCellsThatArePackedOneByOneAreTheSameBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, cells := &manner{span: 3600}, drawAny(t)
		b := m.pack(cells[:1])
		for rest := cells[1:]; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "together")
			b, rest = m.extend(b, rest[:n]), rest[n:]
		}
		require.Equal(t, m.pack(cells), b)
	})
}

func TestWhatAPackedCellTakes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	steady := make(run, 30)
	for i := range steady {
		steady[i] = correlate.Cell{Start: midnight + int64(i)*10, Requests: 50}
	}
	spread := make(run, 30)
	for i := range spread {
		spread[i] = served(rng, "a", midnight+int64(i)*10)[0].Cell
	}
	for name, c := range map[string]struct {
		cells run
		most  int
	}{
		"a number of requests":                      {steady, 2},
		"some 50 requests, in a bin or two of each": {spread, 28},
	} {
		t.Run(name, func(t *testing.T) {
			b := (&manner{span: 300}).pack(c.cells)
			require.Less(t, len(b.data), c.most*len(c.cells)+8)
		})
	}
}
