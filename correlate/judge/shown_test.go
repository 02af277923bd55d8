package judge

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/drawn"
)

// TestWhatIsShownAgrees: every estimate lies in its own interval, and of a change that regressed the first evidence is of
// the family that the reason names.
func TestWhatIsShownAgrees(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newSim(rapid.Uint64().Draw(t, "seed"))
		s.RPS = rapid.Float64Range(0.5, 30).Draw(t, "rps")
		s.Errors = rapid.SampledFrom([]float64{0, 0.0005, 0.01}).Draw(t, "errors")
		worse, slower := rapid.Float64Range(0, 200).Draw(t, "worse"), rapid.Float64Range(0.5, 4).Draw(t, "slower")
		c := s.allAtOnce(900, worse, slower)
		if rapid.Bool().Draw(t, "canary") {
			c = s.canary(900, 0.2, worse, slower)
		}
		a := Assess(DefaultParams(), c)
		for _, e := range a.Evidence {
			if e.Interval != [2]float64{} {
				require.LessOrEqual(t, e.Interval[0], e.Ratio, "%+v", e)
				require.GreaterOrEqual(t, e.Interval[1], e.Ratio, "%+v", e)
			}
		}
		if a.Outcome == correlate.Regressed {
			about := map[correlate.Reason]string{
				correlate.ReasonErrorRatio: "error_ratio", correlate.ReasonLatency: "latency", correlate.ReasonThroughput: "throughput",
			}[a.Reason]
			require.NotEmpty(t, about)
			require.Contains(t, a.Evidence[0].Signal, about)
		}
	})
}

// TestAnEstimateFromNoBaselineEndsWithItsInterval: a fault where there was none before has a ratio that nothing bounds.
func TestAnEstimateFromNoBaselineEndsWithItsInterval(t *testing.T) {
	s := newSim(1)
	s.Errors = 0
	c := s.allAtOnce(900, 1, 1)
	for i := range c.Streams[0].Whole {
		if cell := &c.Streams[0].Whole[i]; cell.Start >= drawn.Start {
			cell.Errors = cell.Requests / 2
		}
	}
	e := Assess(DefaultParams(), c).Evidence[0]
	require.Zero(t, e.Baseline)
	require.Equal(t, e.Interval[1], e.Ratio)
	require.Greater(t, e.Interval[0], 10.0)
}
