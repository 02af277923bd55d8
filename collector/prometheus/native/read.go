package native

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Bucket is one as the HTTP API answers it; of what may be merged or rounded, a count is no integer.
type Bucket struct{ Lower, Upper, Count float64 }

// Span is a run of buckets that holds as many counts as it is long, after a gap to the one before, or at an index.
type Span struct {
	Offset int32
	Length uint32
}

// Spans is a histogram as remote write sends it, with whole counts.
type Spans struct {
	Schema               int32
	Threshold, Zero, Sum float64
	Negative             float64   // observations below the zero bucket
	Spans                []Span    // of the positive buckets
	Counts               []float64 // in all spans together
	Bounds               []float64 // that schema -53 has
	Hint                 Hint
}

// What a histogram may be refused for.
var (
	errMany   = fmt.Errorf("a native histogram with more than %d buckets", MostBins)
	errCount  = errors.New("a native histogram with a count that is negative, too large or no number")
	errSchema = fmt.Errorf("a native histogram's schema must be from %d to %d, or %d", coarsest, finest, custom)
	errSpans  = errors.New("a native histogram's spans must hold as many buckets as there are counts, in their order and within the range of numbers")
	errBounds = errors.New("a native histogram's buckets and custom_values must be finite and rising")
)

// whole rounds a count.
func whole(v float64) (uint64, error) {
	if !(v >= 0 && v <= mostCount) {
		return 0, errCount
	}
	return uint64(math.Round(v)), nil
}

// add adds a bucket unless it is empty.
func (h *Histogram) add(b Bin, count float64) (err error) {
	if b.N, err = whole(count); err != nil || b.N == 0 {
		return err
	}
	h.Bins = append(h.Bins, b)
	return nil
}

// begin makes a histogram without buckets.
func begin(sum float64) *Histogram {
	if math.IsNaN(sum) || math.IsInf(sum, 0) {
		sum = 0
	}
	return &Histogram{Schema: finest, Sum: sum}
}

// Histogram is what the spans hold.
func (s *Spans) Histogram() (*Histogram, error) {
	h := begin(s.Sum)
	h.Custom, h.Schema, h.Hint = s.Schema == custom, s.Schema, s.Hint
	var err error
	switch {
	case !h.Custom && (s.Schema < coarsest || s.Schema > finest):
		return nil, errSchema
	case len(s.Counts) > MostBins || len(s.Bounds) > MostBins || len(s.Spans) > MostBins:
		return nil, errMany
	case !rising(s.Bounds):
		return nil, errBounds
	}
	if h.Zero, err = whole(s.Zero + s.Negative); err != nil {
		return nil, err
	}
	if s.Threshold > 0 && !math.IsInf(s.Threshold, 0) {
		h.Threshold = s.Threshold
	}
	return h, s.fill(h)
}

func rising(bounds []float64) bool {
	for i, b := range bounds {
		if math.IsNaN(b) || math.IsInf(b, 0) || i > 0 && b <= bounds[i-1] {
			return false
		}
	}
	return true
}

func (s *Spans) fill(h *Histogram) error {
	index, rest := int64(0), s.Counts
	for i, span := range s.Spans {
		index += int64(span.Offset)
		if int64(span.Length) > int64(len(rest)) || i > 0 && span.Offset < 0 {
			return errSpans
		}
		for _, count := range rest[:span.Length] {
			b, err := s.bin(index)
			if err == nil {
				err = h.add(b, count)
			}
			if err != nil {
				return err
			}
			index++
		}
		rest = rest[span.Length:]
	}
	if len(rest) > 0 {
		return errSpans
	}
	return nil
}

func (s *Spans) bin(index int64) (b Bin, err error) {
	if s.Schema != custom {
		if index < -mostIndex || index > mostIndex {
			return b, errSpans
		}
		return Bin{Index: int32(index)}, nil
	}
	if index < 0 || index > int64(len(s.Bounds)) {
		return b, errSpans
	}
	b.Lower, b.Upper = math.Inf(-1), math.Inf(1)
	if index > 0 {
		b.Lower = s.Bounds[index-1]
	}
	if index < int64(len(s.Bounds)) {
		b.Upper = s.Bounds[index]
	}
	return b, nil
}

// OfBuckets is the histogram of an answer, which tells the bounds of buckets and not the schema. It may change their order.
func OfBuckets(sum float64, buckets []Bucket) (*Histogram, error) {
	if len(buckets) > MostBins {
		return nil, errMany
	}
	for _, b := range buckets {
		if !(b.Lower <= b.Upper) {
			return nil, errBounds
		}
	}
	slices.SortFunc(buckets, func(a, b Bucket) int { return Bin{Upper: a.Upper}.compare(Bin{Upper: b.Upper}, true) })
	h := begin(sum)
	schema, ok := schemaOf(buckets)
	h.Schema, h.Custom = schema, !ok
	low := 0.0
	for _, b := range buckets {
		bin := Bin{Lower: b.Lower, Upper: b.Upper}
		if ok && (b.Lower < 0 || b.Upper == 0) {
			low += b.Count
			h.Threshold = max(h.Threshold, b.Upper)
			continue
		}
		if ok {
			bin.Index = b.index(schema)
		}
		if err := h.add(bin, b.Count); err != nil {
			return nil, err
		}
	}
	var err error
	h.Zero, err = whole(low)
	return h, err
}

// schemaOf is the schema by which buckets lie as they do; not ok when there is none, as they have bounds of their own. The zero
// bucket, which is symmetrical, may cut off the lower part of the first one that is positive.
func schemaOf(buckets []Bucket) (schema int32, ok bool) {
	octaves, cut := 0.0, 0.0
	for _, b := range buckets {
		switch {
		case b.Upper <= 0 && !math.IsInf(b.Lower, -1):
		case b.Lower == -b.Upper && !math.IsInf(b.Upper, 1):
			cut = b.Upper
		case b.Lower <= 0:
			return 0, false
		case !math.IsInf(b.Upper, 1):
			octaves = max(octaves, math.Log2(b.Upper)-math.Log2(b.Lower))
		}
	}
	schema = finest
	if octaves > 0 {
		schema = int32(min(finest, math.Floor(near-math.Log2(octaves))))
	}
	alien := schema < coarsest || slices.ContainsFunc(buckets, func(b Bucket) bool { return b.Lower > 0 && !b.lies(schema, cut) })
	return schema, !alien
}

// near is how far off a bound may be, in buckets: it was written as a decimal number.
const near = 1e-6

// lies says that a bucket is one of a schema, or the part of one above where it is cut off.
func (b *Bucket) lies(schema int32, cut float64) bool {
	if math.IsInf(b.Upper, 1) {
		return b.Lower > math.MaxFloat64/2
	}
	upper, lower := math.Ldexp(math.Log2(b.Upper), int(schema)), math.Ldexp(math.Log2(b.Lower), int(schema))
	return math.Abs(upper-math.Round(upper)) < near && (math.Abs(upper-lower-1) < near || b.Lower == cut)
}

// index is the place of a bucket that lies in a schema.
func (b *Bucket) index(schema int32) int32 {
	if math.IsInf(b.Upper, 1) {
		return int32(math.Round(math.Ldexp(math.Log2(b.Lower), int(schema)))) + 1
	}
	return int32(math.Round(math.Ldexp(math.Log2(b.Upper), int(schema))))
}
