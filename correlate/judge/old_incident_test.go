package judge

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/guard"
	"github.com/shipwake/shipwake/internal/drawn"
)

// Half an hour of trouble two days ago hides no fault of today, and makes none of what is none.
func TestAnOldIncidentHidesNoFault(t *testing.T) {
	judged := func(errors float64, without ...string) correlate.Outcome {
		s := newSim(7)
		c := s.withHistory(s.allAtOnce(1800, errors, 1), 4)
		history := c.Streams[0].History
		for i := range history {
			if at := history[i].Start - (drawn.Start - 54*3600); at >= 0 && at < 1800 {
				history[i].Errors = min(20*history[i].Errors, history[i].Requests)
			}
		}
		p := DefaultParams()
		p.Guards = guard.Without(without...)
		return Assess(p, c).Outcome
	}
	require.Equal(t, correlate.Regressed, judged(2.5))
	require.NotEqual(t, correlate.Regressed, judged(2.5, "old_incident"))
	require.Equal(t, correlate.Healthy, judged(1))
}
