package load

import (
	"fmt"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
)

// Temporality says how the instances of a shop count.
type Temporality string

// The temporalities.
const (
	Delta       Temporality = "delta"
	Cumulative  Temporality = "cumulative"
	Exponential Temporality = "exponential" // delta as well, in buckets of a scale
)

// bounds are those that the semantic conventions advise for http.server.request.duration, in seconds.
var bounds = []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}

// Metrics is a round in which every instance exports http.server.request.duration: a point for each route and status,
// 2xx and 5xx. One request in a hundred failed.
func (s Shape) Metrics(temporality Temporality) (*Load, error) {
	batches := make([]pmetric.Metrics, s.requests())
	for i := range batches {
		batches[i] = pmetric.NewMetrics()
	}
	for i, of := range s.List() {
		for n := range s.Instances {
			resource := batches[s.bundled(i, n)].ResourceMetrics().AppendEmpty()
			identify(resource.Resource(), of, s.versionOf(of, n), n)
			scope := resource.ScopeMetrics().AppendEmpty()
			scope.Scope().SetName("go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp")
			fillDuration(scope.Metrics().AppendEmpty(), of, temporality)
		}
	}
	schema := map[Temporality]message{Delta: exportDelta, Cumulative: exportCumulative, Exponential: exportExponential}[temporality]
	l := &Load{Method: metricsMethod}
	for _, batch := range batches {
		body, err := pmetricotlp.NewExportRequestFromMetrics(batch).MarshalProto()
		if err != nil {
			return nil, fmt.Errorf("encoding metrics: %w", err)
		}
		request, err := newRequest(body, schema)
		if err != nil {
			return nil, err
		}
		l.Requests = append(l.Requests, request)
		l.Items += batch.DataPointCount()
		l.Counted += counted(batch)
	}
	return l, nil
}

func fillDuration(metric pmetric.Metric, of Service, temporality Temporality) {
	metric.SetName("http.server.request.duration")
	metric.SetUnit("s")
	metric.SetDescription("Duration of HTTP server requests.")
	if temporality == Exponential {
		fillExponential(metric.SetEmptyExponentialHistogram(), of)
		return
	}
	histogram := metric.SetEmptyHistogram()
	histogram.SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
	if temporality == Cumulative {
		histogram.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	}
	for _, route := range of.routes {
		fillPoint(histogram.DataPoints().AppendEmpty(), route, 200, []uint64{0, 31, 142, 309, 240, 121, 90, 41, 12, 4})
		fillPoint(histogram.DataPoints().AppendEmpty(), route, 500, []uint64{0, 0, 0, 0, 0, 0, 10})
	}
}

func fillPoint(point pmetric.HistogramDataPoint, route string, status int64, buckets []uint64) {
	point.SetStartTimestamp(pcommon.NewTimestampFromTime(origin)) // else it would not be encoded
	point.SetTimestamp(pcommon.NewTimestampFromTime(origin))
	point.ExplicitBounds().FromRaw(bounds)
	counts := make([]uint64, len(bounds)+1)
	copy(counts, buckets)
	point.BucketCounts().FromRaw(counts)
	var count uint64
	for _, n := range counts {
		count += n
	}
	point.SetCount(count)
	point.SetSum(0.06 * float64(count))
	describePoint(point.Attributes(), route, status)
}

// fillExponential has two points for each route as well, in buckets that grow by a twelfth.
func fillExponential(histogram pmetric.ExponentialHistogram, of Service) {
	histogram.SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
	for _, route := range of.routes {
		fillScaled(histogram.DataPoints().AppendEmpty(), route, 200, 60)
		fillScaled(histogram.DataPoints().AppendEmpty(), route, 500, 3)
	}
}

func fillScaled(point pmetric.ExponentialHistogramDataPoint, route string, status int64, buckets int) {
	point.SetStartTimestamp(pcommon.NewTimestampFromTime(origin)) // else it would not be encoded
	point.SetTimestamp(pcommon.NewTimestampFromTime(origin))
	point.SetScale(3)
	point.Positive().SetOffset(-60)
	var count uint64
	for i := range buckets {
		n := uint64(i * 7 % 33)
		point.Positive().BucketCounts().Append(n)
		count += n
	}
	point.SetCount(count)
	point.SetSum(0.06 * float64(count))
	describePoint(point.Attributes(), route, status)
}

func describePoint(attributes pcommon.Map, route string, status int64) {
	attributes.PutStr("http.request.method", "GET")
	attributes.PutStr("http.route", route)
	attributes.PutInt("http.response.status_code", status)
	attributes.PutStr("network.protocol.version", "1.1")
	attributes.PutStr("server.address", "shop.example")
	attributes.PutStr("url.scheme", "http")
}

func counted(metrics pmetric.Metrics) (total uint64) {
	for _, resource := range metrics.ResourceMetrics().All() {
		for _, scope := range resource.ScopeMetrics().All() {
			for _, metric := range scope.Metrics().All() {
				total += observed(metric)
			}
		}
	}
	return total
}

// observed is how many requests the points of a histogram hold.
func observed(metric pmetric.Metric) (total uint64) {
	if metric.Type() == pmetric.MetricTypeExponentialHistogram {
		for _, point := range metric.ExponentialHistogram().DataPoints().All() {
			total += point.Count()
		}
		return total
	}
	for _, point := range metric.Histogram().DataPoints().All() {
		total += point.Count()
	}
	return total
}
