package counts

import (
	"cmp"
	"math"
	"slices"

	"github.com/shipwake/shipwake/collector/prometheus/native"
)

// snapshot is a group at one scrape.
type snapshot struct {
	at, start int64
	replica   string
	values    []float64         // by part; NaN: not told
	native    *native.Histogram // nil: not told
}

func (s *snapshot) compare(o Sample) int {
	return cmp.Or(cmp.Compare(s.at, o.At), cmp.Compare(s.replica, o.Replica))
}

func (s *snapshot) put(part int, value float64) {
	for len(s.values) <= part {
		s.values = append(s.values, math.NaN())
	}
	s.values[part] = value
}

func (s *snapshot) value(part int) float64 {
	if part < len(s.values) {
		return s.values[part]
	}
	return math.NaN()
}

// Increment is what a group added between two instants in milliseconds, From exclusive and 0 when it is unknown.
type Increment struct {
	From, To int64
	Value    int64             // a counter's, and how many observations a histogram has
	Sum      float64           // of the observations
	Bounds   []float64         // of the buckets, without the last one, which has none; nil when there are no buckets
	Buckets  []uint64          // one more than there are bounds
	Native   *native.Histogram // in place of bounds and buckets, of a native histogram
}

// increment is what a scrape adds to the one before, by the cases of the package comment. It is not ok when nothing is known.
func (b *Book[T]) increment(g *Group[T], s *snapshot) (inc Increment, ok bool) {
	before, now := g.last, g.read(s)
	if now == nil || g.narrows(now) {
		b.Losses.Torn++
		return inc, false
	}
	g.follow(now)
	inc = now.whole()
	if before == nil {
		return inc, b.fromNothing(g, s)
	}
	inc.From = before.at
	if max(g.target.Began(s.at), s.start) > before.at || now.again(before) {
		return inc, true
	}
	added, how := now.since(before)
	switch {
	case how == grew:
		inc, inc.From, inc.To = added, before.at, now.at
	case how == other:
		b.Losses.Torn++
		return inc, false
	case now.replica != before.replica:
		b.Losses.Replica++
		return inc, false
	}
	return inc, true
}

// narrows says that a histogram has fewer buckets than before: a part may come late. Should they stay fewer, they are the ones to
// go on with.
func (g *Group[T]) narrows(now *reading) bool {
	fewer := !g.narrow && g.last != nil && now.native == nil && g.last.classic != nil && len(now.classic.Bounds) < len(g.last.classic.Bounds)
	g.narrow = fewer
	return fewer
}

// follow makes a reading the last one.
func (g *Group[T]) follow(r *reading) {
	g.last = r
	g.recent[g.passed%len(g.recent)] = r.at
	g.passed++
}

// late says that a scrape came too late, and is not one that is read again.
func (g *Group[T]) late(at int64) bool {
	oldest := g.recent[0]
	if g.passed > len(g.recent) {
		oldest = g.recent[g.passed%len(g.recent)]
	}
	return at > oldest && !slices.Contains(g.recent[:], at)
}

// fromNothing is cases 3 to 5: whether a series that is new to us had nothing before.
func (b *Book[T]) fromNothing(g *Group[T], s *snapshot) bool {
	t := g.target
	if began := max(t.Began(s.at), s.start); began > b.options.Since {
		return true
	}
	if b.options.Whole {
		return t.first > 0 && t.first < s.at
	}
	return g.metric.first > 0 && max(g.metric.first, t.first) < s.at
}

// classic is the whole count of a snapshot, but of a native histogram. It is not ok when parts are missing or don't add up.
func (g *Group[T]) classic(s *snapshot) (inc Increment, ok bool) {
	var all []bucket
	total, counted := 0.0, false
	for i, p := range g.parts {
		v := s.value(i)
		if math.IsNaN(v) || math.IsInf(v, 0) || (v < 0 && p.Role != Sum) || v > maxCount {
			continue
		}
		switch p.Role {
		case Value, Count:
			total, counted = v, true
		case Sum:
			inc.Sum = v
		case Bucket:
			all = append(all, bucket{p.Le, uint64(math.Round(v))})
		}
	}
	if len(all) > 0 {
		return inc.fill(all)
	}
	inc.Value = int64(math.Round(total))
	return inc, counted
}

// maxCount is the largest count that is exact in a float.
const maxCount = 1 << 53

type bucket struct {
	le float64
	n  uint64
}

// fill makes buckets of cumulative ones. What they say outweighs the count.
func (inc *Increment) fill(all []bucket) (Increment, bool) {
	slices.SortFunc(all, func(a, b bucket) int { return cmp.Compare(a.le, b.le) })
	if !math.IsInf(all[len(all)-1].le, 1) {
		return *inc, false
	}
	inc.Bounds = make([]float64, len(all)-1)
	inc.Buckets = make([]uint64, len(all))
	before := uint64(0)
	for i, b := range all {
		if b.n < before {
			return *inc, false
		}
		inc.Buckets[i] = b.n - before
		if i < len(inc.Bounds) {
			inc.Bounds[i] = b.le
		}
		before = b.n
	}
	inc.Value = int64(before)
	return *inc, true
}

// less says that something fell.
func (inc *Increment) less(then *Increment) bool {
	if inc.Value < then.Value {
		return true
	}
	for i := range inc.Buckets {
		if inc.Buckets[i] < then.Buckets[i] {
			return true
		}
	}
	return false
}

// subtract leaves the buckets of the whole as they are.
func (inc *Increment) subtract(then *Increment) {
	inc.Value -= then.Value
	inc.Sum = max(0, inc.Sum-then.Sum)
	inc.Buckets = slices.Clone(inc.Buckets)
	for i := range inc.Buckets {
		inc.Buckets[i] -= then.Buckets[i]
	}
}
