package prometheus

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/sinks/sinktest"
)

// written is what client_golang writes of metrics with one name.
func written(t require.TestingT, open bool, metrics ...prometheus.Metric) string {
	r := prometheus.NewPedanticRegistry()
	require.NoError(t, r.Register(constant(metrics)))
	families, err := r.Gather()
	require.NoError(t, err)
	var b strings.Builder
	for _, f := range families {
		require.NoError(t, encode(&b, f, open))
	}
	return b.String()
}

func encode(b *strings.Builder, f *dto.MetricFamily, open bool) (err error) {
	if open {
		_, err = expfmt.MetricFamilyToOpenMetrics(b, f)
	} else {
		_, err = expfmt.MetricFamilyToText(b, f)
	}
	return err
}

// constant is a collector of what it holds.
type constant []prometheus.Metric

func (c constant) Describe(out chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, out) }
func (c constant) Collect(out chan<- prometheus.Metric) {
	for _, m := range c {
		out <- m
	}
}

var (
	anyText  = rapid.Map(rapid.OneOf(rapid.StringN(1, 9, -1), rapid.StringMatching(`[a\\"\n{},é]{1,9}`)), clean).Filter(func(s string) bool { return s != "" })
	anyValue = rapid.OneOf(
		rapid.Map(rapid.IntRange(-2_000_000, 2_000_000), func(i int) float64 { return float64(i) }),
		rapid.Float64(), rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 1, 0.1, 999_999, 1e6, 1e21, 5e-324, math.MaxFloat64}),
	).Filter(func(f float64) bool { return !math.IsInf(f, 0) })
	asClientGolang = map[Type]prometheus.ValueType{Counter: prometheus.CounterValue, Gauge: prometheus.GaugeValue}
)

func TestASampleIsAsClientGolangWritesIt(t *testing.T) {
	for _, c := range []struct {
		row    Metric
		sample func(l *lines, value float64, v []string)
	}{
		{Metric{Name: "x_total", Type: Counter, Labels: byPlace}, func(l *lines, value float64, v []string) {
			of := labelsOfPlace(place{v[0], v[1]})
			l.sample(&of, label{}, label{}, value)
		}},
		{Metric{Name: "x_ratio", Type: Gauge, Labels: []string{"service", "environment", "reason", "verdict"}}, func(l *lines, value float64, v []string) {
			of := labelsOfPlace(place{v[0], v[1]})
			l.sample(&of, label{"reason", v[2]}, label{"verdict", v[3]}, value)
		}},
		{Metric{Name: "x_days", Type: Gauge, Labels: []string{"window", "environment"}}, func(l *lines, value float64, v []string) {
			of := labelsOfPlace(place{"", v[1]})
			l.sample(&of, label{}, label{"window", v[0]}, value)
		}},
		{Metric{Name: "x_seconds", Type: Gauge, Labels: []string{"change_id", "service", "environment", "version", "percentile", "signal"}}, func(l *lines, value float64, v []string) {
			of := labelsOfChange(&observation{id: v[0], place: place{v[1], v[2]}, version: v[3]})
			l.sample(&of, label{"percentile", v[4]}, label{"signal", v[5]}, value)
		}},
		{Metric{Name: "x_seconds_total", Type: Counter}, func(l *lines, value float64, v []string) { l.put(value, v...) }},
		{Metric{Name: "x_here_total", Type: Counter, Labels: []string{"what", "source", "result"}}, func(l *lines, value float64, v []string) { l.put(value, v...) }},
	} {
		t.Run(c.row.Name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				row := c.row
				row.Help = anyText.Draw(t, "help")
				value, values := anyValue.Draw(t, "value"), make([]string, len(row.Labels))
				for i, name := range row.Labels {
					values[i] = anyText.Draw(t, name)
				}
				metric := prometheus.MustNewConstMetric(
					prometheus.NewDesc(row.Name, row.Help, row.Labels, nil), asClientGolang[row.Type], value, values...)
				for _, open := range []bool{false, true} {
					l := lines{open: open}
					l.begin(&row)
					c.sample(&l, value, values)
					require.Equal(t, written(t, open, metric), string(l.text))
				}
			})
		})
	}
}

func TestRecoveryTimesAreAsClientGolangWritesThem(t *testing.T) {
	row := Metric{Name: "x_seconds", Help: "How long.", Type: Histogram, Labels: byPlace}
	rapid.Check(t, func(t *rapid.T) {
		p := place{anyText.Draw(t, "service"), anyText.Draw(t, "environment")}
		r := newHistogram(recoveryBounds)
		for i, seconds := range rapid.SliceOf(rapid.Float64Range(0, 1e6)).Draw(t, "seconds") {
			r = r.with(example{strings.Repeat("é", i*30) + "c", seconds, sinktest.Noon.Add(time.Duration(i) * 37 * time.Millisecond)})
		}
		metric := histogramOf(t, row, r, p)
		for _, open := range []bool{false, true} {
			l, of := lines{open: open}, labelsOfPlace(p)
			l.begin(&row)
			l.histogram(&of, r)
			require.Equal(t, written(t, open, metric), string(l.text))
		}
	})
}

// histogramOf is client_golang's form of recovery times.
func histogramOf(t *rapid.T, row Metric, r *histogram, p place) prometheus.Metric {
	buckets, total := map[float64]uint64{}, uint64(0)
	var examples []prometheus.Exemplar
	for i, n := range r.counts {
		total += n
		if i < len(recoveryBounds) {
			buckets[recoveryBounds[i]] = total
		}
		if e := r.examples[i]; n > 0 {
			examples = append(examples, prometheus.Exemplar{
				Value: e.seconds, Labels: prometheus.Labels{"change_id": exemplarID(e.changeID)}, Timestamp: e.at,
			})
		}
	}
	m, err := prometheus.NewConstHistogram(
		prometheus.NewDesc(row.Name, row.Help, row.Labels, nil), total, r.sum, buckets, p.service, p.environment)
	require.NoError(t, err)
	if len(examples) > 0 {
		m, err = prometheus.NewMetricWithExemplars(m, examples...)
		require.NoError(t, err)
	}
	return m
}

func TestWhatIsNotANumberIsAbsent(t *testing.T) {
	l := lines{}
	l.begin(&Metric{Name: "x", Help: "X.", Type: Gauge})
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		l.put(v)
	}
	require.Empty(t, l.text)
}
