// Package recent answers: what is known of the other side of this call, and of who else served in its trace?
//
// It remembers one half of each recent call until the other one arrives, and recent traces, in bounded memory outside of the
// heap. Both halves name the client's span: a server names it as its parent. A server that came first is forgotten once the
// client is there; a client stays, since several servers may have answered it.
package recent

import (
	"math"
	"math/bits"
	"sync"

	"github.com/shipwake/shipwake/internal/offheap"
	"github.com/shipwake/shipwake/internal/prefetch"
)

// MaxCallees bounds how many servers may have answered one client before it is known.
const MaxCallees = ways

// Half is what one side tells of a call.
type Half struct {
	Scope  uint32
	End    uint32 // Unix seconds
	Bin    int16  // of the latency
	Failed bool
	Named  bool // clients only: counted already under the name that the client gave the callee
}

// LatestEnd is the last second that a Half can tell.
const LatestEnd = math.MaxUint32

// Calls is a table of sets of 64 bytes, one cache line. A half is known by 36 bits of a hash beside those that tell its set;
// in a full set the one that ended first makes room. It is safe for concurrent use.
type Calls struct {
	seeds seeds
	shift int
	sets  []set
	use   use
}

const (
	setBytes = 64
	ways     = 4
)

// set is so many halves, with their lock: whoever takes it has fetched the set.
type set struct {
	sync.Mutex
	tags   [ways]uint32
	scopes [ways]uint32
	ends   [ways]uint32
	rest   [ways]uint16 // the bin, whether it failed, which side told it, and more of the tag
}

// The parts of the rest of a half. A place without a side is free.
const (
	binMask = 1<<9 - 1
	failed  = 1 << 9

	sideMask    = 3 << 10
	server      = 1 << 10
	client      = 2 << 10
	namedClient = 3 << 10

	moreMask = 15 << 12
)

// NewCalls makes a table of at most so many bytes, and at least one set.
func NewCalls(bytes int) *Calls {
	n := 1 << max(0, bits.Len(uint(bytes/setBytes))-1)
	return &Calls{seeds: newSeeds(), shift: 64 - bits.TrailingZeros(uint(n)), sets: offheap.Make[set](n)}
}

// Key is where a call is found by its client's span. It is never 0.
func (c *Calls) Key(trace *[16]byte, client *[8]byte) uint64 {
	return c.seeds.span(trace, client) | 1
}

// Place is what Called and Served will look at, to be fetched ahead.
func (c *Calls) Place(key uint64) prefetch.Place { return prefetch.Of(&c.sets[key>>c.shift]) }

func (c *Calls) lock(key uint64) *set {
	s := &c.sets[key>>c.shift]
	s.Lock()
	return s
}

// Settle has the system keep the table in large pages once it is used all over; before, that would take memory for nothing.
func (c *Calls) Settle() {
	if c.use.settle(len(c.sets) * setBytes) {
		offheap.Join(c.sets)
	}
}

// Called stores a client and returns the servers that came before it, in the array given.
func (c *Calls) Called(key uint64, h Half, servers *[MaxCallees]Half) []Half {
	s := c.lock(key)
	defer s.Unlock()
	n := 0
	for i := range s.tags {
		if !s.is(i, key) {
			continue
		}
		if s.ofClient(i) {
			return nil
		}
		servers[n] = s.half(i)
		n++
		s.rest[i] = 0
	}
	side := uint16(client)
	if h.Named {
		side = namedClient
	}
	s.put(key, h, side)
	c.use.stored()
	return servers[:n]
}

// Served returns the client when it came before, else it stores the server.
func (c *Calls) Served(key uint64, h Half) (client Half, ok bool) {
	s := c.lock(key)
	defer s.Unlock()
	for i := range s.tags {
		if s.ofClient(i) && s.is(i, key) {
			return s.half(i), true
		}
	}
	s.put(key, h, server)
	c.use.stored()
	return Half{}, false
}

// A key is never even, so its first bit tells nothing.
func tag(key uint64) uint32  { return uint32(key >> 1) }
func more(key uint64) uint16 { return uint16(key>>(33-12)) & moreMask }

func (s *set) is(i int, key uint64) bool {
	return s.tags[i] == tag(key) && s.rest[i]&sideMask != 0 && s.rest[i]&moreMask == more(key)
}

func (s *set) ofClient(i int) bool { return s.rest[i]&client != 0 }

func (s *set) half(i int) Half {
	rest := s.rest[i]
	return Half{
		Scope: s.scopes[i], End: s.ends[i], Bin: int16(rest & binMask), Failed: rest&failed != 0, Named: rest&sideMask == namedClient,
	}
}

func (s *set) put(key uint64, h Half, side uint16) {
	rest := uint16(h.Bin)&binMask | side | more(key)
	if h.Failed {
		rest |= failed
	}
	i := s.place()
	s.tags[i], s.scopes[i], s.ends[i], s.rest[i] = tag(key), h.Scope, h.End, rest
}

// place is a free one, or that of the half that ended first.
func (s *set) place() int {
	oldest := 0
	for i := range s.tags {
		if s.rest[i]&sideMask == 0 {
			return i
		}
		if s.ends[i] < s.ends[oldest] {
			oldest = i
		}
	}
	return oldest
}
