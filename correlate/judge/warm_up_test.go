package judge

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
	"github.com/shipwake/shipwake/correlate/judge/expect"
	"github.com/shipwake/shipwake/internal/drawn"
)

// warmingUp is a service that fails and waits a few times as much for five minutes after each of some rollouts, two hours
// apart, and after the one that is judged; lasting is what the latter brings for good.
func warmingUp(seed uint64, rollouts int64, errors, lasting float64) Case {
	s := newSim(seed)
	const apart = 7200
	cells := func(from, to int64, more float64) []correlate.Cell {
		first := min(from+300, to)
		return append(s.Cells(from, first, 1, errors*more, 1), s.Cells(first, to, 1, more, 1)...)
	}
	c := s.allAtOnce(0, 1, 1)
	if rollouts > 0 {
		at := drawn.Start - rollouts*apart
		c.Streams[0].History = coarse(s.Cells(at-3600, at, 1, 1, 1))
	}
	for n := rollouts; n > 0; n-- {
		at := drawn.Start - n*apart
		c.Earlier = append(c.Earlier, expect.Rollout{Start: at, Finish: at, Until: at + apart})
		c.Streams[0].History = append(c.Streams[0].History, coarse(cells(at, min(at+apart, drawn.Start-3600), 1))...)
	}
	c.Streams[0].Whole = append(c.Streams[0].Whole, cells(drawn.Start, drawn.Start+1800, lasting)...)
	c.Now, c.Streams[0].Past = drawn.Start+1800, c.Streams[0].History
	return c
}

// coarse adds fine cells up.
func coarse(cells []correlate.Cell) (out []correlate.Cell) {
	for _, c := range cells {
		if n := len(out); n > 0 && out[n-1].Start == c.Start-evalue.Mod(c.Start, 300) {
			out[n-1].Merge(c)
			continue
		}
		c.Start -= evalue.Mod(c.Start, 300)
		out = append(out, c)
	}
	return out
}

func TestAWarmUpIsExpectedOnceItIsKnown(t *testing.T) {
	p := DefaultParams()
	for name, c := range map[string]struct {
		Case
		within [2]int64 // seconds in which it is called regressed; zero: never
	}{
		"a warm-up nobody knows is a fault":           {warmingUp(1, 0, 4, 1), [2]int64{60, 300}},
		"one that was seen twice isn't known yet":     {warmingUp(4, 2, 4, 1), [2]int64{60, 300}},
		"one that was seen three times is expected":   {warmingUp(3, 3, 4, 1), [2]int64{}},
		"a fault on top of it shows at once":          {warmingUp(4, 3, 3, 3), [2]int64{60, 300}},
		"a catastrophe shows within the grace time":   {warmingUp(5, 3, 4, 30), [2]int64{10, 60}},
		"a service that doesn't warm up is judged so": {warmingUp(6, 3, 1, 4), [2]int64{60, 300}},
		"and so is one without a fault":               {warmingUp(7, 4, 1, 1), [2]int64{}},
	} {
		t.Run(name, func(t *testing.T) {
			after, _ := firstRegressed(p, c.Case, 10)
			require.GreaterOrEqual(t, after, c.within[0])
			require.LessOrEqual(t, after, c.within[1])
		})
	}
}

func TestTheNumbersOfAWarmUpAreThoseThatWereCounted(t *testing.T) {
	c := upTo(warmingUp(8, 3, 4, 1), drawn.Start+300)
	a := Assess(DefaultParams(), c)
	for _, e := range a.Evidence {
		if e.Signal == "error_ratio" {
			require.InDelta(t, 240*20, e.N, 500, "all requests since the grace time")
			require.InEpsilon(t, float64(e.Events)/float64(e.N), e.Observed, 1e-4)
			require.InEpsilon(t, 0.02, e.Baseline, 0.4, "four times the usual ratio is expected")
		}
	}
	require.NotEmpty(t, a.Evidence)
}
