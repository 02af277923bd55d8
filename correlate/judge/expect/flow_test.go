package expect

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/guard"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
	"github.com/shipwake/shipwake/internal/drawn"
)

// requested are cells of ten seconds from an instant on, with so many requests each.
func requested(from int64, requests ...int64) (cells []correlate.Cell) {
	for i, n := range requests {
		if n > 0 {
			cells = append(cells, correlate.Cell{Start: from + 10*int64(i), Requests: n})
		}
	}
	return cells
}

// every repeats some counts.
func every(times int, requests ...int64) (all []int64) {
	for range times {
		all = append(all, requests...)
	}
	return all
}

func TestTheCadenceIsTheShortestWithoutSilence(t *testing.T) {
	p := Default()
	for name, tc := range map[string]struct {
		requests []int64
		want     int64
	}{
		"a busy service is counted by the cell":      {every(60, 5), 10},
		"one that is called now and then by minutes": {every(20, 1, 0, 0), 60},
		"one that is called seldom by five minutes":  {every(10, append([]int64{1}, every(29, 0)...)...), 300},
		"one that is hardly called not at all":       {append(every(1, 1), append(every(299, 0), 1)...), 0},
		"a short time tells nothing":                 {every(5, 5), 0},
		"no requests tell nothing":                   {nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			from := drawn.Start - 10*int64(len(tc.requests))
			f := NewFlow(&p, nil, 10, drawn.Start, requested(from, tc.requests...))
			require.Equal(t, tc.want, f.Width)
		})
	}
}

func TestAFlowKnowsHowManyRequestsWereUsual(t *testing.T) {
	p := Default()
	even := NewFlow(&p, nil, 10, drawn.Start, requested(drawn.Start-3600, every(360, 5)...))
	require.InDelta(t, 0.5, even.Control.EC/even.Control.NC, 1e-9, "requests a second")
	require.InDelta(t, 1, even.Phi, 1e-9)
	bursts := NewFlow(&p, nil, 10, drawn.Start, requested(drawn.Start-3600, every(6, append(every(30, 2), every(30, 20)...)...)...))
	require.Greater(t, bursts.Phi, 20.0, "bursts of five minutes")
}

func TestCountingGoesOnWhereItWas(t *testing.T) {
	p := Default()
	rapid.Check(t, func(t *rapid.T) {
		requests := rapid.SliceOfN(rapid.Int64Range(0, 9), 1, 60).Draw(t, "requests")
		before := requested(drawn.Start-600, every(60, 5)...)
		after := requested(drawn.Start, requests...)
		kept := NewFlow(&p, nil, 10, drawn.Start, before)
		kept.Next = drawn.Start
		for looks := rapid.IntRange(1, 6).Draw(t, "looks"); looks > 0; looks-- {
			now := drawn.Start + 10*rapid.Int64Range(0, int64(len(requests))).Draw(t, "now")
			fresh := NewFlow(&p, nil, 10, drawn.Start, before)
			fresh.Next = drawn.Start
			want := fresh.CatchUp(after, now)
			require.Equal(t, len(want), len(kept.CatchUp(after, now)))
			e, n := evalue.Sum(kept.CatchUp(after, now))
			e2, n2 := evalue.Sum(want)
			require.Equal(t, [2]int64{e2, n2}, [2]int64{e, n})
			require.Equal(t, now-drawn.Start, n, "silent windows count as well")
		}
	})
}

func TestWhatWasLostIsNotSilence(t *testing.T) {
	gap := []Gap{{drawn.Start - 300, drawn.Start - 200}}
	before := requested(drawn.Start-600, append(append(every(30, 5), every(10, 0)...), every(20, 5)...)...)
	p := Default()
	require.EqualValues(t, 10, NewFlow(&p, gap, 10, drawn.Start, before).Width)
	p.Guards = guard.Without(guardGaps)
	require.NotEqualValues(t, 10, NewFlow(&p, gap, 10, drawn.Start, before).Width)
}

func TestPeriodsCountEveryRequestOfFullWindows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cells := requested(drawn.Start, rapid.SliceOfN(rapid.Int64Range(0, 9), 0, 60).Draw(t, "requests")...)
		width := rapid.SampledFrom([]int64{10, 60, 300}).Draw(t, "width")
		to := drawn.Start + 10*rapid.Int64Range(0, 80).Draw(t, "to")
		windows := periods(cells, drawn.Start, to, width)
		full := (to - drawn.Start) / width
		require.EqualValues(t, full, len(windows))
		e, n := evalue.Sum(windows)
		require.Equal(t, full*width, n)
		require.Equal(t, evalue.Requests(evalue.CellsIn(cells, evalue.Span{From: drawn.Start, To: drawn.Start + full*width})), e)
	})
}

func TestTheDaysBeforeAreTheSeasonOfAFlow(t *testing.T) {
	p := Default()
	var history []correlate.Cell
	for at := drawn.Start - 3*86400; at < drawn.Start-3600; at += 300 {
		n := int64(300)
		if evalue.Mod(at-drawn.Start, 86400) < 3600 {
			n = 150 // every day at this hour half as many come
		}
		history = append(history, correlate.Cell{Start: at, Requests: n})
	}
	f := NewFlow(&p, nil, 10, drawn.Start, requested(drawn.Start-3600, every(360, 10)...))
	f.Remember(history, 300)
	y, ok := f.Season.At(evalue.Span{From: drawn.Start, To: drawn.Start + 1800}, &p)
	require.True(t, ok)
	require.InDelta(t, 0.5, y.Factor, 0.05)
	silent := NewFlow(&p, nil, 10, drawn.Start, nil)
	silent.Remember(history, 300)
	require.Nil(t, silent.Season)
	require.Empty(t, everyPeriod(nil, 300))
}
