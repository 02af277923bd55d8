package judge

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
	"github.com/shipwake/shipwake/internal/drawn"
)

// instances are the memory and the restarts of a service: level and restarted tell both by the seconds since the change.
func instances(c Case, hours int64, level, restarted func(since int64) float64) Case {
	draw := func(from, to, width int64, of func(int64) float64, scale float64) (cells []correlate.Cell) {
		for at := from; at < to; at += width {
			cells = append(cells, correlate.Cell{Start: at, N: 4, Sum: int64(of(at-drawn.Start) * scale * correlate.Fixed)})
		}
		return cells
	}
	stream := func(name string, of func(int64) float64, scale float64) Stream {
		return Stream{
			Kind: correlate.Saturation, Name: name, Whole: draw(drawn.Start-3600, c.Now, 10, of, scale),
			History: draw(drawn.Start-3600-hours*3600, drawn.Start-3600, c.Coarse, of, scale),
		}
	}
	c.Streams = append(slices.Clone(c.Streams), stream("memory_limit_utilization", level, 4), stream(correlate.Restarts, restarted, 1))
	return c
}

func every(seconds, from int64) func(int64) float64 {
	return func(since int64) float64 {
		if since >= from && evalue.Mod(since, seconds) < 10 {
			return 1
		}
		return 0
	}
}

// sawtooth fills the memory from an instant on, again and again.
func sawtooth(seconds, from int64) func(int64) float64 {
	return func(since int64) float64 {
		if since < from {
			return 0.5 + 0.01*float64(evalue.Mod(since/10, 3))
		}
		return 0.5 + 0.5*float64(evalue.Mod(since-from, seconds))/float64(seconds)
	}
}

func TestRestartsOutOfAFullMemoryConvict(t *testing.T) {
	flat := sawtooth(600, 1<<40)
	for name, tc := range map[string]struct {
		hours            int64
		level, restarted func(int64) float64
		convicted        bool
	}{
		"memory that fills again and again": {25, sawtooth(600, 0), every(600, 600), true},
		"that did so before":                {25, sawtooth(600, -1<<40), every(600, -1<<40), false},
		"restarts alone":                    {25, flat, every(600, 600), false},
		"memory alone":                      {25, sawtooth(600, 0), every(600, 1<<40), false},
		"one restart":                       {25, sawtooth(600, 0), every(1<<40, 600), false},
		"with an hour of history as many may well be by chance": {0, sawtooth(600, 0), every(600, 600), false},
		"twice as often as there are in any such time before": {48, sawtooth(600, 0), func(since int64) float64 {
			if since < 0 {
				return every(1800, -1<<40)(since)
			}
			return every(200, 600)(since)
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			c := instances(newSim(3).allAtOnce(3000, 1, 1), tc.hours, tc.level, tc.restarted)
			a := Assess(DefaultParams(), c)
			require.Equal(t, tc.convicted, a.Outcome == correlate.Regressed, "%+v", a)
			require.Equal(t, !tc.convicted, new(Memory).Quiet(ptr(DefaultParams()), &c))
			if tc.convicted {
				require.Equal(t, correlate.ReasonSaturation, a.Reason)
				require.Equal(t, "saturation restarts", a.Evidence[0].Signal)
				require.Greater(t, a.Evidence[0].Ratio, 1.0)
			}
		})
	}
}

func TestWhenMemoryBeganToFillIsTheOnset(t *testing.T) {
	c := instances(newSim(3).allAtOnce(3000, 1, 1), 25, sawtooth(600, 300), every(600, 900))
	a := Assess(DefaultParams(), c)
	require.Equal(t, correlate.Regressed, a.Outcome)
	require.InDelta(t, drawn.Start+300, a.Onset, 60)
	require.Zero(t, a.Recovered, "restarts that come from time to time aren't over between two of them")
}

func TestRestartsBarAnAcquittal(t *testing.T) {
	calm := newSim(5).withHistory(newSim(5).allAtOnce(3000, 1, 1), 3)
	require.Equal(t, correlate.Healthy, Assess(DefaultParams(), instances(calm, 72, sawtooth(600, 1<<40), every(600, 1<<40))).Outcome)
	require.Equal(t, correlate.Inconclusive, Assess(DefaultParams(), instances(calm, 72, sawtooth(600, 1<<40), every(600, 0))).Outcome)
}

func ptr[T any](v T) *T { return &v }
