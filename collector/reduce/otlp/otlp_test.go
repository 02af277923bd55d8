package otlp_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/shipwake/shipwake/collector/reduce"
	"github.com/shipwake/shipwake/collector/reduce/otlp"
	"github.com/shipwake/shipwake/correlate"
)

const epoch = int64(1_772_359_200)

var now = time.Unix(epoch, 0)

// describe writes the service, environment and version of a checkout pod.
func describe(r pcommon.Resource) {
	r.Attributes().PutStr("service.name", "checkout")
	r.Attributes().PutStr("service.version", "v2")
	r.Attributes().PutStr("deployment.environment", "staging")
	r.Attributes().PutStr("k8s.pod.name", "checkout-1")
}

func key(kind correlate.SignalKind, origin correlate.Origin) correlate.Key {
	return correlate.Key{Service: "checkout", Environment: "staging", Version: "v2", Kind: kind, Origin: origin}
}

func tallied(tally *correlate.Tally) map[string]int64 {
	counted := map[string]int64{}
	for _, v := range tally.Values() {
		if v.Value > 0 {
			counted[v.Source+" "+v.Result] = v.Value
		}
	}
	return counted
}

func spans(n int) ptrace.Traces {
	traces := ptrace.NewTraces()
	resource := traces.ResourceSpans().AppendEmpty()
	describe(resource.Resource())
	list := resource.ScopeSpans().AppendEmpty().Spans()
	for i := range n {
		span := list.AppendEmpty()
		span.SetTraceID([16]byte{byte(i), byte(i >> 8), 1})
		span.SetSpanID([8]byte{1})
		span.SetKind(ptrace.SpanKindServer)
		span.SetStartTimestamp(pcommon.NewTimestampFromTime(now.Add(-20 * time.Millisecond)))
		span.SetEndTimestamp(pcommon.NewTimestampFromTime(now))
		span.Attributes().PutStr("http.request.method", "GET")
		span.Attributes().PutStr("url.path", "/cart")
		span.Attributes().PutInt("http.response.status_code", 200)
	}
	return traces
}

func TestTraces(t *testing.T) {
	traces := spans(4)
	list := traces.ResourceSpans().At(0).ScopeSpans().At(0).Spans()
	list.At(1).Status().SetCode(ptrace.StatusCodeError)
	list.At(2).Attributes().PutStr("http.response.status_code", "500")
	event := list.At(2).Events().AppendEmpty()
	event.SetName("exception")
	event.Attributes().PutStr("exception.type", "IOError")
	list.At(3).SetKind(ptrace.SpanKindInternal)

	tally := &correlate.Tally{}
	r := reduce.New(reduce.Options{Tally: tally})
	otlp.Traces(r, traces)

	exception := key(correlate.Exception, correlate.OriginSpan)
	exception.Name = "IOError"
	require.Equal(t, []correlate.Measurement{
		{Key: key(correlate.Traffic, correlate.OriginSpan), Cell: correlate.Cell{
			Start: epoch, Requests: 3, Errors: 2,
			Latency: correlate.Histogram{{Index: correlate.BinIndex(20e6), Count: 3}},
		}},
		{Key: exception, Cell: correlate.Cell{Start: epoch, Errors: 1}},
	}, r.Drain())
	require.Equal(t, map[string]int64{"spans accepted": 3, "spans ignored": 1}, tallied(tally))
}

func TestTheRouteOfASpanIsRead(t *testing.T) {
	traces := spans(3)
	list := traces.ResourceSpans().At(0).ScopeSpans().At(0).Spans()
	list.At(0).SetName("GET")
	list.At(0).Attributes().PutStr("http.route", "/cart")
	list.At(1).Attributes().PutStr("rpc.service", "shop.Cart")
	list.At(1).Attributes().PutStr("rpc.method", "Get")
	list.At(2).SetName("GET")
	r := reduce.New(reduce.Options{})
	otlp.Traces(r, traces)
	var routes []string
	for _, m := range r.Drain() {
		if m.Kind == correlate.Route {
			routes = append(routes, m.Name)
		}
	}
	require.Equal(t, []string{"/cart", "GET", "shop.Cart/Get"}, routes)
}

func TestAClientSpanFindsItsServer(t *testing.T) {
	traces := ptrace.NewTraces()
	for i, service := range []string{"frontend", "checkout"} {
		resource := traces.ResourceSpans().AppendEmpty()
		resource.Resource().Attributes().PutStr("service.name", service)
		span := resource.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
		span.SetTraceID([16]byte{1})
		span.SetSpanID([8]byte{byte(i + 1)})
		span.SetEndTimestamp(pcommon.NewTimestampFromTime(now))
		span.SetKind(ptrace.SpanKindClient)
		if service == "checkout" {
			span.SetKind(ptrace.SpanKindServer)
			span.SetParentSpanID([8]byte{1})
			span.SetFlags(0x300)
		}
	}
	r := reduce.New(reduce.Options{})
	otlp.Traces(r, traces)
	var views []correlate.Origin
	for _, m := range r.Drain() {
		if m.Kind == correlate.Edge {
			require.Equal(t, "frontend checkout", m.Service+" "+m.Peer)
			views = append(views, m.Origin)
		}
	}
	require.Equal(t, []correlate.Origin{correlate.OriginSpan, correlate.OriginClientSpan}, views)
}

func TestLogs(t *testing.T) {
	logs := plog.NewLogs()
	resource := logs.ResourceLogs().AppendEmpty()
	describe(resource.Resource())
	records := resource.ScopeLogs().AppendEmpty().LogRecords()
	info := records.AppendEmpty()
	info.SetObservedTimestamp(pcommon.NewTimestampFromTime(now))
	info.SetSeverityNumber(plog.SeverityNumberInfo)
	failure := records.AppendEmpty()
	failure.SetTimestamp(pcommon.NewTimestampFromTime(now))
	failure.SetSeverityNumber(plog.SeverityNumberError)
	failure.Attributes().PutStr("exception.type", "IOError")
	for _, event := range []string{"shipwake.delivery", "shipwake.change"} {
		fact := records.AppendEmpty()
		fact.SetTimestamp(pcommon.NewTimestampFromTime(now))
		fact.SetEventName(event)
	}
	records.AppendEmpty().Attributes().PutStr("event.name", "shipwake.incident")
	records.AppendEmpty()

	tally := &correlate.Tally{}
	r := reduce.New(reduce.Options{Tally: tally})
	otlp.Logs(r, logs)

	exception := key(correlate.Exception, correlate.OriginLog)
	exception.Name = "IOError"
	require.Equal(t, []correlate.Measurement{
		{Key: key(correlate.Log, correlate.OriginLog), Cell: correlate.Cell{Start: epoch, Requests: 2, Errors: 1}},
		{Key: exception, Cell: correlate.Cell{Start: epoch, Errors: 1}},
	}, r.Drain())
	require.Equal(t, map[string]int64{"logs accepted": 2, "logs unusable": 1}, tallied(tally))
}

func TestMetrics(t *testing.T) {
	stamp := pcommon.NewTimestampFromTime(now.Add(time.Second))
	tests := map[string]struct {
		write   func(pmetric.Metric)
		want    []correlate.Measurement
		tallied map[string]int64
	}{
		"an explicit histogram": {
			write: func(m pmetric.Metric) {
				m.SetName("http.server.request.duration")
				m.SetUnit("s")
				h := m.SetEmptyHistogram()
				h.SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
				p := h.DataPoints().AppendEmpty()
				p.SetTimestamp(stamp)
				p.SetCount(3)
				p.BucketCounts().FromRaw([]uint64{0, 3, 0})
				p.ExplicitBounds().FromRaw([]float64{0.01, 0.04})
				p.Attributes().PutInt("http.response.status_code", 500)
			},
			want: []correlate.Measurement{{
				Key: key(correlate.Traffic, correlate.OriginServerMetric),
				Cell: correlate.Cell{
					Start: epoch, Requests: 3, Errors: 3,
					Latency: correlate.Histogram{{Index: correlate.BinIndex(20e6), Count: 3}},
				},
			}},
			tallied: map[string]int64{"points accepted": 1},
		},
		"an exponential histogram, its negative values beside its zeros": {
			write: func(m pmetric.Metric) {
				m.SetName("http.server.request.duration")
				m.SetUnit("s")
				h := m.SetEmptyExponentialHistogram()
				h.SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
				p := h.DataPoints().AppendEmpty()
				p.SetTimestamp(stamp)
				p.SetCount(6)
				p.SetZeroCount(1)
				p.Positive().BucketCounts().FromRaw([]uint64{3})
				p.Negative().BucketCounts().FromRaw([]uint64{1, 1})
			},
			want: []correlate.Measurement{{
				Key: key(correlate.Traffic, correlate.OriginServerMetric),
				Cell: correlate.Cell{
					Start: epoch, Requests: 6,
					Latency: correlate.Histogram{{Index: 0, Count: 3}, {Index: correlate.BinIndex(1415e6), Count: 3}},
				},
			}},
			tallied: map[string]int64{"points accepted": 1},
		},
		"a delta sum of a span-metrics connector": {
			write: func(m pmetric.Metric) {
				m.SetName("traces.span.metrics.calls")
				s := m.SetEmptySum()
				s.SetIsMonotonic(true)
				s.SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
				p := s.DataPoints().AppendEmpty()
				p.SetTimestamp(stamp)
				p.SetIntValue(7)
				p.Attributes().PutStr("span.kind", "SPAN_KIND_SERVER")
				p.Attributes().PutStr("service.name", "checkout")
			},
			want: []correlate.Measurement{{
				Key:  key(correlate.Traffic, correlate.OriginSpanMetrics),
				Cell: correlate.Cell{Start: epoch, Requests: 7},
			}},
			tallied: map[string]int64{"points accepted": 1},
		},
		"a gauge": {
			write: func(m pmetric.Metric) {
				m.SetName("kpi")
				p := m.SetEmptyGauge().DataPoints().AppendEmpty()
				p.SetTimestamp(stamp)
				p.SetDoubleValue(1.5)
				m.Gauge().DataPoints().AppendEmpty().SetFlags(pmetric.DefaultDataPointFlags.WithNoRecordedValue(true))
				m.Gauge().DataPoints().AppendEmpty().SetTimestamp(stamp)
			},
			want: []correlate.Measurement{{
				Key: func() correlate.Key {
					k := key(correlate.Gauge, correlate.OriginCustom)
					k.Name = "kpi_signal"
					return k
				}(),
				Cell: correlate.Cell{Start: epoch, N: 1, Sum: 1_500_000},
			}},
			tallied: map[string]int64{"points accepted": 1, "points ignored": 2},
		},
		"a summary is ignored": {
			write: func(m pmetric.Metric) {
				m.SetName("kpi")
				m.SetEmptySummary().DataPoints().AppendEmpty().SetTimestamp(stamp)
			},
			tallied: map[string]int64{"points ignored": 1},
		},
		"a metric of nobody's is ignored": {
			write: func(m pmetric.Metric) {
				m.SetName("queue.length")
				m.SetEmptyGauge().DataPoints().AppendEmpty().SetTimestamp(stamp)
				m.Gauge().DataPoints().AppendEmpty().SetTimestamp(stamp)
			},
			tallied: map[string]int64{"points ignored": 2},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			metrics := pmetric.NewMetrics()
			resource := metrics.ResourceMetrics().AppendEmpty()
			describe(resource.Resource())
			test.write(resource.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty())

			tally := &correlate.Tally{}
			r := reduce.New(reduce.Options{
				Tally:   tally,
				Signals: []correlate.Signal{{Name: "kpi_signal", Metric: "kpi", Type: correlate.SignalGauge}},
			})
			otlp.Metrics(r, metrics)
			require.Equal(t, test.want, r.Drain())
			require.Equal(t, test.tallied, tallied(tally))
		})
	}
}

// Two libraries of one process that count under one name and start at one time are two streams.
func TestScopesAreStreamsOfTheirOwn(t *testing.T) {
	r := reduce.New(reduce.Options{})
	for round := range 3 {
		metrics := pmetric.NewMetrics()
		resource := metrics.ResourceMetrics().AppendEmpty()
		describe(resource.Resource())
		for library := range 2 {
			scope := resource.ScopeMetrics().AppendEmpty()
			scope.Scope().SetName(fmt.Sprint("library ", library))
			m := scope.Metrics().AppendEmpty()
			m.SetName("http.client.request.duration")
			h := m.SetEmptyHistogram()
			h.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
			p := h.DataPoints().AppendEmpty()
			p.SetStartTimestamp(pcommon.NewTimestampFromTime(now))
			p.SetTimestamp(pcommon.NewTimestampFromTime(now.Add(time.Duration(round+1) * time.Second)))
			p.SetCount(uint64((library*10 + 1) * (round + 1)))
			p.Attributes().PutStr("server.address", "cart")
			p.Attributes().PutEmptySlice("tags").AppendEmpty().SetStr("x")
		}
		otlp.Metrics(r, metrics)
	}
	drained := r.Drain()
	require.Len(t, drained, 1)
	require.EqualValues(t, 3*1+3*11, drained[0].Requests)
}

// Two server libraries of one process, and two names of one metric, tell the same requests.
func TestRequestsThatAreToldTwiceCountOnce(t *testing.T) {
	for name, exponential := range map[string]bool{"explicit histograms": false, "exponential histograms": true} {
		t.Run(name, func(t *testing.T) {
			r := reduce.New(reduce.Options{})
			metrics := pmetric.NewMetrics()
			resource := metrics.ResourceMetrics().AppendEmpty()
			describe(resource.Resource())
			for library, calls := range []uint64{2, 11, 11} {
				scope := resource.ScopeMetrics().AppendEmpty()
				scope.Scope().SetName(fmt.Sprint("library ", library))
				for _, name := range []string{"http.server.duration", "http.server.request.duration"} {
					histogram(scope.Metrics().AppendEmpty(), name, calls, exponential)
				}
			}
			otlp.Metrics(r, metrics)
			drained := r.Drain()
			require.Len(t, drained, 1)
			require.EqualValues(t, 11, drained[0].Requests)
		})
	}
}

// histogram makes a delta histogram of one point at now.
func histogram(m pmetric.Metric, name string, calls uint64, exponential bool) {
	m.SetName(name)
	if exponential {
		h := m.SetEmptyExponentialHistogram()
		h.SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
		p := h.DataPoints().AppendEmpty()
		p.SetTimestamp(pcommon.NewTimestampFromTime(now))
		p.SetCount(calls)
		p.Positive().BucketCounts().FromRaw([]uint64{calls})
		return
	}
	h := m.SetEmptyHistogram()
	h.SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
	p := h.DataPoints().AppendEmpty()
	p.SetTimestamp(pcommon.NewTimestampFromTime(now))
	p.SetCount(calls)
}

// A server span within a server span of the same process is the same request, by another library.
func TestServerSpansWithinServerSpans(t *testing.T) {
	const knowsRemote, remote = 0x100, 0x200
	span := func(to ptrace.ScopeSpans, id, parent byte, kind ptrace.SpanKind, flags uint32) {
		sp := to.Spans().AppendEmpty()
		sp.SetTraceID(pcommon.TraceID{1})
		sp.SetSpanID(pcommon.SpanID{id})
		if parent > 0 {
			sp.SetParentSpanID(pcommon.SpanID{parent})
		}
		sp.SetKind(kind)
		sp.SetFlags(flags)
		sp.SetStartTimestamp(pcommon.NewTimestampFromTime(now.Add(-time.Second)))
		sp.SetEndTimestamp(pcommon.NewTimestampFromTime(now))
	}
	const server, consumer = ptrace.SpanKindServer, ptrace.SpanKindConsumer
	tests := map[string]struct {
		outer, inner func(outer, inner ptrace.ScopeSpans)
		want         int64
	}{
		"the parent is in the batch, of another library": {
			outer: func(outer, _ ptrace.ScopeSpans) { span(outer, 1, 0, server, 0) },
			inner: func(_, inner ptrace.ScopeSpans) { span(inner, 2, 1, server, 0) },
			want:  1,
		},
		"the parent is of the process, but no server": {
			outer: func(outer, _ ptrace.ScopeSpans) { span(outer, 1, 0, ptrace.SpanKindInternal, knowsRemote) },
			inner: func(_, inner ptrace.ScopeSpans) { span(inner, 2, 1, server, knowsRemote) },
			want:  1,
		},
		"the parent is a server of another process that looks alike": {
			outer: func(outer, _ ptrace.ScopeSpans) { span(outer, 1, 0, server, knowsRemote) },
			inner: func(_, inner ptrace.ScopeSpans) { span(inner, 2, 1, server, knowsRemote|remote) },
			want:  2,
		},
		"the service calls itself": {
			outer: func(outer, _ ptrace.ScopeSpans) {
				span(outer, 1, 0, server, 0)
				span(outer, 2, 1, ptrace.SpanKindClient, 0)
			},
			inner: func(_, inner ptrace.ScopeSpans) { span(inner, 3, 2, server, 0) },
			want:  2,
		},
		"a message that a request took off a queue is work of its own": {
			outer: func(outer, _ ptrace.ScopeSpans) { span(outer, 1, 0, server, 0) },
			inner: func(_, inner ptrace.ScopeSpans) { span(inner, 2, 1, consumer, knowsRemote) },
			want:  2,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := reduce.New(reduce.Options{})
			traces := ptrace.NewTraces()
			resource := traces.ResourceSpans().AppendEmpty()
			describe(resource.Resource())
			inner := resource.ScopeSpans().AppendEmpty()
			outer := resource.ScopeSpans().AppendEmpty()
			test.outer(outer, inner)
			test.inner(outer, inner)
			otlp.Traces(r, traces)
			var n int64
			for _, m := range r.Drain() {
				if m.Kind == correlate.Traffic {
					n += m.Requests
				}
			}
			require.Equal(t, test.want, n)
		})
	}
}

func TestNothingOfTheRequestIsKept(t *testing.T) {
	traces := spans(1)
	encoded, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(traces)
	require.NoError(t, err)
	decoded, err := (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(encoded)
	require.NoError(t, err)
	r := reduce.New(reduce.Options{})
	otlp.Traces(r, decoded)
	for i := range encoded {
		encoded[i] = 'x'
	}
	drained := r.Drain()
	require.Len(t, drained, 1)
	require.Equal(t, key(correlate.Traffic, correlate.OriginSpan), drained[0].Key)
}

func TestReadingASpanAllocatesNothing(t *testing.T) {
	r := reduce.New(reduce.Options{})
	few, many := spans(10), spans(1000)
	otlp.Traces(r, many)
	perRequest := testing.AllocsPerRun(10, func() { otlp.Traces(r, few) })
	require.InDelta(t, perRequest, testing.AllocsPerRun(10, func() { otlp.Traces(r, many) }), 1)
}

func BenchmarkTraces(b *testing.B) {
	r := reduce.New(reduce.Options{})
	traces := spans(1000)
	b.ReportAllocs()
	for b.Loop() {
		otlp.Traces(r, traces)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/span")
}

func TestZonesComeFromTheResource(t *testing.T) {
	r := reduce.New(reduce.Options{})
	for range 2 {
		for attribute, name := range map[string]string{"cloud.availability_zone": "eu-1a", "k8s.cluster.name": "blue", "cloud.region": "us"} {
			traces := spans(1)
			resource := traces.ResourceSpans().At(0).Resource()
			resource.Attributes().PutStr("cloud.region", "eu")
			resource.Attributes().PutStr(attribute, name)
			otlp.Traces(r, traces)
		}
	}
	seen := map[string]bool{}
	for _, m := range r.Drain() {
		if m.Kind == correlate.Zone {
			seen[m.Name] = true
		}
	}
	require.Equal(t, map[string]bool{"eu-1a": true, "blue": true, "us": true}, seen)
}
