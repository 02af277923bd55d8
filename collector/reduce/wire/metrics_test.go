package wire_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/collector/reduce/otlp"
	"github.com/shipwake/shipwake/collector/reduce/wire"
)

func walkMetrics(t require.TestingT, w world, body []byte) bool {
	b := wire.NewPoints(&plenty{})
	defer b.Release()
	ok, err := b.Walk(body, known, w.reducer.Wanted)
	require.NoError(t, err)
	if ok {
		b.Reduce(w.reducer)
	}
	return ok
}

func decodeMetrics(_ require.TestingT, w world, body []byte) bool {
	request := pmetricotlp.NewExportRequest()
	if request.UnmarshalProto(body) != nil {
		return false
	}
	otlp.Metrics(w.reducer, request.Metrics())
	return true
}

var (
	exemplarShape = &shape{7: pairShape}
	numberShape   = &shape{5: exemplarShape, 7: pairShape}
	metricShape   = request(&shape{
		5: &shape{1: numberShape}, 7: &shape{1: numberShape}, 9: &shape{1: &shape{8: exemplarShape, 9: pairShape}},
		10: &shape{1: &shape{1: pairShape, 8: &shape{}, 9: &shape{}, 11: exemplarShape}},
		11: &shape{1: &shape{6: &shape{}, 7: pairShape}}, 12: pairShape,
	})
)

var metricNames = []string{
	"kpi", "http.server.request.duration", "http.server.duration", "http.client.request.duration", "rpc.server.duration", "calls",
	"traces.span.metrics.duration", "traces_service_graph_request_total", "traces_service_graph_request_failed_total",
	"process.cpu.time", "process.memory.usage", "nobody.wants.it", "",
}

var pointKeys = []string{
	"http.route", "http.response.status_code", "error.type", "server.address", "service.name", "service.version", "span.kind",
	"status.code", "client", "server", "code", "state", "rpc.grpc.status_code", "cloud.region",
}

func describePoint(t *rapid.T, into pcommon.Map) {
	for range rapid.IntRange(0, 4).Draw(t, "attributes") {
		v := into.PutEmpty(rapid.SampledFrom(pointKeys).Draw(t, "key"))
		if rapid.IntRange(0, 5).Draw(t, "any") == 0 {
			value(t, v, 0)
			continue
		}
		v.SetStr(rapid.SampledFrom([]string{"", "a", "b", "SPAN_KIND_SERVER", "STATUS_CODE_ERROR", "7", "500", "idle", "x:80"}).Draw(t, "text"))
	}
}

func drawnMetrics(t *rapid.T) pmetric.Metrics {
	metrics := pmetric.NewMetrics()
	for range rapid.IntRange(0, 2).Draw(t, "resources") {
		rm := metrics.ResourceMetrics().AppendEmpty()
		describe(t, rm.Resource())
		for range rapid.IntRange(0, 2).Draw(t, "scopes") {
			scope := rm.ScopeMetrics().AppendEmpty()
			describeScope(t, scope.Scope())
			for range rapid.IntRange(0, 3).Draw(t, "metrics") {
				drawnMetric(t, scope.Metrics().AppendEmpty())
			}
		}
	}
	return metrics
}

func drawnMetric(t *rapid.T, m pmetric.Metric) {
	m.SetName(rapid.SampledFrom(metricNames).Draw(t, "name"))
	m.SetUnit(rapid.SampledFrom([]string{"", "s", "ms", "By", "1"}).Draw(t, "unit"))
	m.SetDescription(rapid.SampledFrom([]string{"", "what it is"}).Draw(t, "description"))
	if rapid.IntRange(0, 9).Draw(t, "metadata") == 0 {
		value(t, m.Metadata().PutEmpty("x"), 0)
	}
	points := rapid.IntRange(0, 3)
	temporality := pmetric.AggregationTemporality(rapid.IntRange(0, 2).Draw(t, "temporality"))
	switch rapid.IntRange(0, 5).Draw(t, "type") {
	case 0:
		list := m.SetEmptyGauge().DataPoints()
		for range points.Draw(t, "points") {
			drawnNumber(t, list.AppendEmpty())
		}
	case 1:
		sum := m.SetEmptySum()
		sum.SetAggregationTemporality(temporality)
		sum.SetIsMonotonic(rapid.Bool().Draw(t, "monotonic"))
		for range points.Draw(t, "points") {
			drawnNumber(t, sum.DataPoints().AppendEmpty())
		}
	case 2:
		h := m.SetEmptyHistogram()
		h.SetAggregationTemporality(temporality)
		for range points.Draw(t, "points") {
			drawnHistogram(t, h.DataPoints().AppendEmpty())
		}
	case 3:
		h := m.SetEmptyExponentialHistogram()
		h.SetAggregationTemporality(temporality)
		for range points.Draw(t, "points") {
			drawnExponential(t, h.DataPoints().AppendEmpty())
		}
	case 4:
		list := m.SetEmptySummary().DataPoints()
		for range points.Draw(t, "points") {
			p := list.AppendEmpty()
			p.SetTimestamp(at(t))
			p.QuantileValues().AppendEmpty().SetQuantile(0.5)
			describePoint(t, p.Attributes())
		}
	}
}

type dated interface {
	SetStartTimestamp(pcommon.Timestamp)
	SetTimestamp(pcommon.Timestamp)
	Attributes() pcommon.Map
	SetFlags(pmetric.DataPointFlags)
	Exemplars() pmetric.ExemplarSlice
}

func date(t *rapid.T, p dated) {
	p.SetTimestamp(at(t))
	p.SetStartTimestamp(pcommon.NewTimestampFromTime(now.Add(-rapid.SampledFrom([]time.Duration{0, time.Minute, time.Hour, 5 * time.Second}).Draw(t, "start"))))
	p.SetFlags(pmetric.DataPointFlags(rarely(t, "flags", uint32(0), 1, 2)))
	describePoint(t, p.Attributes())
	if rapid.IntRange(0, 4).Draw(t, "exemplar") == 0 {
		e := p.Exemplars().AppendEmpty()
		e.SetIntValue(7)
		e.SetTraceID([16]byte{1})
		value(t, e.FilteredAttributes().PutEmpty("x"), 0)
	}
}

func drawnNumber(t *rapid.T, p pmetric.NumberDataPoint) {
	date(t, p)
	switch rapid.IntRange(0, 2).Draw(t, "value") {
	case 0:
		p.SetIntValue(rapid.Int64Range(-3, 1000).Draw(t, "int"))
	case 1:
		p.SetDoubleValue(rapid.SampledFrom([]float64{0, 1.5, 700, -1, math.NaN(), math.Inf(1)}).Draw(t, "double"))
	}
}

func drawnHistogram(t *rapid.T, p pmetric.HistogramDataPoint) {
	date(t, p)
	counts := rapid.SliceOfN(rapid.Uint64Range(0, 50), 0, 5).Draw(t, "buckets")
	p.BucketCounts().FromRaw(counts)
	bounds := []float64{0.1, 0.5, 1, 5}
	p.ExplicitBounds().FromRaw(bounds[:rarely(t, "bounds", max(0, len(counts)-1), 0, 4)])
	p.SetCount(rapid.Uint64Range(0, 200).Draw(t, "count"))
	if rapid.Bool().Draw(t, "summed") {
		p.SetSum(rapid.Float64Range(0, 100).Draw(t, "sum"))
		p.SetMin(0)
		p.SetMax(9)
	}
}

func drawnExponential(t *rapid.T, p pmetric.ExponentialHistogramDataPoint) {
	date(t, p)
	p.SetScale(rapid.Int32Range(-11, 21).Draw(t, "scale"))
	p.Positive().SetOffset(rapid.Int32Range(-300, 300).Draw(t, "offset"))
	p.Positive().BucketCounts().FromRaw(rapid.SliceOfN(rapid.Uint64Range(0, 300), 0, 5).Draw(t, "positive"))
	p.Negative().BucketCounts().FromRaw(rapid.SliceOfN(rapid.Uint64Range(0, 3), 0, 2).Draw(t, "negative"))
	p.SetZeroCount(rapid.Uint64Range(0, 3).Draw(t, "zero"))
	p.SetCount(rapid.Uint64Range(0, 200).Draw(t, "count"))
	p.SetSum(rapid.Float64Range(0, 100).Draw(t, "sum"))
	p.SetZeroThreshold(rapid.SampledFrom([]float64{0, 0.1}).Draw(t, "threshold"))
}

func encodedMetrics(t require.TestingT, metrics pmetric.Metrics) []byte {
	body, err := pmetricotlp.NewExportRequestFromMetrics(metrics).MarshalProto()
	require.NoError(t, err)
	return body
}

func TestPointsComeToTheSameBothWays(t *testing.T) {
	walked, all := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		var bodies [][]byte
		for range rapid.IntRange(1, 3).Draw(t, "requests") {
			body := encodedMetrics(t, drawnMetrics(t))
			if rapid.Bool().Draw(t, "reorder") {
				body = reordered(t, body, metricShape)
			}
			bodies = append(bodies, body)
		}
		bodies = append(bodies, bodies...) // attributes are known when they come again
		bodies = append(bodies, bodies...)
		walked, all = walked+same(t, walkMetrics, decodeMetrics, bodies...), all+len(bodies)
	})
	require.Greater(t, walked, all/4, "most requests should be walked")
}

func TestMutantsOfPointsComeToTheSameBothWays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		same(t, walkMetrics, decodeMetrics, mutant(t, encodedMetrics(t, drawnMetrics(t))))
	})
}

func FuzzMetrics(f *testing.F) {
	f.Add(encodedMetrics(f, histograms(3)))
	f.Fuzz(func(t *testing.T, body []byte) {
		same(t, walkMetrics, decodeMetrics, body)
	})
}

// histograms is what an SDK sends: so many points of each kind.
func histograms(n int) pmetric.Metrics {
	metrics := pmetric.NewMetrics()
	rm := metrics.ResourceMetrics().AppendEmpty()
	rm.Resource().Attributes().PutStr("service.name", "checkout")
	list := rm.ScopeMetrics().AppendEmpty().Metrics()
	explicit := list.AppendEmpty()
	explicit.SetName("http.server.request.duration")
	h := explicit.SetEmptyHistogram()
	h.SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
	scaled := list.AppendEmpty()
	scaled.SetName("rpc.server.call.duration")
	x := scaled.SetEmptyExponentialHistogram()
	x.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	kpi := list.AppendEmpty()
	kpi.SetName("kpi")
	g := kpi.SetEmptyGauge()
	for i := range n {
		p := h.DataPoints().AppendEmpty()
		p.SetTimestamp(pcommon.NewTimestampFromTime(now))
		p.BucketCounts().FromRaw([]uint64{1, 2, 3})
		p.ExplicitBounds().FromRaw([]float64{0.1, 1})
		p.SetCount(6)
		p.Attributes().PutInt("http.response.status_code", int64(200+i))
		e := x.DataPoints().AppendEmpty()
		e.SetTimestamp(pcommon.NewTimestampFromTime(now))
		e.SetScale(3)
		e.Positive().BucketCounts().FromRaw([]uint64{1, 0, 200})
		e.Attributes().PutStr("rpc.method", "Pay")
		g.DataPoints().AppendEmpty().SetDoubleValue(float64(i))
	}
	return metrics
}

func TestWhichPointsAreWalked(t *testing.T) {
	in := func(metric ...byte) []byte { return delimited(1, delimited(2, delimited(2, metric))) }
	kpi := delimited(1, []byte("kpi"))
	gauge := func(point ...byte) []byte { return in(append(kpi, delimited(5, delimited(1, point))...)...) }
	value := append([]byte{4<<3 | 1}, make([]byte, 8)...)
	for name, test := range map[string]struct {
		body   []byte
		walked bool
	}{
		"what an SDK sends":                   {encodedMetrics(t, histograms(300)), true},
		"nothing":                             {nil, true},
		"a metric without points":             {in(append(kpi, delimited(5, nil)...)...), true},
		"a metric of no type":                 {in(kpi...), true},
		"a point without anything":            {gauge(), true},
		"a metric of two types":               {in(append(delimited(5, nil), delimited(7, nil)...)...), false},
		"a point with two values":             {gauge(append(value, value...)...), false},
		"buckets that aren't packed":          {in(append(kpi, delimited(9, delimited(1, append([]byte{6<<3 | 1}, make([]byte, 8)...)))...)...), false},
		"a list of seven bytes":               {in(append(kpi, delimited(9, delimited(1, delimited(6, make([]byte, 7))))...)...), false},
		"a value that is a double, as text":   {gauge(delimited(7, append(delimited(1, []byte("k")), delimited(2, value)...))...), false},
		"a metric whose name comes after it":  {in(append(delimited(5, delimited(1, value)), kpi...)...), true},
		"an unread point that can't be read":  {in(append(delimited(1, []byte("x")), delimited(5, delimited(1, []byte{7}))...)...), false},
		"an unread point of an unknown field": {in(append(delimited(1, []byte("x")), delimited(5, delimited(1, []byte{15 << 3, 1}))...)...), false},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.walked, same(t, walkMetrics, decodeMetrics, test.body) == 1)
		})
	}
}

func TestBombsOfPoints(t *testing.T) {
	const n = 100_000
	repeat := func(part []byte) []byte {
		var b []byte
		for range n {
			b = append(b, part...)
		}
		return b
	}
	in := func(metric ...byte) []byte {
		return delimited(1, delimited(2, delimited(2, append(delimited(1, []byte("kpi")), metric...))))
	}
	for name, body := range map[string][]byte{
		"metrics":    delimited(1, delimited(2, repeat(delimited(2, append(delimited(1, []byte("kpi")), delimited(5, nil)...))))),
		"points":     in(delimited(5, repeat(delimited(1, nil)))...),
		"attributes": in(delimited(5, delimited(1, repeat(delimited(7, nil))))...),
		"buckets":    in(delimited(10, delimited(1, delimited(8, delimited(2, make([]byte, n)))))...),
		"exemplars":  in(delimited(5, delimited(1, repeat(delimited(5, nil))))...),
	} {
		t.Run(name, func(t *testing.T) {
			room := &plenty{}
			b := wire.NewPoints(room)
			before := allocated()
			ok, err := b.Walk(body, known, func(string) bool { return true })
			used := allocated() - before
			require.NoError(t, err)
			require.True(t, ok)
			require.LessOrEqual(t, used, uint64(room.taken+room.taken/2+1<<20))

			full := little(room.taken / 2)
			b = wire.NewPoints(&full)
			if _, err = b.Walk(body, known, func(string) bool { return true }); room.taken > 64<<10 {
				require.ErrorIs(t, err, errFull)
			}
		})
	}
}

func TestAttributesAreReadWhateverCameBefore(t *testing.T) {
	routes := func(lists ...[]string) []byte {
		metrics := pmetric.NewMetrics()
		rm := metrics.ResourceMetrics().AppendEmpty()
		rm.Resource().Attributes().PutStr("service.name", "checkout")
		m := rm.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
		m.SetName("http.server.request.duration")
		h := m.SetEmptyHistogram()
		h.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
		for i, keys := range lists {
			p := h.DataPoints().AppendEmpty()
			p.SetTimestamp(pcommon.NewTimestampFromTime(now))
			p.SetStartTimestamp(p.Timestamp() - 1e9)
			p.SetCount(uint64(i + 1))
			for _, key := range keys {
				p.Attributes().PutStr(key, "500")
			}
		}
		return encodedMetrics(t, metrics)
	}
	route, status, both := []string{"http.route"}, []string{"http.response.status_code"}, []string{"http.route", "http.response.status_code"}
	for name, bodies := range map[string][][]byte{
		"the same ones each time":                  {routes(route, both), routes(route, both), routes(route, both)},
		"more than were there the time before":     {routes(status, route), routes(status, route), routes(status, both)},
		"fewer than were there the time before":    {routes(status, both), routes(status, both), routes(status, route)},
		"none where there were some":               {routes(status, route), routes(status, route), routes(status, nil, route)},
		"others than were there the time before":   {routes(route, both), routes(route, both), routes(route, status)},
		"in another order than in the time before": {routes(route, status, both), routes(route, status, both), routes(both, status, route)},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, len(bodies), same(t, walkMetrics, decodeMetrics, bodies...))
		})
	}
}
