package wire

import (
	"bytes"
	"encoding/binary"
	"math"

	"github.com/shipwake/shipwake/collector/reduce"
)

// pointKind is how the points of one kind of metric are written.
type pointKind struct {
	metric    reduce.MetricType // 0 of what isn't read
	message   *message          // what a point that isn't read may hold
	histogram bool
	temporal  bool // has a temporality
	attribute byte // tags
	flags     byte
	exemplar  byte
	extremes  [3]byte // numbers that aren't read
}

var (
	exemplarMessage = &message{2: fixedOf, 3: fixedOf, 4: spanField, 5: traceField, 6: fixedOf, 7: within(pairMessage)}
	bucketsMessage  = &message{1: varintOf, 2: packedOf}
	numberMessage   = &message{
		2: fixedOf, 3: fixedOf, 4: fixedOf, 5: within(exemplarMessage), 6: fixedOf, 7: within(pairMessage), 8: varintOf,
	}
	histogramMessage = &message{
		2: fixedOf, 3: fixedOf, 4: fixedOf, 5: fixedOf, 6: wordsOf, 7: wordsOf, 8: within(exemplarMessage), 9: within(pairMessage),
		10: varintOf, 11: fixedOf, 12: fixedOf,
	}
	exponentialMessage = &message{
		1: within(pairMessage), 2: fixedOf, 3: fixedOf, 4: fixedOf, 5: fixedOf, 6: varintOf, 7: fixedOf, 8: within(bucketsMessage),
		9: within(bucketsMessage), 10: varintOf, 11: within(exemplarMessage), 12: fixedOf, 13: fixedOf, 14: fixedOf,
	}
	summaryMessage = &message{
		2: fixedOf, 3: fixedOf, 4: fixedOf, 5: fixedOf, 6: within(&message{1: fixedOf, 2: fixedOf}), 7: within(pairMessage), 8: varintOf,
	}
)

// kinds are the kinds of points by the tag of their metric.
var kinds = map[byte]*pointKind{
	metricGauge: {metric: reduce.GaugeMetric, message: numberMessage, attribute: 7<<3 | wireLength, flags: 8 << 3, exemplar: 5<<3 | wireLength},
	metricSum: {
		metric: reduce.SumMetric, message: numberMessage, temporal: true, attribute: 7<<3 | wireLength, flags: 8 << 3,
		exemplar: 5<<3 | wireLength,
	},
	metricHistogram: {
		metric: reduce.HistogramMetric, message: histogramMessage, histogram: true, temporal: true, attribute: 9<<3 | wireLength,
		flags: 10 << 3, exemplar: 8<<3 | wireLength, extremes: [3]byte{11<<3 | wireFixed64, 12<<3 | wireFixed64},
	},
	metricExponential: {
		metric: reduce.ExponentialMetric, message: exponentialMessage, histogram: true, temporal: true, attribute: 1<<3 | wireLength,
		flags: 10 << 3, exemplar: 11<<3 | wireLength,
		extremes: [3]byte{12<<3 | wireFixed64, 13<<3 | wireFixed64, 14<<3 | wireFixed64},
	},
	metricSummary: {message: summaryMessage},
}

// point reads a point, or only checks it.
func (b *Points) point(of *metric, dp []byte, read bool) bool {
	b.n++
	if !read {
		b.unread++
		return check(dp, of.kind.message, 0)
	}
	p := b.add()
	if p == nil {
		return false
	}
	w := pointWalk{b: b, of: of, p: p, kind: of.kind}
	if !w.read(dp) || !b.label(p, dp[w.labels.from:w.labels.to], w.labelled) {
		return false
	}
	p.Zero += w.zero
	p.Missing = w.noValue || !of.kind.histogram && !w.valued
	of.calls += p.Count
	return true
}

// pointWalk is the walk over one point.
type pointWalk struct {
	b               *Points
	of              *metric
	p               *point
	kind            *pointKind
	zero            uint64
	valued, noValue bool
	positive        bool // seen, as the next three
	negative        bool
	counts, edges   bool
	labels          part // of the point's bytes: its attributes, which follow one another
	labelled        int  // how many there are
}

func (w *pointWalk) read(dp []byte) bool {
	for at := 0; at < len(dp); {
		tag := dp[at]
		var ok bool
		switch tag & 7 {
		case wireFixed64:
			var v uint64
			if v, at, ok = fixed64(dp, at+1); ok {
				ok = w.fixed(tag, v)
			}
		case wireLength:
			tagAt := at
			var from int
			if from, at, ok = length(dp, at+1); !ok {
				return false
			}
			if tag == w.kind.attribute {
				w.labelled++
				ok = w.labels.extend(tagAt, at)
			} else {
				ok = w.part(tag, dp[from:at])
			}
		case wireVarint:
			var v uint64
			if v, at, ok = varint(dp, at+1); ok {
				ok = w.varint(tag, v)
			}
		}
		if !ok {
			return false
		}
	}
	return true
}

// fixed reads a time, a value or a count.
func (w *pointWalk) fixed(tag byte, v uint64) bool {
	const (
		start, time   = 2<<3 | wireFixed64, 3<<3 | wireFixed64
		double, whole = 4<<3 | wireFixed64, 6<<3 | wireFixed64
		count, sum    = 4<<3 | wireFixed64, 5<<3 | wireFixed64
		zero          = 7<<3 | wireFixed64
	)
	p := w.p
	switch {
	case tag == start:
		p.Start = int64(v)
	case tag == time:
		p.Time = int64(v)
	case !w.kind.histogram:
		p.Value = math.Float64frombits(v)
		if tag == whole {
			p.Value = float64(int64(v))
		}
		repeated := w.valued
		w.valued = true
		return !repeated && (tag == double || tag == whole)
	case tag == count:
		p.Count = v
	case tag == sum:
		p.Sum = math.Float64frombits(v)
	case tag == zero && w.of.Type == reduce.ExponentialMetric:
		w.zero = v
	default:
		return tag == w.kind.extremes[0] || tag == w.kind.extremes[1] || tag == w.kind.extremes[2]
	}
	return true
}

func (w *pointWalk) varint(tag byte, v uint64) bool {
	const scale = 6<<3 | wireVarint
	switch {
	case tag == w.kind.flags:
		w.noValue = v&1 != 0
	case tag == scale && w.of.Type == reduce.ExponentialMetric:
		w.p.Scale = zigzag(v)
	default:
		return false
	}
	return true
}

// zigzag is a number that may be negative.
func zigzag(v uint64) int32 { return int32(uint32(v>>1)) ^ -int32(v&1) }

func (w *pointWalk) part(tag byte, b []byte) bool {
	const (
		counts, edges      = 6<<3 | wireLength, 7<<3 | wireLength
		positive, negative = 8<<3 | wireLength, 9<<3 | wireLength
	)
	switch {
	case tag == w.kind.exemplar:
		return check(b, exemplarMessage, 0)
	case w.of.Type == reduce.HistogramMetric && tag == counts:
		return once(&w.counts) && w.words(b)
	case w.of.Type == reduce.HistogramMetric && tag == edges:
		return once(&w.edges) && w.doubles(b)
	case w.of.Type == reduce.ExponentialMetric && tag == positive:
		return once(&w.positive) && w.scaled(b)
	case w.of.Type == reduce.ExponentialMetric && tag == negative:
		return once(&w.negative) && w.negatives(b)
	}
	return false
}

// words reads the counts of explicit buckets.
func (w *pointWalk) words(b []byte) bool {
	if len(b)%8 != 0 || !w.b.pay(numberBytes*int64(len(b)/8)) {
		return false
	}
	w.p.buckets.from = len(w.b.buckets)
	for ; len(b) >= 8; b = b[8:] {
		w.b.buckets = append(w.b.buckets, binary.LittleEndian.Uint64(b))
	}
	w.p.buckets.to = len(w.b.buckets)
	return true
}

// doubles reads the bounds of explicit buckets.
func (w *pointWalk) doubles(b []byte) bool {
	latest := &w.b.latest
	if len(b) > 0 && bytes.Equal(b, latest.raw) {
		w.p.bounds = latest.part
		return true
	}
	if len(b)%8 != 0 || !w.b.pay(numberBytes*int64(len(b)/8)) {
		return false
	}
	w.p.bounds.from = len(w.b.bounds)
	for ; len(b) >= 8; b = b[8:] {
		w.b.bounds = append(w.b.bounds, math.Float64frombits(binary.LittleEndian.Uint64(b)))
	}
	w.p.bounds.to = len(w.b.bounds)
	latest.raw, latest.part = b, w.p.bounds
	return true
}

// The tags of buckets by a scale.
const (
	bucketOffset = 1<<3 | wireVarint
	bucketCounts = 2<<3 | wireLength
)

// scaled reads the buckets of positive values.
func (w *pointWalk) scaled(b []byte) bool {
	w.p.buckets.from = len(w.b.buckets)
	lists := 0
	for at := 0; at < len(b); {
		switch b[at] {
		case bucketOffset:
			v, next, ok := varint(b, at+1)
			if !ok {
				return false
			}
			w.p.Offset, at = zigzag(v), next
		case bucketCounts:
			from, to, ok := length(b, at+1)
			if lists++; !ok || lists > 1 || !w.b.pay(numberBytes*int64(to-from)) || !w.b.counts(b[from:to]) {
				return false
			}
			at = to
		default:
			return false
		}
	}
	w.p.buckets.to = len(w.b.buckets)
	return true
}

// counts reads packed counts.
func (b *Points) counts(packed []byte) bool {
	for at := 0; at < len(packed); {
		v, next, ok := varint(packed, at)
		if !ok {
			return false
		}
		b.buckets = append(b.buckets, v)
		at = next
	}
	return true
}

// negatives adds the buckets of negative values to those of zero.
func (w *pointWalk) negatives(b []byte) bool {
	if !check(b, bucketsMessage, 0) {
		return false
	}
	for at := 0; at < len(b); {
		if b[at] == bucketOffset {
			_, at, _ = varint(b, at+1)
			continue
		}
		from, to, _ := length(b, at+1)
		for at = from; at < to; {
			var v uint64
			v, at, _ = varint(b[:to], at)
			w.p.Zero += v
		}
	}
	return true
}

// extend adds what follows to a part; false when it doesn't follow.
func (p *part) extend(from, to int) bool {
	if p.from == p.to {
		p.from = from
	}
	follows := p.from == from || p.to == from
	p.to = to
	return follows
}

// label reads the attributes of a point, so many of them.
func (b *Points) label(p *point, raw []byte, n int) bool {
	if p.Labels = b.known.pointLabels(raw); p.Labels != nil {
		return true
	}
	if !b.pay(attributeBytes * int64(n)) {
		return false
	}
	p.attributes.from = len(b.attributes)
	var ok bool
	b.attributes, ok = readAttributes(b.attributes, raw)
	p.attributes.to = len(b.attributes)
	return ok
}
