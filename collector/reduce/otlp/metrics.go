package otlp

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/shipwake/shipwake/collector/reduce"
)

// Metrics reduces all data points.
func Metrics(r *reduce.Reducer, metrics pmetric.Metrics) {
	s := pool.Get().(*scratch)
	defer release(s)
	var counts reduce.Counts
	resources := metrics.ResourceMetrics()
	for i := range resources.Len() {
		scopes := resources.At(i).ScopeMetrics()
		if !hasPoints(scopes) {
			continue
		}
		sender := r.Sender(resource(resources.At(i).Resource()))
		announce(&sender, scopes)
		for j := range scopes.Len() {
			scope := scopes.At(j)
			for k := range scope.Metrics().Len() {
				s.readMetric(&sender, scope.Scope().Name(), scope.Metrics().At(k), &counts)
			}
		}
	}
	r.Count(reduce.Points, counts)
}

// hasPoints is false of a resource that says nothing.
func hasPoints(scopes pmetric.ScopeMetricsSlice) bool {
	for _, scope := range scopes.All() {
		for _, m := range scope.Metrics().All() {
			if points(m) > 0 {
				return true
			}
		}
	}
	return false
}

func points(m pmetric.Metric) int {
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		return m.Gauge().DataPoints().Len()
	case pmetric.MetricTypeSum:
		return m.Sum().DataPoints().Len()
	case pmetric.MetricTypeHistogram:
		return m.Histogram().DataPoints().Len()
	case pmetric.MetricTypeExponentialHistogram:
		return m.ExponentialHistogram().DataPoints().Len()
	case pmetric.MetricTypeSummary:
		return m.Summary().DataPoints().Len()
	}
	return 0
}

// announce tells which metrics count calls, so that calls that several of them tell count once.
func announce(sender *reduce.Sender, scopes pmetric.ScopeMetricsSlice) {
	for i := range scopes.Len() {
		scope := scopes.At(i)
		for j := range scope.Metrics().Len() {
			m := scope.Metrics().At(j)
			metric := reduce.Metric{Scope: scope.Scope().Name(), Name: m.Name()}
			switch m.Type() {
			case pmetric.MetricTypeHistogram:
				metric.Type = reduce.HistogramMetric
				sender.Announce(metric, total(m.Histogram().DataPoints()))
			case pmetric.MetricTypeExponentialHistogram:
				metric.Type = reduce.ExponentialMetric
				sender.Announce(metric, total(m.ExponentialHistogram().DataPoints()))
			}
		}
	}
}

// counted is a histogram point of either kind.
type counted interface{ Count() uint64 }

// total is how many values some points hold together.
func total[P counted](points interface {
	Len() int
	At(int) P
}) (n uint64) {
	for i := range points.Len() {
		n += points.At(i).Count()
	}
	return n
}

// readMetric reduces the points of one metric. A summary's are of no use.
func (s *scratch) readMetric(sender *reduce.Sender, scope string, m pmetric.Metric, counts *reduce.Counts) {
	metric := reduce.Metric{Scope: scope, Name: m.Name(), Unit: m.Unit()}
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		metric.Type = reduce.GaugeMetric
		s.numbers(sender.Metric(metric), m.Gauge().DataPoints(), counts)
	case pmetric.MetricTypeSum:
		metric.Type = reduce.SumMetric
		metric.Delta, metric.Monotonic = isDelta(m.Sum().AggregationTemporality()), m.Sum().IsMonotonic()
		s.numbers(sender.Metric(metric), m.Sum().DataPoints(), counts)
	case pmetric.MetricTypeHistogram:
		metric.Type, metric.Delta = reduce.HistogramMetric, isDelta(m.Histogram().AggregationTemporality())
		s.histograms(sender.Metric(metric), m.Histogram().DataPoints(), counts)
	case pmetric.MetricTypeExponentialHistogram:
		metric.Type, metric.Delta = reduce.ExponentialMetric, isDelta(m.ExponentialHistogram().AggregationTemporality())
		s.exponentials(sender.Metric(metric), m.ExponentialHistogram().DataPoints(), counts)
	case pmetric.MetricTypeSummary:
		counts[reduce.Ignored] += int64(m.Summary().DataPoints().Len())
	}
}

func isDelta(t pmetric.AggregationTemporality) bool { return t == pmetric.AggregationTemporalityDelta }

func (s *scratch) numbers(reader reduce.Reader, points pmetric.NumberDataPointSlice, counts *reduce.Counts) {
	if !reader.Wanted() {
		counts[reduce.Ignored] += int64(points.Len())
		return
	}
	for i := range points.Len() {
		p := points.At(i)
		s.begin(p.StartTimestamp(), p.Timestamp(), p.Attributes(), p.Flags())
		switch p.ValueType() {
		case pmetric.NumberDataPointValueTypeInt:
			s.point.Value = float64(p.IntValue())
		case pmetric.NumberDataPointValueTypeDouble:
			s.point.Value = p.DoubleValue()
		default:
			s.point.Missing = true
		}
		counts[reader.Point(&s.point)]++
	}
}

func (s *scratch) histograms(reader reduce.Reader, points pmetric.HistogramDataPointSlice, counts *reduce.Counts) {
	if !reader.Wanted() {
		counts[reduce.Ignored] += int64(points.Len())
		return
	}
	for i := range points.Len() {
		p := points.At(i)
		s.begin(p.StartTimestamp(), p.Timestamp(), p.Attributes(), p.Flags())
		s.copyBuckets(p.BucketCounts())
		s.copyBounds(p.ExplicitBounds())
		s.point.Count, s.point.Sum = p.Count(), p.Sum()
		s.point.Buckets, s.point.Bounds = s.buckets, s.bounds
		counts[reader.Point(&s.point)]++
	}
}

func (s *scratch) exponentials(reader reduce.Reader, points pmetric.ExponentialHistogramDataPointSlice, counts *reduce.Counts) {
	if !reader.Wanted() {
		counts[reduce.Ignored] += int64(points.Len())
		return
	}
	for i := range points.Len() {
		p := points.At(i)
		s.begin(p.StartTimestamp(), p.Timestamp(), p.Attributes(), p.Flags())
		s.copyBuckets(p.Positive().BucketCounts())
		s.point.Count, s.point.Sum = p.Count(), p.Sum()
		s.point.Buckets, s.point.Scale, s.point.Offset = s.buckets, p.Scale(), p.Positive().Offset()
		s.point.Zero = p.ZeroCount()
		negative := p.Negative().BucketCounts()
		for j := range negative.Len() {
			s.point.Zero += negative.At(j)
		}
		counts[reader.Point(&s.point)]++
	}
}

// begin reads what all points have.
func (s *scratch) begin(start, at pcommon.Timestamp, attributes pcommon.Map, flags pmetric.DataPointFlags) {
	s.attributes = s.attributes[:0]
	for key, value := range attributes.All() {
		a := reduce.Attribute{Key: key}
		if value.Type() == pcommon.ValueTypeInt {
			a.Int, a.IsInt = value.Int(), true
		} else {
			a.Text = identity(value)
		}
		s.attributes = append(s.attributes, a)
	}
	s.point = reduce.Point{
		Start: nanos(start), Time: nanos(at), Attributes: s.attributes, Missing: flags.NoRecordedValue(),
	}
}

// identity is a value by which points are told apart. Unlike a name it may be a list.
func identity(v pcommon.Value) string {
	switch v.Type() {
	case pcommon.ValueTypeBytes:
		return string(v.Bytes().AsRaw())
	case pcommon.ValueTypeSlice:
		var list strings.Builder
		for _, element := range v.Slice().All() {
			list.WriteString(text(element))
			list.WriteByte(0)
		}
		return list.String()
	}
	return text(v)
}

func (s *scratch) copyBuckets(from pcommon.UInt64Slice) {
	s.buckets = s.buckets[:0]
	for i := range from.Len() {
		s.buckets = append(s.buckets, from.At(i))
	}
}

func (s *scratch) copyBounds(from pcommon.Float64Slice) {
	s.bounds = s.bounds[:0]
	for i := range from.Len() {
		s.bounds = append(s.bounds, from.At(i))
	}
}
