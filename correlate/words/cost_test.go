package words_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/words"
)

func TestARegressionSaysAboutWhatItCost(t *testing.T) {
	for name, c := range map[string]struct {
		reason   correlate.Reason
		evidence correlate.Evidence
		want     string
	}{
		"requests that fail":                  {correlate.ReasonErrorRatio, correlate.Evidence{Signal: "error_ratio", Baseline: 0.004, Observed: 0.031, N: 4120, Events: 128}, "111 failed requests"},
		"as callers see it":                   {correlate.ReasonErrorRatio, correlate.Evidence{Signal: "client_error_ratio", Observed: 0.5, N: 2000, Events: 1000}, "1,000 failed requests"},
		"less what other routes explain":      {correlate.ReasonErrorRatio, correlate.Evidence{Signal: "error_ratio", Baseline: 0.01, Observed: 0.05, Mix: 2, N: 1000, Events: 50}, "30 failed requests"},
		"requests beyond the usual quantile":  {correlate.ReasonLatency, correlate.Evidence{Signal: "latency_p90", Baseline: 0.2, Observed: 0.4, N: 1000, Events: 600}, "500 slow requests"},
		"all of them, on average":             {correlate.ReasonLatency, correlate.Evidence{Signal: "latency_mean", Baseline: 0.2, Observed: 0.4, N: 1000}, "1,000 slow requests"},
		"requests that don't come":            {correlate.ReasonThroughput, correlate.Evidence{Signal: "throughput", Baseline: 20, Observed: 5, N: 60, Events: 300}, "900 missing requests"},
		"errors that are logged":              {correlate.ReasonLogErrors, correlate.Evidence{Signal: "log_errors", Baseline: 0.01, Observed: 0.02, N: 1000, Events: 20}, "10 logged errors"},
		"an exception":                        {correlate.ReasonNewException, correlate.Evidence{Signal: "exception NullPointer", N: 1000, Events: 7}, "7 logged errors"},
		"what can't be counted":               {correlate.ReasonCustomSignal, correlate.Evidence{Signal: "orders", Baseline: 3, Observed: 1, N: 100}, ""},
		"what comes to less than one of them": {correlate.ReasonErrorRatio, correlate.Evidence{Signal: "error_ratio", Observed: 0.0001, N: 100}, ""},
		"evidence of something else":          {correlate.ReasonErrorRatio, correlate.Evidence{Signal: "latency_p90", N: 100, Events: 90}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			v := &correlate.Verdict{Outcome: correlate.Regressed, Reason: c.reason, Evidence: []correlate.Evidence{c.evidence}}
			require.Equal(t, c.want, words.CostOf(v).Text)
			v.Outcome = correlate.Inconclusive
			require.Equal(t, words.Cost{}, words.CostOf(v), "what isn't proven has no cost")
		})
	}
	require.Equal(t, words.Cost{}, words.CostOf(nil))
}
