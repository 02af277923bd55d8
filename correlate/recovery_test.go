package correlate_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

func TestOverIsWhatALaterVerdictMeasuresNoLonger(t *testing.T) {
	broken := &correlate.Verdict{Evidence: []correlate.Evidence{{Signal: "error_ratio", Baseline: 0.01, Observed: 0.11}}}
	seen := func(signal string, observed float64) *correlate.Verdict {
		return &correlate.Verdict{Evidence: []correlate.Evidence{{Signal: "latency_p90", Observed: 1}, {Signal: signal, Observed: observed}}}
	}
	for name, tc := range map[string]struct {
		broken, later *correlate.Verdict
		want          bool
	}{
		"as before the change":                {broken, seen("error_ratio", 0.01), true},
		"better than before":                  {broken, seen("error_ratio", 0), true},
		"a quarter of the harm is left":       {broken, seen("error_ratio", 0.035), true},
		"a third of the harm is left":         {broken, seen("error_ratio", 0.043), false},
		"as bad":                              {broken, seen("error_ratio", 0.11), false},
		"another signal is measured":          {broken, seen("throughput", 0), false},
		"nothing is measured":                 {broken, &correlate.Verdict{}, false},
		"there is no later verdict":           {broken, nil, false},
		"what convicted it is not in numbers": {&correlate.Verdict{}, seen("error_ratio", 0), false},
		"it was convicted of no difference":   {&correlate.Verdict{Evidence: []correlate.Evidence{{Signal: "error_ratio"}}}, seen("error_ratio", 0), false},
	} {
		require.Equal(t, tc.want, tc.broken.Over(tc.later), name)
	}
}
