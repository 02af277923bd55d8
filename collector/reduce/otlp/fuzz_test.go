package otlp_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/shipwake/shipwake/collector/reduce"
	"github.com/shipwake/shipwake/collector/reduce/otlp"
	"github.com/shipwake/shipwake/correlate"
)

// FuzzReduce decodes anything as each of the three signals and reduces it: no panic, consistent cells, and memory in
// proportion to the input beside that of the thousand series that there may be.
func FuzzReduce(f *testing.F) {
	for _, seed := range seeds(f) {
		f.Add(seed)
	}
	signals := []correlate.Signal{
		{Name: "g", Metric: "kpi", Type: correlate.SignalGauge}, {Name: "h", Metric: "kpi", Type: correlate.SignalHistogram},
		{Name: "r", Metric: "kpi", Type: correlate.SignalRate},
	}
	r := reduce.New(reduce.Options{Signals: signals, MaxSeries: 1000})
	f.Fuzz(func(t *testing.T, body []byte) {
		traces, traceErr := (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(body)
		metrics, metricErr := (&pmetric.ProtoUnmarshaler{}).UnmarshalMetrics(body)
		logs, logErr := (&plog.ProtoUnmarshaler{}).UnmarshalLogs(body)
		before := allocated()
		if traceErr == nil {
			otlp.Traces(r, traces)
		}
		if metricErr == nil {
			otlp.Metrics(r, metrics)
		}
		if logErr == nil {
			otlp.Logs(r, logs)
		}
		require.LessOrEqual(t, allocated()-before, uint64(1<<20+8*len(body)))
		for _, m := range r.Drain() {
			require.NotEmpty(t, m.Service)
			require.GreaterOrEqual(t, m.Requests, int64(0))
			require.GreaterOrEqual(t, m.Errors, int64(0))
			require.Zero(t, m.Start%10)
		}
	})
}

func allocated() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.TotalAlloc
}

// seeds are one request of each signal.
func seeds(f *testing.F) [][]byte {
	traces, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(spans(2))
	require.NoError(f, err)

	metrics := pmetric.NewMetrics()
	resource := metrics.ResourceMetrics().AppendEmpty()
	describe(resource.Resource())
	list := resource.ScopeMetrics().AppendEmpty().Metrics()
	for _, name := range []string{"kpi", "http.server.request.duration", "calls", "traces_service_graph_request_total"} {
		for _, temporality := range []pmetric.AggregationTemporality{1, 2} {
			m := list.AppendEmpty()
			m.SetName(name)
			h := m.SetEmptyExponentialHistogram()
			h.SetAggregationTemporality(temporality)
			p := h.DataPoints().AppendEmpty()
			p.SetTimestamp(pcommon.NewTimestampFromTime(now))
			p.SetStartTimestamp(pcommon.NewTimestampFromTime(now))
			p.Positive().BucketCounts().FromRaw([]uint64{1, 2})

			m = list.AppendEmpty()
			m.SetName(name)
			s := m.SetEmptySum()
			s.SetAggregationTemporality(temporality)
			s.SetIsMonotonic(true)
			n := s.DataPoints().AppendEmpty()
			n.SetTimestamp(pcommon.NewTimestampFromTime(now))
			n.SetDoubleValue(3)
			n.Attributes().PutStr("server", "b")
			n.Attributes().PutStr("span.kind", "SPAN_KIND_SERVER")
		}
	}
	encodedMetrics, err := (&pmetric.ProtoMarshaler{}).MarshalMetrics(metrics)
	require.NoError(f, err)

	logs := plog.NewLogs()
	records := logs.ResourceLogs().AppendEmpty()
	describe(records.Resource())
	record := records.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	record.SetTimestamp(pcommon.NewTimestampFromTime(now))
	record.Attributes().PutStr("exception.type", "IOError")
	encodedLogs, err := (&plog.ProtoMarshaler{}).MarshalLogs(logs)
	require.NoError(f, err)
	return [][]byte{traces, encodedMetrics, encodedLogs}
}
