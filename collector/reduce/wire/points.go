package wire

import (
	"sync"

	"github.com/shipwake/shipwake/collector/reduce"
)

// What records of metrics take, in bytes.
const (
	pointBytes     = 192
	metricBytes    = 4 * 96
	attributeBytes = 4 * 48
	numberBytes    = 4 * 8
)

// Points is the data points of one request.
type Points struct {
	purse
	wanted     func(metric string) bool
	known      *Known
	groups     []group // of metrics
	metrics    []metric
	points     blocks[point]
	attributes []reduce.Attribute
	buckets    []uint64
	bounds     []float64
	latest     latest
	n, unread  int           // in the request, and of metrics that aren't wanted
	before     int           // in the resources before
	named      int           // metrics whose scope is known
	sender     reduce.Sender // of the group that is being reduced
}

// latest is what was read last: most points and metrics of a request are alike.
type latest struct {
	raw    []byte // bounds
	bounds part
	labels uint32 // the place of the attributes
	name   string // of a metric
	wanted bool
}

// metric is what its points have in common, and where they end.
type metric struct {
	reduce.Metric
	kind  *pointKind
	calls uint64 // histograms: the values of all points
	to    int
}

// point is a data point; its lists are parts of those of the request.
type point struct {
	reduce.Point
	attributes, buckets, bounds part
}

// part is a part of a list.
type part struct{ from, to int }

var (
	pointsPool  = sync.Pool{New: func() any { return &Points{} }}
	pointBlocks pool[point]
)

// NewPoints begins with no points. Release ends it.
func NewPoints(room Room) *Points {
	b := pointsPool.Get().(*Points)
	b.purse = purse{room: room}
	return b
}

// roomyLists is the longest list of parts of points that is kept for the next request.
const roomyLists = 16 * roomy

// Release ends the use of the points, and of the request that they are parts of.
func (b *Points) Release() {
	b.points.release(&pointBlocks)
	b.purse, b.wanted, b.known = purse{}, nil, nil
	if max(cap(b.groups), cap(b.metrics)) > roomy || max(cap(b.attributes), cap(b.buckets), cap(b.bounds)) > roomyLists {
		return
	}
	clear(b.groups)
	clear(b.metrics)
	clear(b.attributes)
	b.groups, b.metrics, b.attributes = b.groups[:0], b.metrics[:0], b.attributes[:0]
	b.buckets, b.bounds, b.n, b.unread = b.buckets[:0], b.bounds[:0], 0, 0
	b.before, b.named, b.latest = 0, 0, latest{}
	pointsPool.Put(b)
}

// Len is how many points there are, read or not.
func (b *Points) Len() int { return b.n }

// add makes a point; nil when there is no room.
func (b *Points) add() *point {
	if b.points.full() && !b.pay(perBlock*pointBytes) {
		return nil
	}
	p := b.points.add(&pointBlocks)
	*p = point{}
	return p
}

// Reduce counts all points.
func (b *Points) Reduce(r *reduce.Reducer) {
	var counts reduce.Counts
	counts[reduce.Ignored] += int64(b.unread)
	from, first := 0, 0
	for i := range b.groups {
		g := &b.groups[i]
		if i == 0 {
			b.sender = r.Sender(*g.resource)
		} else {
			b.sender.Next(g.resource)
		}
		metrics := b.metrics[from:g.to]
		for j := range metrics {
			if m := &metrics[j]; m.kind.histogram {
				b.sender.Announce(reduce.Metric{Scope: m.Scope, Name: m.Name, Type: m.Type}, m.calls)
			}
		}
		for j := range metrics {
			b.reduce(b.sender.Metric(metrics[j].Metric), first, metrics[j].to, &counts)
			first = metrics[j].to
		}
		from = g.to
	}
	b.sender = reduce.Sender{}
	r.Count(reduce.Points, counts)
}

// reduce counts the points of one metric.
func (b *Points) reduce(reader reduce.Reader, from, to int, counts *reduce.Counts) {
	for i := from; i < to; i++ {
		p := b.points.at(i)
		p.Attributes = b.attributes[p.attributes.from:p.attributes.to]
		p.Buckets = b.buckets[p.buckets.from:p.buckets.to]
		p.Bounds = b.bounds[p.bounds.from:p.bounds.to]
		counts[reader.Point(&p.Point)]++
	}
}
