package observe

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge"
	"github.com/shipwake/shipwake/correlate/window"
)

func TestABadTimeIsNothingToCompareWith(t *testing.T) {
	const changed = 3600
	for name, want := range map[string]struct {
		bad   window.Span
		left  int64 // seconds of the time before
		since int64 // the first cell that is left
	}{
		"half an hour of it is left out":                      {window.Span{From: 1800, To: 3600}, 1800, 0},
		"what lies in between is left out":                    {window.Span{From: 600, To: 1200}, 3000, 0},
		"a cell that it touches is left out":                  {window.Span{From: 5, To: 15}, 3580, 20},
		"five minutes that are left are a baseline":           {window.Span{From: 0, To: 3290}, 310, 3290},
		"a glimpse is none, so the time before is left out":   {window.Span{From: 0, To: 3350}, 0, changed},
		"what was measured since the change is never touched": {window.Span{From: 0, To: 4000}, 0, changed},
	} {
		t.Run(name, func(t *testing.T) {
			var cells []correlate.Cell
			for at := int64(0); at < changed+600; at += 10 {
				cells = append(cells, correlate.Cell{Start: at, Requests: 1})
			}
			c := judge.Case{Resolution: 10, Coarse: 300, Start: changed, Streams: []judge.Stream{{Kind: correlate.Traffic, Whole: cells}}}
			exclude(&c, []window.Span{want.bad}, judge.DefaultParams().Restart)
			kept := c.Streams[0].Whole
			require.Equal(t, want.since, kept[0].Start)
			require.EqualValues(t, want.left/10+60, len(kept))
			require.Equal(t, []judge.Gap{judge.Gap(want.bad)}, c.Gaps)
			require.Len(t, cells, 420, "the memory of measurements is left alone")
		})
	}
}

// TestAnOutageIsLeftOut: of all cells, those of both sides and of the routes too, and nothing takes its silence for a loss.
func TestAnOutageIsLeftOut(t *testing.T) {
	const changed = 3600
	out := window.Span{From: changed - 60, To: changed + 120}
	var cells []correlate.Cell
	for at := int64(0); at < changed+600; at += 10 {
		cells = append(cells, correlate.Cell{Start: at, Requests: 1})
	}
	since := cells[changed/10:]
	c := judge.Case{
		Resolution: 10, Coarse: 300, Minute: 60, Start: changed, Now: changed + 600,
		Streams: []judge.Stream{{Kind: correlate.Traffic, Whole: cells, New: since, Old: since}},
		Zones:   []judge.Zone{{Name: "a", Cells: cells}},
		Routes: func() []judge.Part {
			return []judge.Part{{Name: "/", Cells: []correlate.Cell{{Start: 3480}, {Start: 3540}, {Start: 3720}}}}
		},
	}
	Without(&c, out)
	for name, tc := range map[string]struct {
		left []correlate.Cell
		want int
	}{
		"every version":    {c.Streams[0].Whole, len(cells) - 18},
		"the new version":  {c.Streams[0].New, len(since) - 12},
		"the old version":  {c.Streams[0].Old, len(since) - 12},
		"a zone":           {c.Zones[0].Cells, len(cells) - 18},
		"a route, coarser": {c.Routes()[0].Cells, 2},
	} {
		t.Run(name, func(t *testing.T) {
			require.Len(t, tc.left, tc.want)
			for _, cell := range tc.left {
				require.False(t, cell.Start >= out.From && cell.Start < out.To)
			}
		})
	}
	require.Equal(t, []judge.Gap{judge.Gap(out)}, c.Gaps)
	require.Len(t, cells, 420, "the memory of measurements is left alone")
}
