package demo

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

func TestTheEvidenceShownIsWhatConvicted(t *testing.T) {
	errors := correlate.Evidence{Signal: "error_ratio", Observed: 0.2, Ratio: 300, Interval: [2]float64{20, 601}, N: 100, Events: 20}
	quiet := correlate.Evidence{Signal: "error_ratio", Ratio: 1, N: 1300}
	slower := correlate.Evidence{Signal: "latency_p90", Baseline: 0.75, Observed: 1.5, Ratio: 2, Interval: [2]float64{1.9, 2.1}, N: 100, Events: 90}
	same := correlate.Evidence{Signal: "latency_p99", Baseline: 0.4, Observed: 0.4, Ratio: 1, Interval: [2]float64{0.9, 1.1}, N: 100, Events: 1}
	fewer := correlate.Evidence{Signal: "throughput", Baseline: 100, Observed: 50, Ratio: 0.5, Interval: [2]float64{0.4, 0.6}, N: 50, Events: 50}
	thrown := correlate.Evidence{Signal: "exception *shop.failure", Observed: 7, Ratio: 1, N: 7, Events: 7}
	elsewhere := correlate.Evidence{Service: "checkout", Signal: "error_ratio", Observed: 0.2, Ratio: 300, Interval: [2]float64{20, 601}, N: 100, Events: 20}
	for name, c := range map[string]struct {
		outcome  correlate.Outcome
		reason   correlate.Reason
		evidence []correlate.Evidence
		want     string
	}{
		"errors, with the latency stronger": {correlate.Regressed, correlate.ReasonErrorRatio, []correlate.Evidence{slower, errors},
			"error ratio 0 % → 20 %, at least ×20"},
		"latency, with errors before it": {correlate.Regressed, correlate.ReasonLatency, []correlate.Evidence{quiet, slower},
			"latency p90 750ms → 1.5s, ×2 (1.9 … 2.1)"},
		"missing requests": {correlate.Regressed, correlate.ReasonThroughput, []correlate.Evidence{errors, fewer},
			"throughput 100 → 50, ×0.5 (0.4 … 0.6)"},
		"an exception": {correlate.Regressed, correlate.ReasonNewException, []correlate.Evidence{errors, thrown},
			"exception *shop.failure 7 times, and never before"},
		"another service": {correlate.Regressed, correlate.ReasonDownstream, []correlate.Evidence{errors, elsewhere},
			"checkout error ratio 0 % → 20 %, at least ×20"},
		"healthy: the errors that were looked for": {correlate.Healthy, correlate.ReasonWithinMargin, []correlate.Evidence{same, quiet},
			"error ratio none in 1,300 requests"},
		"healthy, where errors weren't asked for": {correlate.Healthy, correlate.ReasonWithinMargin, []correlate.Evidence{same},
			"latency p99 400ms → 400ms, ×1 (0.9 … 1.1)"},
		"nothing to show": {correlate.Inconclusive, correlate.ReasonNoTelemetry, nil, "there was no telemetry"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, effect(&correlate.Verdict{Outcome: c.outcome, Reason: c.reason, Evidence: c.evidence}))
		})
	}
}

func TestAHeadlineGivesTheReasonWhereThereIsRoom(t *testing.T) {
	v := correlate.Verdict{Outcome: correlate.Inconclusive, Reason: correlate.ReasonUnderpowered}
	require.Equal(t, "inconclusive (underpowered)", headline(v, 27))
	require.Equal(t, "inconclusive", headline(v, 26))
	require.Equal(t, "healthy", headline(correlate.Verdict{Outcome: correlate.Healthy, Reason: correlate.ReasonWithinMargin}, 80))
}
