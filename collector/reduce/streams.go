package reduce

import (
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/shipwake/shipwake/collector/reduce/bins"
)

// streams remembers the last point of every cumulative stream, to tell what the next one adds.
type streams struct {
	most   atomic.Int64
	n      atomic.Int64
	shards [16]streamShard
	births births
}

// streamShard is the streams of some processes.
type streamShard struct {
	sync.Mutex
	byID map[streamKey]*stream
}

type streamKey struct{ a, b uint64 }

func newStreams() *streams {
	all := &streams{births: newBirths()}
	for i := range all.shards {
		all.shards[i].byID = map[streamKey]*stream{}
	}
	return all
}

// streamSeeds are those of the two halves of a streamID.
var streamSeeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}

// senderStream is the identity of whoever sends as a resource.
func senderStream(r *Resource) streamID {
	a := hash(streamSeeds[0], r.Service, r.Namespace, r.Environment, r.Version, r.Instance, r.Container)
	b := hash(streamSeeds[1], r.Service, r.Namespace, r.Environment, r.Version, r.Instance, r.Container)
	return streamID{a: a, b: b, process: a}
}

// of is the identity of a sender's metric of a type.
func (id streamID) of(m *namedMetric, of MetricType) streamID {
	shape := uint64(of) * 0xD6E8FEB86659FD93
	id.a ^= m.a ^ shape
	id.b += m.b + shape
	return id
}

func hash(seed maphash.Seed, parts ...string) (h uint64) {
	for _, part := range parts {
		h = (h ^ maphash.String(seed, part)) * 0x9E3779B97F4A7C15
		h ^= h >> 32
	}
	return h
}

// increase is what a cumulative point adds to the one before. The first point of a stream adds all of it when the
// stream is known to have begun while we were listening, and nothing otherwise. Overflow: there are too many streams to
// remember this one.
func (all *streams) increase(id streamID, m *Metric, p *Point, owner *scope, of *cumulative, into *change) Result {
	shard := &all.shards[id.process%uint64(len(all.shards))]
	shard.Lock()
	defer shard.Unlock()
	id = id.with(p)
	key := streamKey{id.a, id.b}
	st := shard.find(key, of.latest)
	if st == nil {
		at := owner.place()
		if !all.room(all.n.Add(1), at, p.Time) {
			all.n.Add(-1)
			return Overflow
		}
		process, listening := all.births.born(id.process, at, p)
		st = &stream{key: key, process: process, bounds: bins.Own(p.Bounds)}
		shard.byID[key] = st
		of.latest = st
		st.keep(p)
		if listening {
			into.whole(m, p)
		}
		return Accepted
	}
	of.latest = st
	if p.Time <= st.time {
		return Accepted // what it counts is in the newer one
	}
	st.increase(m, p, &of.scratch, into)
	st.keep(p)
	return Accepted
}

// cumulative is what a sender's cumulative points share.
type cumulative struct {
	latest  *stream  // of the point before
	scratch []uint64 // where the buckets of a change live
}

// find is a stream by its key; nil when there is none. A sender's points come in the same order each time, so it is most likely
// the one that came after the latest one the time before.
func (shard *streamShard) find(key streamKey, latest *stream) *stream {
	if latest == nil {
		return shard.byID[key]
	}
	if next := latest.next; next != nil && next.key == key && !next.gone {
		return next
	}
	st := shard.byID[key]
	if !latest.gone {
		latest.next = st
	}
	return st
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
			st.gone, st.next = true, nil
			all.n.Add(-1)
			all.births.lost(st)
		}
		shard.Unlock()
	}
	all.births.forget(before, hasty)
}

// stream is the last point of one cumulative stream. Its shard guards it.
type stream struct {
	key     streamKey
	next    *stream // of the same sender, that came after it
	gone    bool    // forgotten
	process *process
	time    int64

	value         float64
	count         uint64
	sum           float64
	zero          uint64
	buckets       []uint64
	bounds        []float64 // doesn't change; others may have the same one
	scale, offset int32
}

func (st *stream) keep(p *Point) {
	st.time = p.Time
	st.value, st.count, st.sum, st.zero = p.Value, p.Count, p.Sum, p.Zero
	st.scale, st.offset = p.Scale, p.Offset
	st.buckets = append(st.buckets[:0], p.Buckets...)
}

// increase is what a later point adds. A count that went down is a reset that the start time didn't tell: the point
// counts from nothing. Buckets that can't be compared make the point a new reference.
func (st *stream) increase(m *Metric, p *Point, scratch *[]uint64, c *change) {
	c.at, c.since = p.Time-1, st.time
	switch m.Type {
	case SumMetric:
		if c.value = p.Value - st.value; c.value < 0 {
			c.value = p.Value
		}
		return
	case HistogramMetric:
		if !slices.Equal(st.bounds, p.Bounds) {
			st.bounds = bins.Own(p.Bounds)
			return
		}
		if len(st.buckets) != len(p.Buckets) {
			return
		}
	case ExponentialMetric:
		if st.scale < p.Scale {
			return
		}
	}
	buckets, ok := st.subtract(p, scratch)
	if !ok || p.Count < st.count || p.Zero < st.zero {
		c.whole(m, p)
		return
	}
	c.take(m, p, p.Count-st.count, max(0, p.Sum-st.sum), p.Zero-st.zero, buckets)
}

// subtract is the point's buckets less the stream's, brought to the point's scale; not ok when one would be negative.
// An explicit histogram has scale and offset 0.
func (st *stream) subtract(p *Point, scratch *[]uint64) ([]uint64, bool) {
	left := append((*scratch)[:0], p.Buckets...)
	*scratch = left
	shift := min(st.scale-p.Scale, 62)
	if shift == 0 && st.offset == p.Offset && len(st.buckets) <= len(left) {
		for i, n := range st.buckets {
			if left[i] < n {
				return nil, false
			}
			left[i] -= n
		}
		return left, true
	}
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
