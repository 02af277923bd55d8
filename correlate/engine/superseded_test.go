package engine

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge"
)

// TestWhatStandsWhenTheNextChangeBegins: a conviction outlives its fault, but not the blame.
func TestWhatStandsWhenTheNextChangeBegins(t *testing.T) {
	convicted := correlate.Verdict{Outcome: correlate.Regressed, Reason: correlate.ReasonErrorRatio, Blame: 0.9}
	for name, c := range map[string]struct {
		course []correlate.Verdict
		now    judge.Assessment
		reason correlate.Reason // of what is found now
		want   finding
	}{
		"nothing was said before": {
			nil, judge.Assessment{Outcome: correlate.Inconclusive}, correlate.ReasonUnderpowered,
			finding{outcome: correlate.Inconclusive, reason: correlate.ReasonSuperseded, blame: 0.03},
		},
		"it was convicted, and nothing can be told any more": {
			[]correlate.Verdict{convicted}, judge.Assessment{Outcome: correlate.Inconclusive}, correlate.ReasonConfounded,
			finding{outcome: correlate.Regressed, reason: correlate.ReasonErrorRatio, blame: 0.9},
		},
		"it was convicted, and the fault is somebody else's by now": {
			[]correlate.Verdict{convicted}, judge.Assessment{Outcome: correlate.Regressed}, correlate.ReasonConfounded,
			finding{outcome: correlate.Inconclusive, reason: correlate.ReasonConfounded, blame: 0.03},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := candidate{change: &change{course: c.course}, a: c.now}
			require.Equal(t, c.want, superseded(s, finding{outcome: correlate.Inconclusive, reason: c.reason, blame: 0.03}))
		})
	}
}
