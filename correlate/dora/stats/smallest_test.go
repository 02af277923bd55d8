package stats_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate/dora/stats"
)

func TestTheSmallestComeFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.SampledFrom([]int64{1, 10, 1 << 40}).Draw(t, "most")
		spans := rapid.SliceOfN(rapid.Map(rapid.Int64Range(0, most), func(n int64) time.Duration { return time.Duration(n) }), 1, 500).Draw(t, "spans")
		if rapid.Bool().Draw(t, "in order") {
			slices.Sort(spans)
		}
		sorted := slices.Sorted(slices.Values(spans))
		k := rapid.IntRange(0, len(spans)-1).Draw(t, "k")
		stats.Smallest(spans, k)
		require.Equal(t, sorted[k], spans[k])
		first, rest := slices.Sorted(slices.Values(spans[:k])), slices.Sorted(slices.Values(spans[k:]))
		require.Equal(t, sorted, append(first, rest...))
	})
}

// Organ pipes: the median of three is always among the least.
func TestABadOrderIsSortedInTheEnd(t *testing.T) {
	spans := make([]time.Duration, 1<<16)
	for i := range spans {
		spans[i] = time.Duration(min(i, len(spans)-i))
	}
	sorted := slices.Sorted(slices.Values(spans))
	stats.Smallest(spans, len(spans)/2)
	require.Equal(t, sorted[len(spans)/2], spans[len(spans)/2])
}
