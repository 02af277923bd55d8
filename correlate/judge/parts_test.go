package judge

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/drawn"
)

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
		new, old := cells("new", drawn.Start), cells("old", drawn.Start)
		var streams []Stream
		for kind := correlate.Traffic; kind <= correlate.Saturation; kind++ {
			streams = append(streams, Stream{Kind: kind, Name: "x", Bad: correlate.BadBoth, New: new, Old: old,
				Whole: append(cells("base", drawn.Start-300), cells("after", drawn.Start)...)})
		}
		a := Assess(DefaultParams(), Case{Resolution: 10, Coarse: 300, Now: drawn.Start + 1200, Start: drawn.Start, Finish: drawn.Start, Streams: streams})
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
