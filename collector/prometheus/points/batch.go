package points

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/shipwake/shipwake/collector/prometheus/counts"
	"github.com/shipwake/shipwake/collector/prometheus/families"
)

// resource is a process of a service, or whoever counts for it.
type resource struct{ service, namespace, version, environment, instance, zone, cluster string }

// batch collects the points of several resources.
type batch struct {
	metrics pmetric.Metrics
	of      map[resource]*metricsOf
}

// metricsOf is the metrics of one resource.
type metricsOf struct {
	to     pmetric.MetricSlice
	byName map[named]pmetric.Metric
}

// named tells metrics apart: a histogram may be a native one in some processes.
type named struct {
	name, unit string
	native     bool
}

func newBatch() *batch { return &batch{pmetric.NewMetrics(), map[resource]*metricsOf{}} }

const scopeName = "github.com/shipwake/shipwake/collector/prometheus"

func (b *batch) metricsOf(r resource) *metricsOf {
	if m := b.of[r]; m != nil {
		return m
	}
	rm := b.metrics.ResourceMetrics().AppendEmpty()
	for _, a := range [...]struct{ key, value string }{
		{"service.name", r.service}, {"service.namespace", r.namespace}, {"service.version", r.version},
		{"deployment.environment.name", r.environment}, {"service.instance.id", r.instance},
		{"cloud.availability_zone", r.zone}, {"k8s.cluster.name", r.cluster},
	} {
		if a.value != "" {
			rm.Resource().Attributes().PutStr(a.key, a.value)
		}
	}
	scope := rm.ScopeMetrics().AppendEmpty()
	scope.Scope().SetName(scopeName)
	m := &metricsOf{scope.Metrics(), map[named]pmetric.Metric{}}
	b.of[r] = m
	return m
}

// metric is a metric, and whether it is a new one.
func (m *metricsOf) metric(of named) (metric pmetric.Metric, fresh bool) {
	if metric, ok := m.byName[of]; ok {
		return metric, false
	}
	metric = m.to.AppendEmpty()
	metric.SetName(of.name)
	metric.SetUnit(of.unit)
	m.byName[of] = metric
	return metric, true
}

// served adds a server's own histogram.
func (m *metricsOf) served(of *told, inc *counts.Increment) {
	name := "http.server.request.duration"
	if of.family.Protocol == families.RPC {
		name = "rpc.server.call.duration"
	}
	of.attributes(m.histogram(name, of.unit, inc))
}

// calls adds requests that a counter told.
func (m *metricsOf) calls(of *told, inc *counts.Increment) {
	metric, fresh := m.metric(named{name: "traces.span.metrics.calls"})
	if fresh {
		sum := metric.SetEmptySum()
		sum.SetIsMonotonic(true)
		sum.SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
	}
	p := metric.Sum().DataPoints().AppendEmpty()
	p.SetStartTimestamp(stamp(inc.From))
	p.SetTimestamp(stamp(inc.To))
	p.SetIntValue(inc.Value)
	p.Attributes().PutStr("span.kind", "SPAN_KIND_SERVER")
	of.attributes(p.Attributes())
}

// durations adds how long requests took that a counter tells.
func (m *metricsOf) durations(of *told, inc *counts.Increment) {
	attributes := m.histogram("traces.span.metrics.duration", of.unit, inc)
	attributes.PutStr("span.kind", "SPAN_KIND_SERVER")
	of.attributes(attributes)
}

func (m *metricsOf) histogram(name, unit string, inc *counts.Increment) pcommon.Map {
	if inc.Native != nil {
		return m.exponential(name, unit, inc)
	}
	metric, fresh := m.metric(named{name: name, unit: unit})
	if fresh {
		metric.SetEmptyHistogram().SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
	}
	p := metric.Histogram().DataPoints().AppendEmpty()
	p.SetStartTimestamp(stamp(inc.From))
	p.SetTimestamp(stamp(inc.To))
	p.SetCount(uint64(inc.Value))
	p.SetSum(inc.Sum)
	p.ExplicitBounds().FromRaw(inc.Bounds)
	p.BucketCounts().FromRaw(inc.Buckets)
	return p.Attributes()
}

func (m *metricsOf) exponential(name, unit string, inc *counts.Increment) pcommon.Map {
	metric, fresh := m.metric(named{name, unit, true})
	if fresh {
		metric.SetEmptyExponentialHistogram().SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
	}
	p := metric.ExponentialHistogram().DataPoints().AppendEmpty()
	p.SetStartTimestamp(stamp(inc.From))
	p.SetTimestamp(stamp(inc.To))
	p.SetCount(uint64(inc.Value))
	p.SetSum(inc.Sum)
	p.SetZeroCount(inc.Native.Zero)
	scale, offset, counts := inc.Native.Exponential()
	p.SetScale(scale)
	p.Positive().SetOffset(offset)
	p.Positive().BucketCounts().FromRaw(counts)
	return p.Attributes()
}

func stamp(ms int64) pcommon.Timestamp { return pcommon.Timestamp(ms * 1_000_000) }

// attributes says of which route the requests were and how they ended, in the words of the semantic conventions.
func (of *told) attributes(to pcommon.Map) {
	if of.route != "" {
		key := "http.route"
		if of.family.Protocol == families.RPC {
			key = "rpc.method"
		}
		to.PutStr(key, of.route)
	}
	e := &of.ended
	if e.HTTP > 0 {
		to.PutInt("http.response.status_code", int64(e.HTTP))
	}
	if e.HasRPC {
		to.PutInt("rpc.grpc.status_code", int64(e.RPC))
	}
	if e.Failed {
		to.PutStr("error.type", "_OTHER")
		to.PutStr("status.code", "STATUS_CODE_ERROR")
	}
}
