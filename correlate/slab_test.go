package correlate

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestCopiesInASlabAreApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s Slab
		var copies, want []Histogram
		for range rapid.IntRange(1, 60).Draw(t, "histograms") {
			h := make(Histogram, rapid.SampledFrom([]int{0, 1, 3, 40, slabBins / 8, slabBins/8 + 1, 2 * slabBins}).Draw(t, "bins"))
			for i := range h {
				h[i] = Bin{Index: int16(3 * i), Count: uint32(len(copies) + i + 1)}
			}
			copies, want = append(copies, s.Copy(h)), append(want, slices.Clone(h))
			clear(h)
		}
		for i := range copies {
			require.Equal(t, want[i].Total(), copies[i].Total())
			more := Histogram{{Index: 1, Count: 7}, {Index: 1 << 14, Count: 1}}
			copies[i].Merge(more)
			want[i].Merge(more)
		}
		for i := range copies {
			require.True(t, slices.Equal(want[i], copies[i]), "histogram %d", i)
		}
	})
}

func TestASlabTakesOnePieceForManyHistograms(t *testing.T) {
	h := make(Histogram, 16)
	var s Slab
	each := testing.AllocsPerRun(10*slabBins/16, func() { _ = s.Copy(h) })
	require.Zero(t, each, "less than one for each, on the whole")
	require.Nil(t, s.Copy(Histogram{}))
}
