package reduce

import (
	"math"
	"time"

	"github.com/shipwake/shipwake/collector/reduce/bins"
	"github.com/shipwake/shipwake/correlate"
)

// mostAtOnce is the largest count that one point may add; more is damage, and would overflow sums.
const mostAtOnce = 1e12

// mostBuckets is the largest histogram that is read.
const mostBuckets = 4096

// change is what one point adds to the bucket of at.
type change struct {
	at    int64 // event time of the bucket, Unix nanoseconds
	since int64 // where the increase began, 0 when unknown
	gauge bool
	value float64 // the value of a gauge, the increase of a sum

	// Histograms.
	shape       *Point // bounds, or scale and offset; nil for anything else
	exponential bool
	count       int64
	sum         float64 // 0 when unknown
	zero        uint64
	buckets     []uint64 // the increase of each; nil when only the count is known
}

// plausible checks what arithmetic relies on.
func (p *Point) plausible(m *Metric) bool {
	switch m.Type {
	case GaugeMetric, SumMetric:
		return !math.IsNaN(p.Value) && !math.IsInf(p.Value, 0) && !(m.Monotonic && p.Value < 0)
	case HistogramMetric:
		return len(p.Buckets) <= mostBuckets && (len(p.Buckets) == 0 || len(p.Buckets) == len(p.Bounds)+1)
	case ExponentialMetric:
		return p.Scale >= -10 && p.Scale <= 20 && p.Offset > -1<<30 && p.Offset < 1<<30 && len(p.Buckets) <= mostBuckets
	}
	return false
}

// unknownStart says that a cumulative point only marks where a count is taken up: its interval is empty, or the millisecond
// that some write for it, so by the data model it is the first of a stream of which nobody knows when it began.
func (p *Point) unknownStart() bool {
	return p.Start > 0 && p.Time-p.Start <= int64(time.Millisecond)
}

// whole is what a point adds that counts from nothing: of delta temporality, or the first of its process.
func (c *change) whole(m *Metric, p *Point) {
	c.at, c.since, c.value = p.Time-1, p.Start, p.Value
	if m.Type != SumMetric {
		c.take(m, p, p.Count, p.Sum, p.Zero, p.Buckets)
	}
}

// take fills in the histogram of a change. What the buckets say outweighs the count.
func (c *change) take(m *Metric, p *Point, count uint64, sum float64, zero uint64, buckets []uint64) {
	c.shape, c.exponential = p, m.Type == ExponentialMetric
	if c.exponential || len(p.Bounds) > 0 && len(buckets) > 0 {
		c.buckets, c.zero = buckets, zero
		if c.buckets == nil {
			c.buckets = []uint64{} // there are none, and that is known
		}
		count = total(zero, buckets)
	}
	c.count, c.sum = int64(min(count, math.MaxInt64)), sum
}

// total is the sum of counts, or the largest number when it would be more.
func total(first uint64, counts []uint64) (sum uint64) {
	sum = first
	bits := first
	for _, n := range counts {
		sum += n
		bits |= n
	}
	if bits>>48 == 0 && len(counts) <= mostBuckets { // so many of 48 bits have a sum of less than 64
		return sum
	}
	sum = first
	for _, n := range counts {
		if sum+n < sum {
			return math.MaxUint64
		}
		sum += n
	}
	return sum
}

// nothing: an interval in which nothing happened.
func (c *change) nothing() bool { return !c.gauge && c.value == 0 && c.count == 0 }

// absurd: a count that no sender has.
func (c *change) absurd() bool { return c.count > mostAtOnce }

// amount is the change as one number: a histogram's is its count.
func (c *change) amount() float64 {
	if c.shape != nil {
		return float64(c.count)
	}
	return c.value
}

// requests is the increase of a counter of requests.
func (c *change) requests() (int64, bool) {
	if c.gauge || c.shape != nil || c.value < 0 || c.value > mostAtOnce {
		return 0, false
	}
	return int64(math.Round(c.value)), true
}

// fill adds the histogram, value times unit, keeping the count exact. Without buckets all values are taken for the mean, and
// without a sum nothing is known.
func (c *change) fill(h *correlate.Histogram, unit float64, known *bins.Latest) {
	if c.buckets == nil {
		if c.sum > 0 {
			h.Add(bins.Of(c.sum/float64(c.count)*unit), c.count)
		}
		return
	}
	h.Add(0, int64(c.zero))
	if c.exponential {
		known.OfScale(c.shape.Scale, unit).Fill(h, int64(c.shape.Offset), c.buckets)
		return
	}
	h.AddEach(known.Explicit(c.shape.Bounds, unit), c.buckets)
}

// largest is the largest value that is taken in fixed point, so that a thousand of them still add up in 64 bits. A
// signal beyond it wants a larger unit.
const largest = 9e9

// fixed is a value in fixed point; not ok for what can't be held.
func fixed(v float64) (int64, bool) {
	if !(math.Abs(v) <= largest) {
		return 0, false
	}
	return int64(math.Round(v * correlate.Fixed)), true
}
