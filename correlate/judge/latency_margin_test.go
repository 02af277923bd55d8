package judge

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

// TestALatencyThatHardlyMovedIsHarmless: what is tolerable is by how much longer requests take, not how many of them
// cross a line that half of them are close to.
func TestALatencyThatHardlyMovedIsHarmless(t *testing.T) {
	for name, tc := range map[string]struct {
		slower  float64
		healthy bool
	}{
		"as fast as before":    {1, true},
		"6 % slower":           {1.06, true},
		"a fifth slower":       {1.2, false},
		"a third slower":       {1.35, false},
		"half as slow again":   {1.5, false},
		"three times as slow":  {3, false},
		"a fifth faster":       {0.8, true},
		"half as long as then": {0.5, true},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(2) {
				s := newSim(20 + seed)
				s.RPS = 30
				a := Assess(DefaultParams(), s.canary(3600, 0.3, 1, tc.slower))
				require.Equal(t, tc.healthy, a.Outcome == correlate.Healthy, "beside the old version, seed %d", seed)
				s.RPS = 6
				c := s.withHistory(s.allAtOnce(3600, 1, tc.slower), 4)
				a = Assess(DefaultParams(), c)
				require.Equal(t, tc.healthy, a.Outcome == correlate.Healthy, "by earlier days, seed %d", seed)
			}
		})
	}
}
