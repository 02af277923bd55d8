package wire

import (
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/shipwake/shipwake/collector/prometheus/native"
)

// Histogram is a native histogram that wasn't decoded, a part of the request.
type Histogram struct {
	message []byte
	created int64 // of its series, Unix milliseconds; 0 when unknown
}

// NativeSample is a native histogram at an instant. Times are Unix milliseconds; Start, 0 when unknown, is when the count began.
type NativeSample struct {
	At, Start int64
	Histogram *native.Histogram // nil: the series ended
}

// stale is the sum of a histogram that says that its series ended.
const stale = 0x7ff0000000000002

// Decode reads a Histogram of either version: count=1 or 2 as a float, sum=3, schema=4, zero_threshold=5, zero_count=6 or 7 as a
// float, negative_spans=8, negative_deltas=9, negative_counts=10, positive_spans=11, positive_deltas=12, positive_counts=13,
// reset_hint=14, timestamp=15, custom_values=16, and start_timestamp=17 in 2.0.
func (h *Histogram) Decode() (s NativeSample, err error) {
	var d decoder
	if err := fields(h.message, d.field); err != nil {
		return s, err
	}
	s.At, s.Start = d.at, d.start
	if s.Start == 0 {
		s.Start = h.created
	}
	if math.Float64bits(d.spans.Sum) == stale {
		return s, nil
	}
	for _, n := range d.below {
		d.spans.Negative += n
	}
	s.Histogram, err = d.spans.Histogram()
	return s, err
}

var errBuckets = fmt.Errorf("a native histogram with more than %d buckets", native.MostBins)

// decoder collects the fields of a histogram.
type decoder struct {
	spans     native.Spans
	below     []float64 // counts of negative buckets
	at, start int64
}

func (d *decoder) field(f field) (err error) {
	s := &d.spans
	switch {
	case f.kind == protowire.BytesType:
		return d.list(f)
	case f.of(3, protowire.Fixed64Type):
		s.Sum = math.Float64frombits(f.value)
	case f.of(4, protowire.VarintType):
		s.Schema = int32(protowire.DecodeZigZag(f.value))
	case f.of(5, protowire.Fixed64Type):
		s.Threshold = math.Float64frombits(f.value)
	case f.of(6, protowire.VarintType):
		s.Zero = float64(f.value)
	case f.of(7, protowire.Fixed64Type):
		s.Zero = math.Float64frombits(f.value)
	case f.of(14, protowire.VarintType) && f.value <= uint64(native.Gauge):
		s.Hint = native.Hint(f.value)
	case f.of(15, protowire.VarintType):
		d.at = int64(f.value)
	case f.of(17, protowire.VarintType):
		d.start = int64(f.value)
	default:
		return d.single(f)
	}
	return nil
}

// single reads an element of a list that isn't packed.
func (d *decoder) single(f field) error {
	s := &d.spans
	if len(d.below) > native.MostBins || len(s.Counts) > native.MostBins || len(s.Bounds) > native.MostBins {
		return errBuckets
	}
	switch {
	case f.of(9, protowire.VarintType):
		d.below = append(d.below, last(d.below)+float64(protowire.DecodeZigZag(f.value)))
	case f.of(10, protowire.Fixed64Type):
		d.below = append(d.below, math.Float64frombits(f.value))
	case f.of(12, protowire.VarintType):
		s.Counts = append(s.Counts, last(s.Counts)+float64(protowire.DecodeZigZag(f.value)))
	case f.of(13, protowire.Fixed64Type):
		s.Counts = append(s.Counts, math.Float64frombits(f.value))
	case f.of(16, protowire.Fixed64Type):
		s.Bounds = append(s.Bounds, math.Float64frombits(f.value))
	}
	return nil
}

func last(counts []float64) float64 {
	if len(counts) == 0 {
		return 0
	}
	return counts[len(counts)-1]
}

// list reads a span, or a list that is packed.
func (d *decoder) list(f field) error {
	switch f.number {
	case 9, 12:
		return d.packed(f, protowire.VarintType)
	case 10, 13, 16:
		return d.packed(f, protowire.Fixed64Type)
	case 11:
		if len(d.spans.Spans) > native.MostBins {
			return errBuckets
		}
		span, err := spanOf(f.bytes)
		d.spans.Spans = append(d.spans.Spans, span)
		return err
	}
	return nil
}

func (d *decoder) packed(f field, kind protowire.Type) error {
	for rest := f.bytes; len(rest) > 0; {
		one, n := field{number: f.number, kind: kind}, 0
		if kind == protowire.VarintType {
			one.value, n = protowire.ConsumeVarint(rest)
		} else {
			one.value, n = protowire.ConsumeFixed64(rest)
		}
		if n < 0 {
			return errMalformed
		}
		rest = rest[n:]
		if err := d.single(one); err != nil {
			return err
		}
	}
	return nil
}

// spanOf reads a BucketSpan: offset=1, length=2.
func spanOf(message []byte) (s native.Span, err error) {
	err = fields(message, func(f field) error {
		switch {
		case f.of(1, protowire.VarintType):
			s.Offset = int32(protowire.DecodeZigZag(f.value))
		case f.of(2, protowire.VarintType):
			s.Length = uint32(f.value)
		}
		return nil
	})
	return s, err
}
