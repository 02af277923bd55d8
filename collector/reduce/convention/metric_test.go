package convention

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMetricsByName(t *testing.T) {
	for name, want := range map[string]Metric{
		"http.server.request.duration":    {Meaning: HTTPServer, Unit: seconds},
		"http.server.duration":            {Meaning: HTTPServer, Unit: milliseconds, Old: true},
		"traces.span.metrics.calls":       {Meaning: SpanCalls},
		"traces_span_metrics_calls_total": {Meaning: SpanCalls},
		"traces_spanmetrics_calls_total":  {Meaning: SpanCalls, Others: true},
		"traces_spanmetrics_latency":      {Meaning: SpanDuration, Unit: seconds, Others: true},
		"shop.checkout.latency":           {Meaning: SpanDuration, Unit: milliseconds},
		"bytes.sent":                      {},
	} {
		require.Equal(t, want, MetricNamed(name), name)
	}
}
