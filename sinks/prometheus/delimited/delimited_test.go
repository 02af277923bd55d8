package delimited

import (
	"bufio"
	"bytes"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protodelim"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/sinks/prometheus/native"
)

// read is the one family that bytes hold.
func read(t require.TestingT, from []byte) *dto.MetricFamily {
	r := bufio.NewReader(bytes.NewReader(from))
	var f dto.MetricFamily
	require.NoError(t, protodelim.UnmarshalFrom(r, &f))
	require.ErrorIs(t, protodelim.UnmarshalFrom(r, &dto.MetricFamily{}), io.EOF)
	return &f
}

func same(t require.TestingT, want, got *dto.MetricFamily) {
	require.True(t, proto.Equal(want, got), "want %v\ngot  %v", want, got)
	require.Empty(t, got.ProtoReflect().GetUnknown())
}

// family is a family of the metrics that are written.
func family(name, help string, of dto.MetricType, metrics []byte) []byte {
	return append(Family(nil, name, help, of, len(metrics)), metrics...)
}

var (
	// lengths are around those where the length of a length grows.
	lengths = rapid.OneOf(rapid.IntRange(0, 300), rapid.IntRange(100, 150), rapid.IntRange(16_300, 16_400))
	texts   = rapid.Map(lengths, func(n int) string { return strings.Repeat("ü", n/2) + strings.Repeat("x", n%2) })
	values  = rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{0, math.Copysign(0, -1), math.Inf(1)}))
)

func TestNumbersAreReadAsTheyAreMeant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name, help, isGauge := texts.Draw(t, "name"), texts.Draw(t, "help"), rapid.Bool().Draw(t, "gauge")
		want := &dto.MetricFamily{Name: &name, Help: &help, Type: dto.MetricType_COUNTER.Enum()}
		write := Counter
		if isGauge {
			want.Type, write = dto.MetricType_GAUGE.Enum(), Gauge
		}
		var metrics []byte
		for range rapid.IntRange(0, 3).Draw(t, "metrics") {
			label, value := texts.Draw(t, "label"), values.Draw(t, "value")
			m := &dto.Metric{Label: []*dto.LabelPair{{Name: proto.String("a"), Value: &label}}}
			if isGauge {
				m.Gauge = &dto.Gauge{Value: &value}
			} else {
				m.Counter = &dto.Counter{Value: &value}
			}
			want.Metric = append(want.Metric, m)
			metrics = Metric(metrics, func(to []byte) []byte { return write(Label(to, "a", label), value) })
		}
		same(t, want, read(t, family(name, help, want.GetType(), metrics)))
	})
}

func TestAHistogramIsReadAsItIsMeant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var buckets native.Buckets
		for _, v := range rapid.SliceOf(rapid.Float64Range(0, 1e6)).Draw(t, "observed") {
			buckets = buckets.With(v)
		}
		count, sum := rapid.Uint64().Draw(t, "count"), values.Draw(t, "sum")
		at := time.Unix(0, rapid.Int64().Draw(t, "at")).UTC()
		id, value := texts.Draw(t, "id"), values.Draw(t, "value")
		want := &dto.Histogram{
			SampleCount: &count, SampleSum: &sum, Schema: proto.Int32(buckets.Schema()),
			ZeroThreshold: proto.Float64(native.ZeroThreshold), ZeroCount: proto.Uint64(buckets.Zeros()),
			Bucket: []*dto.Bucket{{CumulativeCount: &count, UpperBound: &sum}, {
				CumulativeCount: &count, UpperBound: proto.Float64(math.Inf(1)), Exemplar: &dto.Exemplar{
					Label: []*dto.LabelPair{{Name: proto.String("change_id"), Value: &id}}, Value: &value, Timestamp: timestamppb.New(at),
				},
			}},
		}
		for offset, length := range buckets.Spans {
			want.PositiveSpan = append(want.PositiveSpan, &dto.BucketSpan{Offset: &offset, Length: &length})
		}
		for delta := range buckets.Deltas {
			want.PositiveDelta = append(want.PositiveDelta, delta)
		}
		metrics := Metric(nil, func(to []byte) []byte {
			return Histogram(to, count, sum, func(to []byte) []byte {
				to = Bucket(to, count, sum, func(to []byte) []byte { return to })
				return Bucket(to, count, math.Inf(1), func(to []byte) []byte { return Exemplar(to, "change_id", id, value, at) })
			}, buckets)
		})
		same(t, &dto.MetricFamily{
			Name: proto.String("x"), Help: proto.String("X."), Type: dto.MetricType_HISTOGRAM.Enum(), Metric: []*dto.Metric{{Histogram: want}},
		}, read(t, family("x", "X.", dto.MetricType_HISTOGRAM, metrics)))
	})
}

func TestAMetricIsAppendedWithoutAllocating(t *testing.T) {
	room, buckets, at := make([]byte, 0, 4096), native.Buckets{}.With(1).With(100), time.Unix(1e9, 5)
	none := testing.AllocsPerRun(100, func() {
		to := Metric(room, func(to []byte) []byte { return Gauge(Label(to, "service", "cart"), 1) })
		to = Metric(to, func(to []byte) []byte {
			return Histogram(to, 2, 101, func(to []byte) []byte {
				return Bucket(to, 2, 300, func(to []byte) []byte { return Exemplar(to, "change_id", "c", 100, at) })
			}, buckets)
		})
		Family(to, "x", "X.", dto.MetricType_GAUGE, len(to))
	})
	require.Zero(t, none)
}
