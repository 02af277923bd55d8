package wire

import (
	"math"

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
	for at, ok := 0, true; at < len(dp); {
		tag := dp[at]
		at++
		switch tag {
		case pointStart, pointTime:
			at, ok = w.time(tag, dp, at)
		case numberDouble, numberWhole:
			var v uint64
			v, at, ok = fixed64(dp, at)
			w.p.Value = math.Float64frombits(v)
			if tag == numberWhole {
				w.p.Value = float64(int64(v))
			}
			ok = once(&w.valued) && ok
		case numberAttribute:
			at, ok = w.attributes(dp, at-1)
		case numberFlags:
			at, ok = w.flags(dp, at)
		case numberExemplar:
			at, ok = exemplar(dp, at)
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
	var part []byte
	for at, ok := 0, true; at < len(dp); {
		tag := dp[at]
		at++
		switch tag {
		case pointStart, pointTime:
			at, ok = w.time(tag, dp, at)
		case histogramCount, histogramSum:
			at, ok = w.total(tag, dp, at)
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
			at, ok = w.flags(dp, at)
		case explicitExemplar:
			at, ok = exemplar(dp, at)
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
	for at, ok := 0, true; at < len(dp); {
		tag := dp[at]
		at++
		switch tag {
		case pointStart, pointTime:
			at, ok = w.time(tag, dp, at)
		case histogramCount, histogramSum:
			at, ok = w.total(tag, dp, at)
		case scaledScale:
			var v uint64
			v, at, ok = varint(dp, at)
			w.p.Scale = zigzag(v)
		case scaledZero:
			w.zero, at, ok = fixed64(dp, at)
		case scaledPositive, scaledNegative:
			at, ok = w.side(tag, dp, at)
		case scaledAttribute:
			at, ok = w.attributes(dp, at-1)
		case scaledMin, scaledMax, scaledThreshold:
			_, at, ok = fixed64(dp, at)
		case histogramFlags:
			at, ok = w.flags(dp, at)
		case scaledExemplar:
			at, ok = exemplar(dp, at)
		default:
			return false
		}
		if !ok {
			return false
		}
	}
	return true
}

// The fields that several kinds of points have. Each returns where the next one begins.

func (w *pointWalk) time(tag byte, dp []byte, at int) (next int, ok bool) {
	v, next, ok := fixed64(dp, at)
	if tag == pointStart {
		w.p.Start = int64(v)
	} else {
		w.p.Time = int64(v)
	}
	return next, ok
}

// total reads how many values a histogram holds, or their sum.
func (w *pointWalk) total(tag byte, dp []byte, at int) (next int, ok bool) {
	v, next, ok := fixed64(dp, at)
	if tag == histogramCount {
		w.p.Count = v
	} else {
		w.p.Sum = math.Float64frombits(v)
	}
	return next, ok
}

func (w *pointWalk) flags(dp []byte, at int) (next int, ok bool) {
	v, next, ok := varint(dp, at)
	w.noValue = v&1 != 0
	return next, ok
}

func exemplar(dp []byte, at int) (next int, ok bool) {
	part, next, ok := field(dp, at)
	return next, ok && check(part, exemplarMessage, 0)
}

// side reads the buckets of positive or of negative values, each of which come once.
func (w *pointWalk) side(tag byte, dp []byte, at int) (next int, ok bool) {
	part, next, ok := field(dp, at)
	if tag == scaledPositive {
		return next, ok && once(&w.positive) && w.positives(part)
	}
	return next, ok && once(&w.negative) && w.negatives(part)
}

// zigzag is a number that may be negative.
func zigzag(v uint64) int32 { return int32(uint32(v>>1)) ^ -int32(v&1) }

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
