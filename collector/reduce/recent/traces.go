package recent

import (
	"math"
	"math/bits"
	"sync"

	"github.com/shipwake/shipwake/internal/offheap"
	"github.com/shipwake/shipwake/internal/prefetch"
)

// MaxTouches bounds what is remembered of a trace: who served, by bucket.
const MaxTouches = 15

// Touch is requests of a trace to one scope that ended in one bucket.
type Touch struct {
	Scope            uint32
	Start            int64 // of the bucket, Unix seconds
	Requests, Errors uint16
	Rolling          bool // as it was when the first of them was counted
}

// Traces is a table of who served in each recent trace. A trace is known by 32 bits of a hash beside those that tell its set;
// in a full set the one that came first makes room. It is safe for concurrent use.
type Traces struct {
	seeds seeds
	shift int
	sets  []directory
	all   []traced // those of each set
	use   use
}

const traceWays = 7

// directory is which traces are in a set, with their lock, in one cache line.
type directory struct {
	sync.Mutex
	tags [traceWays]uint32 // 0 is free
	next uint32            // which makes room
	_    [24]byte
}

const directoryBytes = 64

// traced is who served in a trace, in 128 bytes.
type traced struct {
	base    int32 // of the starts, Unix minutes
	rolling uint16
	n       uint8
	_       uint8
	all     [MaxTouches]touched
}

type touched struct {
	scope            uint32
	start            int16 // seconds after base
	requests, errors uint8
}

const tracedBytes = 128

// NewTraces makes a table of at most so many bytes, and at least one set.
func NewTraces(bytes int) *Traces {
	const setBytes = directoryBytes + traceWays*tracedBytes
	n := 1 << max(0, bits.Len(uint(bytes/setBytes))-1)
	return &Traces{
		seeds: newSeeds(), shift: 64 - bits.TrailingZeros(uint(n)),
		sets: offheap.Make[directory](n), all: offheap.Make[traced](n * traceWays),
	}
}

// Key is where a trace is found.
func (t *Traces) Key(trace *[16]byte) uint64 { return t.seeds.trace(trace) | 1 }

// Place is where Add will look for a trace, to be fetched ahead.
func (t *Traces) Place(key uint64) prefetch.Place { return prefetch.Of(&t.sets[key>>t.shift]) }

// Known is where it is told what is known of a trace, which begins at the first of two places; zero when nothing is. It looks at
// what lies at Place.
func (t *Traces) Known(key uint64) (places [2]prefetch.Place) {
	at := key >> t.shift
	for i, tag := range &t.sets[at].tags {
		if tag == uint32(key) {
			first := prefetch.Of(&t.all[at*traceWays+uint64(i)])
			return [2]prefetch.Place{first, first + prefetch.Line}
		}
	}
	return places
}

// Add stores a request, and returns what was known of its trace, in the array given: everything when its own scope rolls out and
// is new to the trace, else the first touch of each scope, where that rolls out. fresh: the scope is new to the trace, and stored.
func (t *Traces) Add(key uint64, own *Touch, known *[MaxTouches]Touch) (others []Touch, fresh bool) {
	at := key >> t.shift
	set := &t.sets[at]
	set.Lock()
	defer set.Unlock()
	e := t.find(at, key)
	place, seen := e.place(own)
	switch {
	case own.Rolling && !seen:
		others = e.touches(known)
	case e.rolling != 0:
		others = e.rollouts(known)
	}
	return others, e.store(place, own) && !seen
}

// Settle is what it is for Calls.
func (t *Traces) Settle() {
	if t.use.settle(len(t.all) * tracedBytes) {
		offheap.Join(t.sets)
		offheap.Join(t.all)
	}
}

// find is what is known of a trace.
func (t *Traces) find(at, key uint64) *traced {
	set := &t.sets[at]
	for i, tag := range &set.tags {
		if tag == uint32(key) {
			return &t.all[at*traceWays+uint64(i)]
		}
	}
	t.use.stored()
	i := set.next % traceWays
	set.next++
	set.tags[i] = uint32(key)
	e := &t.all[at*traceWays+uint64(i)]
	e.n, e.rolling = 0, 0
	return e
}

// place is where requests to a scope in a bucket are, or where they belong, and whether the scope is known.
func (e *traced) place(own *Touch) (place int, seen bool) {
	place = int(e.n)
	for i := range place {
		o := &e.all[i]
		if o.scope != own.Scope {
			continue
		}
		seen = true
		if e.startOf(i) == own.Start && o.requests < math.MaxUint8 {
			place = i
		}
	}
	return place, seen
}

func (e *traced) startOf(i int) int64 { return int64(e.base)*60 + int64(e.all[i].start) }

func (e *traced) touches(into *[MaxTouches]Touch) []Touch {
	for i := range int(e.n) {
		into[i] = e.touch(i)
	}
	return into[:e.n]
}

// rollouts are the touches that roll out and are the first ones of their scopes.
func (e *traced) rollouts(into *[MaxTouches]Touch) []Touch {
	n := 0
	for rolling := e.rolling; rolling != 0; rolling &= rolling - 1 {
		if i := bits.TrailingZeros16(rolling); !e.known(e.all[i].scope, i) {
			into[n] = e.touch(i)
			n++
		}
	}
	return into[:n]
}

func (e *traced) touch(i int) Touch {
	o := &e.all[i]
	return Touch{Scope: o.scope, Start: e.startOf(i), Requests: uint16(o.requests), Errors: uint16(o.errors), Rolling: e.rolling&(1<<i) != 0}
}

// known: one of the first n touches is of the scope.
func (e *traced) known(scope uint32, n int) bool {
	for i := range n {
		if e.all[i].scope == scope {
			return true
		}
	}
	return false
}

// store is false when there are as many as there may be, or when they are hours apart.
func (e *traced) store(place int, own *Touch) bool {
	if place < int(e.n) {
		e.all[place].requests += uint8(own.Requests)
		e.all[place].errors += uint8(own.Errors)
		return true
	}
	if e.n == 0 {
		e.base = int32(own.Start / 60)
	}
	start := own.Start - int64(e.base)*60
	if place == MaxTouches || start < math.MinInt16 || start > math.MaxInt16 {
		return false
	}
	e.all[place] = touched{own.Scope, int16(start), uint8(own.Requests), uint8(own.Errors)}
	if own.Rolling {
		e.rolling |= 1 << place
	}
	e.n++
	return true
}
