// Package delimited answers: how is a metric family written in Prometheus' protobuf format?
//
// The format is a run of messages of the type MetricFamily of client_model's metrics.proto, each after its length. A family
// is a head, which holds the length of all, and its metrics. Everything is appended; nothing else is allocated.
package delimited

import (
	"math"
	"time"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/shipwake/shipwake/sinks/prometheus/native"
)

// The fields of metrics.proto.
const (
	familyName, familyHelp, familyType, familyMetric = 1, 2, 3, 4

	metricLabel, metricGauge, metricCounter, metricHistogram = 1, 2, 3, 7

	pairName, pairValue = 1, 2

	numberValue = 1 // of a counter and of a gauge

	histogramCount, histogramSum, histogramBucket           = 1, 2, 3
	histogramSchema, histogramZeroThreshold, histogramZeros = 5, 6, 7
	histogramSpan, histogramDelta                           = 12, 13 // of what is above 0

	bucketCount, bucketBound, bucketExemplar = 1, 2, 3

	exemplarLabel, exemplarValue, exemplarTime = 1, 2, 3

	timeSeconds, timeNanos = 1, 2

	spanOffset, spanLength = 1, 2

	tag = 1 // bytes of a tag, of fields up to 15
)

// Family appends the head of a family whose metrics, size bytes of them, follow.
func Family(to []byte, name, help string, of dto.MetricType, size int) []byte {
	head := 3*tag + protowire.SizeBytes(len(name)) + protowire.SizeBytes(len(help)) + protowire.SizeVarint(uint64(of))
	to = protowire.AppendVarint(to, uint64(head+size))
	return number(text(text(to, familyName, name), familyHelp, help), familyType, uint64(of))
}

// Metric appends a metric of a family: labels, in the order of their names, and a value.
func Metric(to []byte, content func(to []byte) []byte) []byte {
	return message(to, familyMetric, content)
}

// Label appends a label of a metric.
func Label(to []byte, name, value string) []byte { return pair(to, metricLabel, name, value) }

// Counter appends the value of a counter.
func Counter(to []byte, value float64) []byte { return sample(to, metricCounter, value) }

// Gauge appends the value of a gauge.
func Gauge(to []byte, value float64) []byte { return sample(to, metricGauge, value) }

func sample(to []byte, field protowire.Number, value float64) []byte {
	return float(opened(to, field, tag+protowire.SizeFixed64()), numberValue, value)
}

// Histogram appends the value of a histogram that is classic, of the given buckets, and native. A classic bucket is there for
// each upper bound in order; one for infinity may follow.
func Histogram(to []byte, count uint64, sum float64, classic func(to []byte) []byte, buckets native.Buckets) []byte {
	return message(to, metricHistogram, func(to []byte) []byte {
		to = number(to, histogramCount, count)
		to = float(to, histogramSum, sum)
		return sparse(classic(to), buckets)
	})
}

// Bucket appends a classic bucket: how many observations are at most its bound. The exemplar may be empty.
func Bucket(to []byte, cumulative uint64, bound float64, exemplar func(to []byte) []byte) []byte {
	return message(to, histogramBucket, func(to []byte) []byte {
		to = number(to, bucketCount, cumulative)
		return exemplar(float(to, bucketBound, bound))
	})
}

// Exemplar appends an exemplar with one label.
func Exemplar(to []byte, name, label string, value float64, at time.Time) []byte {
	return message(to, bucketExemplar, func(to []byte) []byte {
		to = float(pair(to, exemplarLabel, name, label), exemplarValue, value)
		return message(to, exemplarTime, func(to []byte) []byte {
			to = number(to, timeSeconds, uint64(at.Unix()))
			return number(to, timeNanos, uint64(at.Nanosecond()))
		})
	})
}

// sparse appends the native part. A histogram without observations is native for its zero threshold.
func sparse(to []byte, b native.Buckets) []byte {
	to = number(to, histogramSchema, protowire.EncodeZigZag(int64(b.Schema())))
	to = float(to, histogramZeroThreshold, native.ZeroThreshold)
	to = number(to, histogramZeros, b.Zeros())
	for offset, length := range b.Spans {
		to = message(to, histogramSpan, func(to []byte) []byte {
			to = number(to, spanOffset, protowire.EncodeZigZag(int64(offset)))
			return number(to, spanLength, uint64(length))
		})
	}
	for delta := range b.Deltas {
		to = number(to, histogramDelta, protowire.EncodeZigZag(delta))
	}
	return to
}

func pair(to []byte, field protowire.Number, name, value string) []byte {
	size := 2*tag + protowire.SizeBytes(len(name)) + protowire.SizeBytes(len(value))
	return text(text(opened(to, field, size), pairName, name), pairValue, value)
}

func number(to []byte, field protowire.Number, value uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(to, field, protowire.VarintType), value)
}

func float(to []byte, field protowire.Number, value float64) []byte {
	return protowire.AppendFixed64(protowire.AppendTag(to, field, protowire.Fixed64Type), math.Float64bits(value))
}

func text(to []byte, field protowire.Number, value string) []byte {
	return protowire.AppendString(protowire.AppendTag(to, field, protowire.BytesType), value)
}

// opened appends the beginning of a field that is a message of a known size.
func opened(to []byte, field protowire.Number, size int) []byte {
	return protowire.AppendVarint(protowire.AppendTag(to, field, protowire.BytesType), uint64(size))
}

// message appends a field that is a message of a size that isn't known. Its length comes first and is known last: room is kept for a length of one
// byte, and made for more.
func message(to []byte, field protowire.Number, content func(to []byte) []byte) []byte {
	to = append(protowire.AppendTag(to, field, protowire.BytesType), 0)
	begin := len(to)
	to = content(to)
	size := len(to) - begin
	if more := protowire.SizeVarint(uint64(size)) - 1; more > 0 {
		var room [8]byte
		to = append(to, room[:more]...)
		copy(to[begin+more:], to[begin:begin+size])
	}
	protowire.AppendVarint(to[:begin-1], uint64(size))
	return to
}
