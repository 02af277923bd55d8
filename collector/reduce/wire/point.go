package wire

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"

	"github.com/shipwake/shipwake/collector/reduce"
)

// pointKind is how the points of one kind of metric are written.
type pointKind struct {
	metric    reduce.MetricType // 0 of what isn't read
	message   *message          // what a point that isn't read may hold
	histogram bool
	temporal  bool // has a temporality
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
	metricGauge:       {metric: reduce.GaugeMetric, message: numberMessage},
	metricSum:         {metric: reduce.SumMetric, message: numberMessage, temporal: true},
	metricHistogram:   {metric: reduce.HistogramMetric, message: histogramMessage, histogram: true, temporal: true},
	metricExponential: {metric: reduce.ExponentialMetric, message: exponentialMessage, histogram: true, temporal: true},
	metricSummary:     {message: summaryMessage},
}

// The tags of a point's fields.
const (
	pointStart = 2<<3 | wireFixed64
	pointTime  = 3<<3 | wireFixed64

	numberDouble    = 4<<3 | wireFixed64
	numberWhole     = 6<<3 | wireFixed64
	numberExemplar  = 5<<3 | wireLength
	numberAttribute = 7<<3 | wireLength
	numberFlags     = 8<<3 | wireVarint

	histogramCount = 4<<3 | wireFixed64 // of both kinds, as the next two
	histogramSum   = 5<<3 | wireFixed64
	histogramFlags = 10<<3 | wireVarint

	explicitBuckets   = 6<<3 | wireLength
	explicitBounds    = 7<<3 | wireLength
	explicitExemplar  = 8<<3 | wireLength
	explicitAttribute = 9<<3 | wireLength
	explicitMin       = 11<<3 | wireFixed64
	explicitMax       = 12<<3 | wireFixed64

	scaledAttribute = 1<<3 | wireLength
	scaledScale     = 6<<3 | wireVarint
	scaledZero      = 7<<3 | wireFixed64
	scaledPositive  = 8<<3 | wireLength
	scaledNegative  = 9<<3 | wireLength
	scaledExemplar  = 11<<3 | wireLength
	scaledMin       = 12<<3 | wireFixed64
	scaledMax       = 13<<3 | wireFixed64
	scaledThreshold = 14<<3 | wireFixed64
)

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
	w := pointWalk{b: b, p: p}
	var ok bool
	switch of.Type {
	case reduce.HistogramMetric:
		ok = w.explicit(dp)
	case reduce.ExponentialMetric:
		ok = w.scaled(dp)
	default:
		ok = w.number(dp)
	}
	if !ok || !w.labelled && !b.label(p, nil, 0) {
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
	p               *point
	zero            uint64
	valued, noValue bool
	labelled        bool // seen, as the next four
	positive        bool
	negative        bool
	counts, edges   bool
}

// number reads a point of a gauge or a sum.
func (w *pointWalk) number(dp []byte) bool {
	var v uint64
	var part []byte
	for at, ok := 0, true; at < len(dp); {
		tag := dp[at]
		at++
		switch tag {
		case pointStart:
			v, at, ok = fixed64(dp, at)
			w.p.Start = int64(v)
		case pointTime:
			v, at, ok = fixed64(dp, at)
			w.p.Time = int64(v)
		case numberDouble, numberWhole:
			v, at, ok = fixed64(dp, at)
			w.p.Value = math.Float64frombits(v)
			if tag == numberWhole {
				w.p.Value = float64(int64(v))
			}
			ok = once(&w.valued) && ok
		case numberAttribute:
			at, ok = w.attributes(dp, at-1)
		case numberFlags:
			v, at, ok = varint(dp, at)
			w.noValue = v&1 != 0
		case numberExemplar:
			part, at, ok = field(dp, at)
			ok = ok && check(part, exemplarMessage, 0)
		default:
			return false
		}
		if !ok {
			return false
		}
	}
	return true
}

// explicit reads a point in explicit buckets.
func (w *pointWalk) explicit(dp []byte) bool {
	var v uint64
	var part []byte
	for at, ok := 0, true; at < len(dp); {
		tag := dp[at]
		at++
		switch tag {
		case pointStart:
			v, at, ok = fixed64(dp, at)
			w.p.Start = int64(v)
		case pointTime:
			v, at, ok = fixed64(dp, at)
			w.p.Time = int64(v)
		case histogramCount:
			w.p.Count, at, ok = fixed64(dp, at)
		case histogramSum:
			v, at, ok = fixed64(dp, at)
			w.p.Sum = math.Float64frombits(v)
		case explicitBuckets:
			part, at, ok = field(dp, at)
			ok = ok && once(&w.counts) && w.words(part)
		case explicitBounds:
			part, at, ok = field(dp, at)
			ok = ok && once(&w.edges) && w.doubles(part)
		case explicitAttribute:
			at, ok = w.attributes(dp, at-1)
		case explicitMin, explicitMax:
			_, at, ok = fixed64(dp, at)
		case histogramFlags:
			v, at, ok = varint(dp, at)
			w.noValue = v&1 != 0
		case explicitExemplar:
			part, at, ok = field(dp, at)
			ok = ok && check(part, exemplarMessage, 0)
		default:
			return false
		}
		if !ok {
			return false
		}
	}
	return true
}

// scaled reads a point in buckets of a scale.
func (w *pointWalk) scaled(dp []byte) bool {
	var v uint64
	var part []byte
	for at, ok := 0, true; at < len(dp); {
		tag := dp[at]
		at++
		switch tag {
		case pointStart:
			v, at, ok = fixed64(dp, at)
			w.p.Start = int64(v)
		case pointTime:
			v, at, ok = fixed64(dp, at)
			w.p.Time = int64(v)
		case histogramCount:
			w.p.Count, at, ok = fixed64(dp, at)
		case histogramSum:
			v, at, ok = fixed64(dp, at)
			w.p.Sum = math.Float64frombits(v)
		case scaledScale:
			v, at, ok = varint(dp, at)
			w.p.Scale = zigzag(v)
		case scaledZero:
			w.zero, at, ok = fixed64(dp, at)
		case scaledPositive:
			part, at, ok = field(dp, at)
			ok = ok && once(&w.positive) && w.positives(part)
		case scaledNegative:
			part, at, ok = field(dp, at)
			ok = ok && once(&w.negative) && w.negatives(part)
		case scaledAttribute:
			at, ok = w.attributes(dp, at-1)
		case scaledMin, scaledMax, scaledThreshold:
			_, at, ok = fixed64(dp, at)
		case histogramFlags:
			v, at, ok = varint(dp, at)
			w.noValue = v&1 != 0
		case scaledExemplar:
			part, at, ok = field(dp, at)
			ok = ok && check(part, exemplarMessage, 0)
		default:
			return false
		}
		if !ok {
			return false
		}
	}
	return true
}

// zigzag is a number that may be negative.
func zigzag(v uint64) int32 { return int32(uint32(v>>1)) ^ -int32(v&1) }

// words reads the counts of explicit buckets.
func (w *pointWalk) words(raw []byte) bool {
	n := len(raw) / 8
	if len(raw)%8 != 0 || !w.b.pay(numberBytes*int64(n)) {
		return false
	}
	from := len(w.b.buckets)
	w.b.buckets = slices.Grow(w.b.buckets, n)[:from+n]
	fixed64s(w.b.buckets[from:], raw)
	w.p.buckets = part{from, from + n}
	return true
}

// doubles reads the bounds of explicit buckets.
func (w *pointWalk) doubles(raw []byte) bool {
	latest := &w.b.latest
	if len(raw) > 0 && bytes.Equal(raw, latest.raw) {
		w.p.bounds = latest.bounds
		return true
	}
	if len(raw)%8 != 0 || !w.b.pay(numberBytes*int64(len(raw)/8)) {
		return false
	}
	w.p.bounds.from = len(w.b.bounds)
	for b := raw; len(b) >= 8; b = b[8:] {
		w.b.bounds = append(w.b.bounds, math.Float64frombits(binary.LittleEndian.Uint64(b)))
	}
	w.p.bounds.to = len(w.b.bounds)
	latest.raw, latest.bounds = raw, w.p.bounds
	return true
}

// The tags of buckets by a scale.
const (
	bucketOffset = 1<<3 | wireVarint
	bucketCounts = 2<<3 | wireLength
)

// positives reads the buckets of positive values.
func (w *pointWalk) positives(b []byte) bool {
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

// counts reads packed counts, of which there are at most as many as bytes.
func (b *Points) counts(packed []byte) bool {
	n := len(b.buckets)
	all := slices.Grow(b.buckets, len(packed))[:n+len(packed)]
	for at := 0; at < len(packed); n++ {
		v, next := uint64(packed[at]), at+1
		if v >= 0x80 {
			var ok bool
			if v, next, ok = varint(packed, at); !ok {
				return false
			}
		}
		all[n], at = v, next
	}
	b.buckets = all[:n]
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

// attributes reads the attributes of a point, which begin at a place and follow one another, and returns where the next field
// begins. They are likely to be those that came after the last ones the time before.
func (w *pointWalk) attributes(dp []byte, at int) (next int, ok bool) {
	b := w.b
	if !once(&w.labelled) {
		return 0, false
	}
	if k := b.known.next(&b.latest.labels, dp[at:]); k != nil {
		w.p.Labels = k.labels
		return at + len(k.raw), true
	}
	tag, n := dp[at], 0
	for next = at; next < len(dp) && dp[next] == tag; n++ {
		if _, next, ok = length(dp, next+1); !ok {
			return 0, false
		}
	}
	return next, b.label(w.p, dp[at:next], n)
}

// label reads the attributes of a point, so many of them.
func (b *Points) label(p *point, raw []byte, n int) bool {
	if p.Labels = b.known.pointLabels(&b.latest.labels, raw); p.Labels != nil {
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
