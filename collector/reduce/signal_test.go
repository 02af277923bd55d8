package reduce_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/reduce"
	"github.com/shipwake/shipwake/correlate"
)

func TestCustomSignals(t *testing.T) {
	gauge := reduce.Metric{Name: "kpi", Type: reduce.GaugeMetric}
	upDown := reduce.Metric{Name: "kpi", Type: reduce.SumMetric}
	histogram := deltaHistogram("kpi", "s")
	orders := correlate.Signal{
		Name: "orders", Type: correlate.SignalRatio,
		Numerator:   correlate.MetricSelector{Metric: "kpi", Attributes: map[string]string{"result": "ok", "step": "3"}},
		Denominator: correlate.MetricSelector{Metric: "kpi"},
	}
	of := func(kind correlate.SignalType) correlate.Signal {
		return correlate.Signal{Name: "orders", Metric: "kpi", Type: kind}
	}
	tests := map[string]struct {
		signal     correlate.Signal
		metric     reduce.Metric
		point      reduce.Point
		attributes []reduce.Attribute
		result     reduce.Result
		kind       correlate.SignalKind
		want       correlate.Cell
	}{
		"a gauge in fixed point": {
			signal: of(correlate.SignalGauge), metric: gauge, point: reduce.Point{Value: -3.65000049},
			kind: correlate.Gauge, want: correlate.Cell{N: 1, Sum: -3_650_000},
		},
		"a gauge of zero is a value": {
			signal: of(correlate.SignalGauge), metric: gauge, kind: correlate.Gauge, want: correlate.Cell{N: 1},
		},
		"an up-down counter is a gauge": {
			signal: of(correlate.SignalGauge), metric: upDown, point: reduce.Point{Value: 7},
			kind: correlate.Gauge, want: correlate.Cell{N: 1, Sum: 7_000_000},
		},
		"a gauge beyond what fixed point holds is unusable": {
			signal: of(correlate.SignalGauge), metric: gauge, point: reduce.Point{Value: 1e10}, result: reduce.Unusable,
		},
		"a histogram is no gauge": {
			signal: of(correlate.SignalGauge), metric: histogram, point: reduce.Point{Count: 1, Sum: 1},
			result: reduce.Unusable,
		},
		"a counter's increase": {
			signal: of(correlate.SignalRate), metric: deltaSum("kpi"), point: reduce.Point{Value: 2.5},
			kind: correlate.Rate, want: correlate.Cell{N: 1, Sum: 2_500_000},
		},
		"a histogram's count has a rate": {
			signal: of(correlate.SignalRate), metric: histogram, point: reduce.Point{Count: 2, Sum: 1},
			kind: correlate.Rate, want: correlate.Cell{N: 1, Sum: 2_000_000},
		},
		"a gauge has no rate": {
			signal: of(correlate.SignalRate), metric: gauge, point: reduce.Point{Value: 1}, result: reduce.Unusable,
		},
		"a point of both selectors is in the numerator and the denominator": {
			signal: orders, metric: deltaSum("kpi"), point: reduce.Point{Value: 3},
			attributes: []reduce.Attribute{str("result", "ok"), num("step", 3)},
			kind:       correlate.Ratio, want: correlate.Cell{N: 3_000_000, Sum: 3_000_000},
		},
		"a point of another attribute value is in the denominator alone": {
			signal: orders, metric: deltaSum("kpi"), point: reduce.Point{Value: 3},
			attributes: []reduce.Attribute{str("result", "ok"), num("step", 4)},
			kind:       correlate.Ratio, want: correlate.Cell{N: 3_000_000},
		},
		"a histogram's values in fixed point": {
			signal: of(correlate.SignalHistogram), metric: histogram,
			point: reduce.Point{Buckets: []uint64{0, 2, 0}, Bounds: []float64{1, 4}, Count: 2},
			kind:  correlate.Distribution,
			want: correlate.Cell{
				Requests: 2, Latency: correlate.Histogram{{Index: correlate.BinIndex(2 * correlate.Fixed), Count: 2}},
			},
		},
		"a counter is no histogram": {
			signal: of(correlate.SignalHistogram), metric: deltaSum("kpi"), point: reduce.Point{Value: 1},
			result: reduce.Unusable,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := reduce.New(reduce.Options{Signals: []correlate.Signal{test.signal}})
			sender := r.Sender(checkout())
			reader := sender.Metric(test.metric)
			point := test.point
			point.Time, point.Attributes = t0+sec, test.attributes
			require.Equal(t, test.result.String(), reader.Point(&point).String())
			if test.result != reduce.Accepted {
				require.Empty(t, r.Drain())
				return
			}
			want := named(measured("checkout", "v2", test.kind, correlate.OriginCustom, test.want), "orders", "")
			require.Equal(t, want, only(t, r))
		})
	}
}

func TestAMetricCanBeUnderstoodAndCustomAtOnce(t *testing.T) {
	r := reduce.New(reduce.Options{})
	r.Configure([]correlate.Signal{
		{Name: "slow", Metric: "http.server.request.duration", Type: correlate.SignalHistogram},
	}, 10*time.Second)
	sender := r.Sender(checkout())
	reader := sender.Metric(deltaHistogram("http.server.request.duration", "s"))
	point := reduce.Point{Time: t0 + sec, Buckets: []uint64{1, 0}, Bounds: []float64{1}, Count: 1}
	require.Equal(t, reduce.Accepted, reader.Point(&point))
	require.Len(t, r.Drain(), 2)
}
