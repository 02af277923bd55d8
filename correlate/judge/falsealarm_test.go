package judge

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/drawn"
)

// straying draws cells in which all requests of a minute take longer or shorter together, and which follow the time of day.
func (s *sim) straying(from, to int64, part, stray, daily float64) (cells []correlate.Cell) {
	for at := from; at < to; at += 60 {
		day := daily * math.Sin(2*math.Pi*float64(at%86400)/86400)
		cells = append(cells, s.Cells(at, min(at+60, to), part, 1, math.Exp(day+stray*s.Rng.NormFloat64()))...)
	}
	return cells
}

// TestFewChangesWithoutEffectAreEverConvicted looks at changes without any effect every minute for half an hour. Single
// convictions among them are within what alpha allows.
func TestFewChangesWithoutEffectAreEverConvicted(t *testing.T) {
	for name, tc := range map[string]struct {
		stray, daily, burst, part float64
		buckets                   bool
	}{
		"independent requests, in few buckets":                   {0, 0, 0, 0, true},
		"independent requests, a small canary, in few buckets":   {0, 0, 0, 0.05, true},
		"latencies that stray from minute to minute, in buckets": {0.15, 0, 0, 0, true},
		"latencies that stray, a small canary":                   {0.15, 0, 0, 0.1, true},
		"errors in bursts":                                       {0, 0, 5, 0, false},
		"latencies that follow the time of day":                  {0.05, 0.3, 0, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			const runs = 8
			alarms := 0
			for seed := range uint64(runs) {
				s := newSim(1000 + seed)
				s.RPS, s.Burst = 3, tc.burst
				c := Case{Resolution: 10, Coarse: 300, Now: drawn.Start + 1800, Start: drawn.Start, Finish: drawn.Start + 60}
				of := Stream{Kind: correlate.Traffic, Whole: s.straying(drawn.Start-3600, drawn.Start, 1, tc.stray, tc.daily)}
				if tc.part > 0 {
					of.New = s.straying(drawn.Start, c.Now, tc.part, tc.stray, tc.daily)
					of.Old = s.straying(drawn.Start, c.Now, 1-tc.part, tc.stray, tc.daily)
					of.Whole = append(of.Whole, added(of.New, of.Old)...)
				} else {
					of.Whole = append(of.Whole, s.straying(drawn.Start, c.Now, 1, tc.stray, tc.daily)...)
				}
				c.Streams = []Stream{of}
				if tc.buckets {
					c = in(c, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5)
				}
				if at, _ := firstRegressed(DefaultParams(), c, 60); at > 0 {
					alarms++
				}
			}
			require.LessOrEqual(t, alarms, 1)
		})
	}
}
