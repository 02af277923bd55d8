package reduce

import "slices"

// stream is the last point of one cumulative stream.
type stream struct {
	process *process
	time    int64

	value         float64
	count         uint64
	sum           float64
	zero          uint64
	buckets       []uint64
	bounds        []float64
	scale, offset int32
}

func (st *stream) keep(p *Point) {
	st.time = p.Time
	st.value, st.count, st.sum, st.zero = p.Value, p.Count, p.Sum, p.Zero
	st.scale, st.offset = p.Scale, p.Offset
	st.buckets = append(st.buckets[:0], p.Buckets...)
	if !slices.Equal(st.bounds, p.Bounds) {
		st.bounds = append(st.bounds[:0], p.Bounds...)
	}
}

// increase is what a later point adds. A count that went down is a reset that the start time didn't tell: the point
// counts from nothing. Buckets that can't be compared make the point a new reference.
func (st *stream) increase(m *Metric, p *Point, scratch *[]uint64) change {
	c := change{at: p.Time - 1, since: st.time}
	switch m.Type {
	case SumMetric:
		if c.value = p.Value - st.value; c.value < 0 {
			c.value = p.Value
		}
		return c
	case HistogramMetric:
		if len(st.buckets) != len(p.Buckets) || !slices.Equal(st.bounds, p.Bounds) {
			return c
		}
	case ExponentialMetric:
		if st.scale < p.Scale {
			return c
		}
	}
	buckets, ok := st.subtract(p, scratch)
	if !ok || p.Count < st.count || p.Zero < st.zero {
		return whole(m, p)
	}
	c.take(m, p, p.Count-st.count, max(0, p.Sum-st.sum), p.Zero-st.zero, buckets)
	return c
}

// subtract is the point's buckets less the stream's, brought to the point's scale; not ok when one would be negative.
// An explicit histogram has scale and offset 0.
func (st *stream) subtract(p *Point, scratch *[]uint64) ([]uint64, bool) {
	left := append((*scratch)[:0], p.Buckets...)
	*scratch = left
	shift := min(st.scale-p.Scale, 62)
	for i, n := range st.buckets {
		if n == 0 {
			continue
		}
		at := (int64(st.offset)+int64(i))>>shift - int64(p.Offset)
		if at < 0 || at >= int64(len(left)) || left[at] < n {
			return nil, false
		}
		left[at] -= n
	}
	return left, true
}
