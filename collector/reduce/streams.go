package reduce

import (
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"
)

// streams remembers the last point of every cumulative stream, to tell what the next one adds.
type streams struct {
	most   atomic.Int64
	n      atomic.Int64
	a, b   maphash.Seed
	shards [16]streamShard
	births births
}

type streamShard struct {
	sync.Mutex
	byID map[[2]uint64]*stream
}

func newStreams(a, b maphash.Seed) *streams {
	all := &streams{a: a, b: b, births: newBirths()}
	for i := range all.shards {
		all.shards[i].byID = map[[2]uint64]*stream{}
	}
	return all
}

// of is the identity of a sender's metric.
func (all *streams) of(r Resource, m Metric) streamID {
	shape := uint64(m.Type) * 0xD6E8FEB86659FD93
	process := hash(all.a, r.Service, r.Namespace, r.Environment, r.Version, r.Instance, r.Container)
	return streamID{
		a:       hash(all.a, m.Scope, m.Name) ^ process ^ shape,
		b:       shape + hash(all.b, r.Service, r.Namespace, r.Environment, r.Version, r.Instance, r.Container, m.Scope, m.Name),
		process: process,
	}
}

func hash(seed maphash.Seed, parts ...string) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	for _, part := range parts {
		h.WriteString(part)
		h.WriteByte(0)
	}
	return h.Sum64()
}

// increase is what a cumulative point adds to the one before. The first point of a stream adds all of it when the
// stream is known to have begun while we were listening, and nothing otherwise. The change's buckets may live in
// scratch. Overflow: there are too many streams to remember this one.
func (all *streams) increase(id streamID, m *Metric, p *Point, at place, scratch *[]uint64) (change, Result) {
	shard := &all.shards[id.a%uint64(len(all.shards))]
	shard.Lock()
	defer shard.Unlock()
	key := [2]uint64{id.a, id.b}
	st := shard.byID[key]
	if st == nil {
		if !all.room(all.n.Add(1), at, p.Time) {
			all.n.Add(-1)
			return change{}, Overflow
		}
		process, listening := all.births.born(id.process, at, p)
		st = &stream{process: process}
		shard.byID[key] = st
		st.keep(p)
		if listening {
			return whole(m, p), Accepted
		}
		return change{}, Accepted
	}
	if p.Time <= st.time {
		return change{}, Accepted // what it counts is in the newer one
	}
	c := st.increase(m, p, scratch)
	st.keep(p)
	return c, Accepted
}

// room says whether there may be so many streams, with one more of a service.
func (all *streams) room(n int64, at place, now int64) bool {
	most := all.most.Load()
	return n <= forNew(most) || (n <= most && !all.births.young(at, now-int64(idleAfter)))
}

// forget drops the streams without a point since a time in Unix nanoseconds; those of processes that are younger than
// that since hasty.
func (all *streams) forget(before, hasty int64) {
	all.births.sweeping.Lock()
	defer all.births.sweeping.Unlock()
	for i := range all.shards {
		shard := &all.shards[i]
		shard.Lock()
		for key, st := range shard.byID {
			since := before
			if st.process.first > before {
				since = hasty
			}
			if st.time >= since {
				st.process.last = max(st.process.last, st.time)
				continue
			}
			delete(shard.byID, key)
			all.n.Add(-1)
			all.births.lost(st)
		}
		shard.Unlock()
	}
	all.births.forget(before, hasty)
}

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
