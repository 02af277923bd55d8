package prometheus

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/sinks/prometheus/native"
	"github.com/shipwake/shipwake/sinks/sinktest"
)

// gathered is what client_golang gathers of a metric.
func gathered(t require.TestingT, metric prometheus.Metric) *dto.MetricFamily {
	r := prometheus.NewPedanticRegistry()
	require.NoError(t, r.Register(constant{metric}))
	families, err := r.Gather()
	require.NoError(t, err)
	require.Len(t, families, 1)
	return families[0]
}

func encode(b *strings.Builder, f *dto.MetricFamily, in format) (err error) {
	if in == openMetrics {
		_, err = expfmt.MetricFamilyToOpenMetrics(b, f)
	} else {
		_, err = expfmt.MetricFamilyToText(b, f)
	}
	return err
}

// sameAs holds what was written of a row against client_golang's form of it.
func sameAs(t require.TestingT, want *dto.MetricFamily, row *Metric, l lines) {
	if l.format == protobuf {
		got := messages(t, append(familyHead(row, len(l.text)), l.text...))
		require.Len(t, got, 1)
		require.True(t, proto.Equal(want, got[0]), "want %v\ngot  %v", want, got[0])
		return
	}
	var text strings.Builder
	require.NoError(t, encode(&text, want, l.format))
	require.Equal(t, text.String(), string(l.text))
}

// messages are the families of an exposition in protobuf.
func messages(t require.TestingT, exposition []byte) (all []*dto.MetricFamily) {
	decoder := expfmt.NewDecoder(bytes.NewReader(exposition), expfmt.NewFormat(expfmt.TypeProtoDelim))
	for {
		var f dto.MetricFamily
		err := decoder.Decode(&f)
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		require.Empty(t, f.ProtoReflect().GetUnknown())
		all = append(all, &f)
	}
}

var allFormats = []format{textFormat, openMetrics, protobuf}

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
				want := gathered(t, metric)
				for _, in := range allFormats {
					l := lines{format: in}
					l.begin(&row)
					c.sample(&l, value, values)
					sameAs(t, want, &row, l)
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
		want := gathered(t, histogramOf(t, row, r, p))
		for _, in := range []format{textFormat, openMetrics} {
			l, of := lines{format: in}, labelsOfPlace(p)
			l.begin(&row)
			l.histogram(&of, r)
			sameAs(t, want, &row, l)
		}
	})
}

// TestHistogramsAreNativeTooInProtobuf holds what is counted and written against a histogram of client_golang's that observed
// the same. Its exemplars have the time of the test.
func TestHistogramsAreNativeTooInProtobuf(t *testing.T) {
	row := Metric{Name: "x_seconds", Help: "How long.", Type: Histogram, Labels: byPlace}
	rapid.Check(t, func(t *rapid.T) {
		p := place{anyText.Draw(t, "service"), anyText.Draw(t, "environment")}
		vec := prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: row.Name, Help: row.Help, Buckets: recoveryBounds, NativeHistogramBucketFactor: 1.1,
			NativeHistogramMaxBucketNumber: native.Most, NativeHistogramMaxExemplars: -1,
		}, byPlace)
		r, theirs := newHistogram(recoveryBounds), vec.WithLabelValues(p.service, p.environment)
		seconds := rapid.SliceOf(rapid.OneOf(rapid.Float64Range(0, 1e6), rapid.Just(0.0), rapid.SampledFrom(recoveryBounds))).Draw(t, "seconds")
		at := func(i int) time.Time { return sinktest.Noon.Add(time.Duration(i) * 37 * time.Millisecond) }
		for i, s := range seconds {
			r = r.with(example{fmt.Sprint(i), s, at(i)})
			theirs.(prometheus.ExemplarObserver).ObserveWithExemplar(s, prometheus.Labels{"change_id": fmt.Sprint(i)})
		}
		want := gathered(t, theirs.(prometheus.Metric))
		of := want.GetMetric()[0].GetHistogram()
		of.CreatedTimestamp = nil
		for _, b := range of.GetBucket() {
			if b.Exemplar != nil {
				i, err := strconv.Atoi(b.GetExemplar().GetLabel()[0].GetValue())
				require.NoError(t, err)
				b.Exemplar.Timestamp = timestamppb.New(at(i))
			}
		}
		l, labels := lines{format: protobuf}, labelsOfPlace(p)
		l.begin(&row)
		l.histogram(&labels, r)
		sameAs(t, want, &row, l)
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
	for _, in := range allFormats {
		l := lines{format: in}
		l.begin(&Metric{Name: "x", Help: "X.", Type: Gauge})
		for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			l.put(v)
			l.sample(&labels{}, label{}, label{}, v)
		}
		require.Empty(t, l.text)
	}
}
