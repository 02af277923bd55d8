package counts

import (
	"slices"

	"github.com/shipwake/shipwake/collector/prometheus/native"
)

// forgetAfter is how long a group may be silent before it is forgotten, in milliseconds.
const forgetAfter = 60 * 60 * 1000

// Options of a Book.
type Options struct {
	// Since is from when on everything was listened to, in milliseconds: what began later was counted by nobody else.
	Since int64
	// Whole says that every series of a target is read, as where a server is asked for all of them. A sender may leave series
	// out and begin to send them later; then only a metric that the target has told before can have a new child.
	Whole bool
	// MaxSeries bounds the series that are remembered.
	MaxSeries int
}

// Book remembers the last value of every series. It serves one goroutine. T is what the caller knows of a group.
type Book[T any] struct {
	options Options
	groups  []*Group[T]
	series  int
	Losses  Losses
}

// Losses count samples that were of no use.
type Losses struct {
	Late     int64 // came when their time was passed
	Overflow int64 // of series beyond the bound
	Torn     int64 // of histograms whose buckets became others, or don't add up
	Replica  int64 // fell when another replica took over
}

// NewBook makes an empty book.
func NewBook[T any](o Options) *Book[T] { return &Book[T]{options: o} }

// Group is one counter, or one histogram with all its series.
type Group[T any] struct {
	Of     T
	target *Target
	metric *Metric
	parts  []Part
	last   *reading
	recent [8]int64 // the last scrapes that were passed: what is read again is not late
	passed int
	ahead  []*snapshot
	narrow bool // the last one had fewer buckets than those before
	gone   bool
}

// Metric is one metric of one target: since when it has told anything.
type Metric struct{ first int64 }

// Group begins a counter or histogram of a target.
func (b *Book[T]) Group(of T, target *Target, metric *Metric) *Group[T] {
	g := &Group[T]{Of: of, target: target, metric: metric}
	b.groups = append(b.groups, g)
	return g
}

// Part is the role of a series in its group.
type Part struct {
	Role Role
	Le   float64 // Bucket only: the upper bound
}

// Role says what a series counts.
type Role uint8

// The roles.
const (
	Value  Role = iota + 1 // a counter
	Bucket                 // a histogram's observations up to a bound
	Count                  // all of a histogram's observations
	Sum                    // what they add up to
	Native                 // a native histogram, which has all of it in one sample
)

// Part is the place of a series in the group's snapshots; not ok when there are too many series.
func (b *Book[T]) Part(g *Group[T], p Part) (int, bool) {
	if i := slices.Index(g.parts, p); i >= 0 {
		return i, true
	}
	if b.series >= b.options.MaxSeries {
		b.Losses.Overflow++
		return 0, false
	}
	b.series++
	g.parts = append(g.parts, p)
	return len(g.parts) - 1, true
}

// Sample is one value of a series. Times are Unix milliseconds; Start, 0 when unknown, is when the count began.
type Sample struct {
	At, Start int64
	Value     float64
	Histogram *native.Histogram // of a native one, in place of the value
	Replica   string            // of several that scrape the same; "" when there is one
}

// Add takes a sample in for a part of a group.
func (b *Book[T]) Add(g *Group[T], part int, s Sample) {
	if g.last != nil && s.At <= g.last.at {
		if s.Replica == g.last.replica && g.late(s.At) {
			b.Losses.Late++
		}
		return
	}
	snapshot := g.snapshot(s)
	if s.Histogram != nil {
		snapshot.native = s.Histogram
		return
	}
	snapshot.put(part, s.Value)
}

// snapshot is the group at the instant of a sample.
func (g *Group[T]) snapshot(s Sample) *snapshot {
	i, known := slices.BinarySearchFunc(g.ahead, s, func(have *snapshot, s Sample) int { return have.compare(s) })
	if !known {
		g.ahead = slices.Insert(g.ahead, i, &snapshot{at: s.At, replica: s.Replica})
	}
	g.ahead[i].start = max(g.ahead[i].start, s.Start)
	return g.ahead[i]
}

// Advance hands out what was added up to an instant, group by group and in order of time, and forgets what was silent for an
// hour. Nothing that is handed out may be kept.
func (b *Book[T]) Advance(to int64, yield func(*Group[T], *Increment)) {
	for _, g := range b.groups {
		if len(g.ahead) > 0 {
			g.first()
		}
	}
	kept := b.groups[:0]
	for _, g := range b.groups {
		b.advance(g, to, yield)
		if len(g.ahead) == 0 && (g.last == nil || g.last.at < to-forgetAfter) {
			g.gone = true
			b.series -= len(g.parts)
			continue
		}
		kept = append(kept, g)
	}
	clear(b.groups[len(kept):])
	b.groups = kept
}

// Gone says that the group was forgotten: its series begin another one.
func (g *Group[T]) Gone() bool { return g.gone }

// first notes since when the metric has told anything.
func (g *Group[T]) first() {
	if at := g.ahead[0].at; g.metric.first == 0 || at < g.metric.first {
		g.metric.first = at
	}
}

func (b *Book[T]) advance(g *Group[T], to int64, yield func(*Group[T], *Increment)) {
	n := 0
	for ; n < len(g.ahead) && g.ahead[n].at <= to; n++ {
		s := g.ahead[n]
		if !g.target.listens(s.replica, s.at) {
			continue
		}
		if inc, ok := b.increment(g, s); ok {
			yield(g, &inc)
		}
	}
	g.ahead = slices.Delete(g.ahead, 0, n)
}
