package judge

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/drawn"
)

// drawStreams adds to a case what else a service tells.
func drawStreams(t *rapid.T, c *Case) {
	at := func(label string, n int) int64 { return drawn.Start + 10*rapid.Int64Range(0, int64(n)).Draw(t, label) }
	some := func(cell correlate.Cell, starts ...int64) (cells []correlate.Cell) {
		for _, start := range starts {
			cell.Start = start
			if n := len(cells); start < c.Now && (n == 0 || cells[n-1].Start < start) {
				cells = append(cells, cell)
			}
		}
		return cells
	}
	for _, kind := range rapid.SliceOfDistinct(rapid.IntRange(0, 3), rapid.ID).Draw(t, "also") {
		switch kind {
		case 0:
			c.Streams = append(c.Streams, Stream{Kind: correlate.Exception, Name: "E", Whole: some(correlate.Cell{Errors: 2}, at("before", 0)-600*rapid.Int64Range(0, 1).Draw(t, "known"), at("thrown", 300))})
		case 1:
			restarts := correlate.Cell{Sum: correlate.Fixed, N: 1}
			c.Streams = append(c.Streams, Stream{Kind: correlate.Saturation, Name: correlate.Restarts, Whole: some(restarts, at("restarted", 300), at("restarted again", 400))})
		case 2:
			c.Streams = append(c.Streams, Stream{Kind: correlate.Edge, Whole: c.Streams[0].Whole})
		case 3:
			c.Gaps = []Gap{{From: at("gap", 200), To: at("until", 300)}}
		}
	}
}

// A vigil holds at most looks at a change that hurts nobody, and finds quiet what a quick look finds quiet: at every bucket, of
// changes that begin to hurt at some time, or whose versions come and go.
func TestAVigilFindsWhatAQuickLookFinds(t *testing.T) {
	held, looks := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		sim := newSim(rapid.Uint64Range(1, 50).Draw(rt, "seed"))
		sim.RPS = rapid.SampledFrom([]float64{0.5, 5, 30}).Draw(rt, "requests")
		errors, slower := rapid.SampledFrom([]float64{1, 1, 1.5, 4, 40}).Draw(rt, "errors"), rapid.SampledFrom([]float64{1, 1, 1.2}).Draw(rt, "slower")
		var c Case
		switch rapid.IntRange(0, 2).Draw(rt, "kind") {
		case 0:
			c = sim.canary(1800, rapid.SampledFrom([]float64{0.05, 0.5, 0.9}).Draw(rt, "share"), errors, slower)
			if rapid.Bool().Draw(rt, "the old version leaves") {
				s := &c.Streams[0]
				s.Old = s.Old[:min(len(s.Old), rapid.IntRange(1, 200).Draw(rt, "after"))]
			}
		case 1:
			c = sim.allAtOnce(1800, errors, slower)
		default:
			c = sim.withHistory(sim.allAtOnce(1800, errors, slower), 3)
		}
		if rapid.Bool().Draw(rt, "silent for a while") {
			from := drawn.Start + 10*rapid.Int64Range(0, 170).Draw(rt, "silent from")
			c = c.silent(from, from+10*rapid.Int64Range(1, 20).Draw(rt, "for"))
		}
		drawStreams(rt, &c)
		p, m := DefaultParams(), Memory{}
		for now := c.Start + 10*rapid.Int64Range(1, 40).Draw(rt, "first"); now <= c.Now; now += 10 * rapid.SampledFrom([]int64{1, 1, 1, 6}).Draw(rt, "next") {
			seen := upTo(c, now)
			if rapid.IntRange(0, 20).Draw(rt, "in full") == 0 {
				if m.Decide(&p, &seen); rapid.Bool().Draw(rt, "told") {
					require.Equal(rt, Assess(p, seen), m.Assess(&p, &seen))
				}
			}
			was := m.vigil.now
			require.Equal(rt, new(Memory).Quiet(&p, &seen), m.Quiet(&p, &seen), now-c.Start)
			if looks++; was != 0 && m.vigil.now == now {
				held++
			}
		}
	})
	require.Greater(t, held, looks/8)
}
