package reduce_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/reduce"
	"github.com/shipwake/shipwake/correlate"
)

func str(key, value string) reduce.Attribute { return reduce.Attribute{Key: key, Text: value} }
func num(key string, value int64) reduce.Attribute {
	return reduce.Attribute{Key: key, Int: value, IsInt: true}
}

func deltaSum(name string) reduce.Metric {
	return reduce.Metric{Name: name, Type: reduce.SumMetric, Delta: true, Monotonic: true}
}

func deltaHistogram(name, unit string) reduce.Metric {
	return reduce.Metric{Name: name, Unit: unit, Type: reduce.HistogramMetric, Delta: true}
}

// measured is a measurement of the first bucket.
func measured(service, version string, kind correlate.SignalKind, origin correlate.Origin, c correlate.Cell) correlate.Measurement {
	c.Start = epoch
	return correlate.Measurement{
		Key: correlate.Key{Service: service, Environment: "staging", Version: version, Kind: kind, Origin: origin}, Cell: c,
	}
}

func named(m correlate.Measurement, name, peer string) correlate.Measurement {
	m.Name, m.Peer = name, peer
	return m
}

func requests(n, errors int64) correlate.Cell { return correlate.Cell{Requests: n, Errors: errors} }

func latencies(bins ...correlate.Bin) correlate.Cell { return correlate.Cell{Latency: bins} }

func timed(n, errors int64, bins ...correlate.Bin) correlate.Cell {
	return correlate.Cell{Requests: n, Errors: errors, Latency: bins}
}

// lasting is a measurement of which n requests took so many microseconds together.
func lasting(m correlate.Measurement, n, micros int64) correlate.Measurement {
	m.N, m.Sum = n, micros
	return m
}

func TestPoints(t *testing.T) {
	// 2 up to 10 ms, 3 in (10, 40] ms, 1 beyond: middles 5, 20 and 56.6 ms, which shares its bin with 57 ms.
	histogram := reduce.Point{Buckets: []uint64{2, 3, 1}, Bounds: []float64{0.010, 0.040}, Count: 6}
	millis := reduce.Point{Buckets: []uint64{2, 3, 1}, Bounds: []float64{10, 40}, Count: 6}
	bins := []correlate.Bin{at(5*time.Millisecond, 2), at(20*time.Millisecond, 3), at(57*time.Millisecond, 1)}
	// Scale 0: buckets (1,2] and (2,4] s, middles 1.41 and 2.83 s.
	exponential := reduce.Point{Buckets: []uint64{4, 5}, Zero: 1, Count: 10}
	exponentialBins := []correlate.Bin{{Index: 0, Count: 1}, at(1415*time.Millisecond, 4), at(2829*time.Millisecond, 5)}

	tests := map[string]struct {
		metric     reduce.Metric
		point      reduce.Point
		attributes []reduce.Attribute
		result     reduce.Result
		want       []correlate.Measurement
	}{
		"http.server.request.duration counts requests and latency": {
			metric: deltaHistogram("http.server.request.duration", "s"), point: histogram,
			attributes: []reduce.Attribute{num("http.response.status_code", 200)},
			want:       []correlate.Measurement{traffic(correlate.OriginServerMetric, 6, 0, bins...)},
		},
		"a point of 5xx counts errors": {
			metric: deltaHistogram("http.server.request.duration", "s"), point: histogram,
			attributes: []reduce.Attribute{num("http.response.status_code", 503), str("error.type", "503")},
			want:       []correlate.Measurement{traffic(correlate.OriginServerMetric, 6, 6, bins...)},
		},
		"an error without a status is one": {
			metric: deltaHistogram("http.server.request.duration", "s"), point: histogram,
			attributes: []reduce.Attribute{str("error.type", "panic")},
			want:       []correlate.Measurement{traffic(correlate.OriginServerMetric, 6, 6, bins...)},
		},
		"the old http.server.duration is in milliseconds": {
			metric: deltaHistogram("http.server.duration", ""), point: millis,
			attributes: []reduce.Attribute{num("http.status_code", 500)},
			want:       []correlate.Measurement{traffic(correlate.OriginServerMetric, 6, 6, bins...)},
		},
		"the unit outweighs the name": {
			metric: deltaHistogram("rpc.server.duration", "s"), point: histogram,
			want: []correlate.Measurement{traffic(correlate.OriginRPCMetric, 6, 0, bins...)},
		},
		"gRPC's NOT_FOUND is not the server's fault": {
			metric: deltaHistogram("rpc.server.duration", "ms"), point: millis,
			attributes: []reduce.Attribute{num("rpc.grpc.status_code", 5)},
			want:       []correlate.Measurement{traffic(correlate.OriginRPCMetric, 6, 0, bins...)},
		},
		"gRPC's UNAVAILABLE is, by name": {
			metric: deltaHistogram("rpc.server.call.duration", "s"), point: histogram,
			attributes: []reduce.Attribute{str("rpc.response.status_code", "UNAVAILABLE")},
			want:       []correlate.Measurement{traffic(correlate.OriginRPCMetric, 6, 6, bins...)},
		},
		"a client histogram is an edge in the caller's view": {
			metric: deltaHistogram("http.client.request.duration", "s"), point: histogram,
			attributes: []reduce.Attribute{
				str("server.address", "cart.shop.svc.cluster.local"), num("http.response.status_code", 500),
			},
			want: []correlate.Measurement{
				named(measured("checkout", "v2", correlate.Edge, correlate.OriginClient, timed(6, 6, bins...)), "", "cart"),
			},
		},
		"a client histogram of an IP address has no callee": {
			metric: deltaHistogram("rpc.client.duration", "ms"), point: millis,
			attributes: []reduce.Attribute{str("server.address", "10.0.0.1")},
			result:     reduce.Ignored,
		},
		"an exponential histogram with nothing but zeros has its values there, whatever their sum": {
			metric: reduce.Metric{
				Name: "http.server.request.duration", Unit: "s", Type: reduce.ExponentialMetric, Delta: true,
			},
			point: reduce.Point{Zero: 2, Count: 2, Sum: 9},
			want:  []correlate.Measurement{lasting(traffic(correlate.OriginServerMetric, 2, 0, correlate.Bin{Index: 0, Count: 2}), 2, 9_000_000)},
		},
		"an exponential histogram is placed by its scale": {
			metric: reduce.Metric{
				Name: "http.server.request.duration", Unit: "s", Type: reduce.ExponentialMetric, Delta: true,
			},
			point: exponential,
			want:  []correlate.Measurement{traffic(correlate.OriginServerMetric, 10, 0, exponentialBins...)},
		},
		"a histogram without buckets stands at its mean": {
			metric: deltaHistogram("http.server.request.duration", "s"), point: reduce.Point{Count: 4, Sum: 0.08},
			want: []correlate.Measurement{lasting(traffic(correlate.OriginServerMetric, 4, 0, at(20*time.Millisecond, 4)), 4, 80_000)},
		},
		"a sum tells what a bucket hides": {
			metric: deltaHistogram("http.server.request.duration", "s"),
			point:  reduce.Point{Buckets: []uint64{5, 0, 0}, Bounds: []float64{0.010, 0.040}, Count: 5, Sum: 0.04},
			want:   []correlate.Measurement{lasting(traffic(correlate.OriginServerMetric, 5, 0, at(5*time.Millisecond, 5)), 5, 40_000)},
		},
		"a sum is in the metric's unit": {
			metric: deltaHistogram("rpc.server.duration", "ms"),
			point:  reduce.Point{Buckets: []uint64{5, 0, 0}, Bounds: []float64{10, 40}, Count: 5, Sum: 40},
			want:   []correlate.Measurement{lasting(traffic(correlate.OriginRPCMetric, 5, 0, at(5*time.Millisecond, 5)), 5, 40_000)},
		},
		"the sum of a span-metrics histogram": {
			metric:     deltaHistogram("duration", "ms"),
			point:      reduce.Point{Buckets: []uint64{5, 0, 0}, Bounds: []float64{10, 40}, Count: 5, Sum: 40},
			attributes: []reduce.Attribute{str("span.kind", "SPAN_KIND_SERVER")},
			want:       []correlate.Measurement{lasting(traffic(correlate.OriginSpanMetrics, 0, 0, at(5*time.Millisecond, 5)), 5, 40_000)},
		},
		"a histogram that is not one is unusable": {
			metric: deltaHistogram("http.server.request.duration", "s"),
			point:  reduce.Point{Buckets: []uint64{1, 2}, Bounds: []float64{1, 2, 3}},
			result: reduce.Unusable,
		},
		"a count that nobody has is unusable": {
			metric: deltaHistogram("http.server.request.duration", "s"),
			point:  reduce.Point{Buckets: []uint64{1 << 63, 1 << 63}, Bounds: []float64{1}},
			result: reduce.Unusable,
		},
		"a gauge by a histogram's name is unusable": {
			metric: reduce.Metric{Name: "http.server.request.duration", Type: reduce.GaugeMetric},
			point:  reduce.Point{Value: 3}, result: reduce.Unusable,
		},
		"span-metrics calls count requests": {
			metric: deltaSum("traces.span.metrics.calls"), point: reduce.Point{Value: 7},
			attributes: []reduce.Attribute{
				str("service.name", "checkout"), str("span.kind", "SPAN_KIND_SERVER"), str("status.code", "STATUS_CODE_ERROR"),
			},
			want: []correlate.Measurement{traffic(correlate.OriginSpanMetrics, 7, 7)},
		},
		"span-metrics calls by the names of Prometheus, of another service": {
			metric: deltaSum("traces_span_metrics_calls_total"), point: reduce.Point{Value: 7},
			attributes: []reduce.Attribute{
				str("service_name", "cart"), str("span_kind", "SPAN_KIND_CONSUMER"), str("status_code", "STATUS_CODE_UNSET"),
			},
			want: []correlate.Measurement{
				measured("cart", "", correlate.Traffic, correlate.OriginSpanMetrics, requests(7, 0)),
			},
		},
		"Tempo names the service that the spans are of": {
			metric: deltaSum("traces_spanmetrics_calls_total"), point: reduce.Point{Value: 7},
			attributes: []reduce.Attribute{str("service", "cart"), str("span_kind", "SPAN_KIND_SERVER"), str("status_code", "STATUS_CODE_ERROR")},
			want:       []correlate.Measurement{measured("cart", "", correlate.Traffic, correlate.OriginSpanMetrics, requests(7, 7))},
		},
		"Tempo's latency is in seconds": {
			metric: deltaHistogram("traces_spanmetrics_latency", ""), point: histogram,
			attributes: []reduce.Attribute{str("service", "cart"), str("span_kind", "SPAN_KIND_SERVER")},
			want:       []correlate.Measurement{measured("cart", "", correlate.Traffic, correlate.OriginSpanMetrics, latencies(bins...))},
		},
		"a scraper's own service label gives way": {
			metric: deltaSum("traces_spanmetrics_calls_total"), point: reduce.Point{Value: 7},
			attributes: []reduce.Attribute{str("service", "tempo"), str("exported_service", "cart"), str("span_kind", "SPAN_KIND_SERVER")},
			want:       []correlate.Measurement{measured("cart", "", correlate.Traffic, correlate.OriginSpanMetrics, requests(7, 0))},
		},
		"a service label of anything but span metrics names no sender": {
			metric: deltaHistogram("http.server.request.duration", "s"), point: histogram,
			attributes: []reduce.Attribute{str("service", "cart")},
			want:       []correlate.Measurement{traffic(correlate.OriginServerMetric, 6, 0, bins...)},
		},
		"Tempo's span metrics without a service are nobody's": {
			metric: deltaSum("traces_spanmetrics_calls_total"), point: reduce.Point{Value: 7},
			attributes: []reduce.Attribute{str("span_kind", "SPAN_KIND_SERVER")},
			result:     reduce.Ignored,
		},
		"span metrics of a 404 are no error, when they tell": {
			metric: deltaSum("calls"), point: reduce.Point{Value: 7},
			attributes: []reduce.Attribute{
				str("span.kind", "SPAN_KIND_SERVER"), str("status.code", "STATUS_CODE_ERROR"), num("http.response.status_code", 404),
			},
			want: []correlate.Measurement{traffic(correlate.OriginSpanMetrics, 7, 0)},
		},
		"span-metrics duration adds latency alone": {
			metric: deltaHistogram("duration", "ms"), point: millis,
			attributes: []reduce.Attribute{str("span.kind", "SPAN_KIND_SERVER")},
			want: []correlate.Measurement{
				measured("checkout", "v2", correlate.Traffic, correlate.OriginSpanMetrics, latencies(bins...)),
			},
		},
		"span metrics of clients are no traffic": {
			metric: deltaSum("calls"), point: reduce.Point{Value: 7},
			attributes: []reduce.Attribute{str("span.kind", "SPAN_KIND_CLIENT")},
			result:     reduce.Ignored,
		},
		"a service graph of the server's pod knows the server's version": {
			metric: deltaSum("traces_service_graph_request_total"), point: reduce.Point{Value: 20},
			attributes: []reduce.Attribute{str("client", "frontend"), str("server", "checkout")},
			want: []correlate.Measurement{
				measured("checkout", "v2", correlate.Traffic, correlate.OriginServiceGraph, requests(20, 0)),
				named(measured("frontend", "", correlate.Edge, correlate.OriginServiceGraph, requests(20, 0)), "v2", "checkout"),
			},
		},
		"a service graph of the client's pod knows the client's version": {
			metric: deltaSum("traces_service_graph_request_failed_total"), point: reduce.Point{Value: 2},
			attributes: []reduce.Attribute{str("client", "checkout"), str("server", "cart")},
			want: []correlate.Measurement{
				measured("cart", "", correlate.Traffic, correlate.OriginServiceGraph, requests(0, 2)),
				named(measured("checkout", "v2", correlate.Edge, correlate.OriginServiceGraph, requests(0, 2)), "", "cart"),
			},
		},
		"a service graph's histogram adds latency to both": {
			metric: deltaHistogram("traces_service_graph_request_server_seconds", ""), point: histogram,
			attributes: []reduce.Attribute{str("client", "a"), str("server", "b")},
			want: []correlate.Measurement{
				named(measured("a", "", correlate.Edge, correlate.OriginServiceGraph, latencies(bins...)), "", "b"),
				measured("b", "", correlate.Traffic, correlate.OriginServiceGraph, latencies(bins...)),
			},
		},
		"a service graph without a server is unusable": {
			metric: deltaSum("traces_service_graph_request_total"), point: reduce.Point{Value: 20},
			attributes: []reduce.Attribute{str("client", "frontend")},
			result:     reduce.Unusable,
		},
		"CPU is a supporting signal": {
			metric: reduce.Metric{Name: "container.cpu.usage", Unit: "{cpu}", Type: reduce.GaugeMetric},
			point:  reduce.Point{Value: 0.25},
			want: []correlate.Measurement{named(measured("checkout", "v2", correlate.Saturation, correlate.OriginCustom,
				correlate.Cell{N: 1, Sum: 250_000}), "cpu", "")},
		},
		"memory in bytes is kept in MiB": {
			metric: reduce.Metric{Name: "container.memory.usage", Unit: "By", Type: reduce.GaugeMetric},
			point:  reduce.Point{Value: 512 << 20},
			want: []correlate.Measurement{named(measured("checkout", "v2", correlate.Saturation, correlate.OriginCustom,
				correlate.Cell{N: 1, Sum: 512_000_000}), "memory", "")},
		},
		"CPU seconds are a rate": {
			metric: deltaSum("process.cpu.time"), point: reduce.Point{Value: 2, Start: t0 - 3*sec},
			want: []correlate.Measurement{named(measured("checkout", "v2", correlate.Saturation, correlate.OriginCustom,
				correlate.Cell{N: 1, Sum: 500_000}), "process_cpu", "")},
		},
		"an idle CPU is no load": {
			metric: reduce.Metric{Name: "system.cpu.utilization", Type: reduce.GaugeMetric},
			point:  reduce.Point{Value: 0.9}, attributes: []reduce.Attribute{str("cpu.mode", "idle")},
			result: reduce.Ignored,
		},
		"restarts are what a count grew by": {
			metric: deltaSum("container.restarts"), point: reduce.Point{Value: 2, Start: t0 - 3*sec},
			want: []correlate.Measurement{named(measured("checkout", "v2", correlate.Saturation, correlate.OriginCustom,
				correlate.Cell{N: 1, Sum: 2_000_000}), correlate.Restarts, "")},
		},
		"no restarts are told too": {
			metric: deltaSum("container.restarts"), point: reduce.Point{Start: t0 - 3*sec},
			want: []correlate.Measurement{named(measured("checkout", "v2", correlate.Saturation, correlate.OriginCustom,
				correlate.Cell{N: 1}), correlate.Restarts, "")},
		},
		"a share of the memory's limit": {
			metric: reduce.Metric{Name: "k8s.container.memory_limit_utilization", Unit: "1", Type: reduce.GaugeMetric}, point: reduce.Point{Value: 0.97},
			want: []correlate.Measurement{named(measured("checkout", "v2", correlate.Saturation, correlate.OriginCustom,
				correlate.Cell{N: 1, Sum: 970_000}), "memory_limit_utilization", "")},
		},
		"a metric that nobody asked for is ignored": {
			metric: deltaSum("bytes.sent"), point: reduce.Point{Value: 3}, result: reduce.Ignored,
		},
		"a point without a value is ignored": {
			metric: deltaSum("calls"), point: reduce.Point{Missing: true}, result: reduce.Ignored,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := reduce.New(reduce.Options{})
			sender := r.Sender(checkout())
			reader := sender.Metric(test.metric)
			point := test.point
			point.Time, point.Attributes = t0+sec, test.attributes
			require.Equal(t, test.result.String(), reader.Point(&point).String())
			require.Equal(t, test.want, r.Drain())
		})
	}
}

func TestAPointWithoutAServiceIsUnusableUnlessAConnectorNamedIt(t *testing.T) {
	r := reduce.New(reduce.Options{})
	sender := r.Sender(reduce.Resource{})
	reader := sender.Metric(deltaSum("calls"))
	point := reduce.Point{Time: t0 + sec, Value: 1, Attributes: []reduce.Attribute{str("span.kind", "SPAN_KIND_SERVER")}}
	require.Equal(t, reduce.Unusable, reader.Point(&point))
	point.Attributes = append(point.Attributes,
		str("service.name", "cart"), str("service.version", "v9"), str("deployment.environment.name", "qa"))
	require.Equal(t, reduce.Accepted, reader.Point(&point))
	key := only(t, r).Key
	require.Equal(t, [3]string{"cart", "v9", "qa"}, [3]string{key.Service, key.Version, key.Environment})
}

func TestAServiceGraphOfAConnectorOnItsOwnNeedsNoResource(t *testing.T) {
	r := reduce.New(reduce.Options{})
	sender := r.Sender(reduce.Resource{})
	reader := sender.Metric(deltaSum("traces_service_graph_request_total"))
	point := reduce.Point{Time: t0 + sec, Value: 1, Attributes: []reduce.Attribute{str("client", "a"), str("server", "b")}}
	require.Equal(t, reduce.Accepted, reader.Point(&point))
	require.Len(t, r.Drain(), 2)
}

func TestAnIncrementBelongsToTheBucketThatEndsWithIt(t *testing.T) {
	r := reduce.New(reduce.Options{})
	sender := r.Sender(checkout())
	reader := sender.Metric(deltaHistogram("http.server.request.duration", "s"))
	point := reduce.Point{Time: t0 + 10*sec, Count: 3, Sum: 1}
	require.Equal(t, reduce.Accepted, reader.Point(&point))
	require.Equal(t, epoch, only(t, r).Start)
	require.Equal(t, point.Time, r.Newest())
}
