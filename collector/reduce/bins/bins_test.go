package bins

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
)

func TestValues(t *testing.T) {
	for ns, want := range map[float64]int16{
		-5: 0, 0: 0, 0.5: 0, 1: 0, 1e6: correlate.BinIndex(1e6), 1e300: correlate.BinIndex(math.MaxInt64),
		math.Inf(1): correlate.BinIndex(math.MaxInt64), math.Inf(-1): 0,
	} {
		require.Equal(t, want, Of(ns), ns)
	}
	require.Zero(t, Of(math.NaN()))
}

func TestBucketsWithBounds(t *testing.T) {
	require.Equal(t, []int16{Of(5e6), Of(2e7), Of(4e7 * math.Sqrt2)}, Explicit([]float64{0.010, 0.040}, 1e9))
	require.Equal(t, []int16{Of(-1), Of(0.5 * 1e9), Of(math.Sqrt2 * 1e9)}, Explicit([]float64{-2, 1}, 1e9))
}

// Whatever is remembered from others, the bins are those of the bounds and the unit.
func TestRememberedBins(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var latest Latest
		for range 5 {
			bounds := rapid.SliceOfN(rapid.Float64Range(-1, 100), 1, 4).Draw(t, "bounds")
			unit := rapid.SampledFrom([]float64{1, 1e3, 1e6, 1e9}).Draw(t, "unit")
			for range 2 {
				for i, bin := range Explicit(bounds, unit) {
					require.Equal(t, Of(middle(bounds, i)*unit), bin)
				}
				require.Equal(t, Explicit(bounds, unit), latest.Explicit(bounds, unit))
			}
			scale := rapid.Int32Range(-10, 20).Draw(t, "scale")
			index := rapid.OneOf(rapid.Int64Range(-500, 500), rapid.Int64Range(-around-300, around+300), rapid.Int64Range(-40_000, 40_000)).Draw(t, "index")
			counts := rapid.SliceOfN(rapid.Uint64Range(0, 3), 0, pageSize+20).Draw(t, "counts")
			var want correlate.Histogram
			for i, n := range counts {
				at := (float64(index+int64(i)) + 0.5) * math.Exp2(-float64(scale))
				want.Add(Of(math.Exp2(at)*unit), int64(n))
			}
			for range 2 {
				var got correlate.Histogram
				OfScale(scale, unit).Fill(&got, index, counts)
				require.Equal(t, want, got)
				require.Same(t, OfScale(scale, unit), latest.OfScale(scale, unit))
			}
		}
	})
}

func TestManyBoundsAreNotRemembered(t *testing.T) {
	bounds := make([]float64, mostBounds+1)
	for i := range bounds {
		bounds[i] = float64(i + 1)
	}
	require.Len(t, Explicit(bounds, 1e9), len(bounds)+1)
	known := places[placeOf(bounds, 1e9)].Load()
	require.True(t, known == nil || len(known.bounds) <= mostBounds)
}

func TestBinsAllocateNothing(t *testing.T) {
	bounds := []float64{0.1, 0.2, 0.4}
	scale := OfScale(3, 1e9)
	var h correlate.Histogram
	require.Zero(t, testing.AllocsPerRun(100, func() {
		Explicit(bounds, 1e9)
		scale.Fill(&h, -60, []uint64{1, 0, 2})
	}))
}

// BenchmarkScale adds 160 buckets of a scale, as many as SDKs have: of latencies far apart, and of some that are all alike, whose
// bins aren't remembered.
func BenchmarkScale(b *testing.B) {
	counts := make([]uint64, 160)
	for i := range counts {
		counts[i] = uint64(i%7) + 1
	}
	for name, of := range map[string]struct {
		scale int32
		index int64
	}{"far-apart": {4, -160}, "alike": {12, -13_600}} {
		b.Run(name, func(b *testing.B) {
			var h correlate.Histogram
			b.ReportAllocs()
			for b.Loop() {
				OfScale(of.scale, 1e9).Fill(&h, of.index, counts)
			}
		})
	}
}
