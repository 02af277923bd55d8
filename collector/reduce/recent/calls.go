// Package recent answers: what is known of the other side of this call, and of who else served in its trace?
//
// It remembers one half of each recent call until the other one arrives, and recent traces, in bounded memory outside of the
// heap. Both halves name the client's span: a server names it as its parent. A server that came first is forgotten once the
// client is there; a client stays, since several servers may have answered it.
package recent

import (
	"math"
	"math/bits"

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

// Calls is a table of sets of 64 bytes, one cache line. A half is known by 40 bits of a hash beside those that tell its set;
// in a full set the one that ended first makes room. It is safe for concurrent use.
type Calls struct {
	seeds seeds
	shift int
	sets  []set
	locks locks
}

const (
	setBytes = 64
	ways     = 4
)

type set [ways]slot

// slot is a half, in 16 bytes; one without flags is free.
type slot struct {
	tag   uint32
	scope uint32
	end   uint32
	bin   int16
	more  uint8 // of the tag
	flags uint8
}

const (
	slotUsed = 1 << iota
	slotClient
	slotFailed
	slotNamed
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

func (c *Calls) lock(key uint64) (*set, *padded) {
	at := key >> c.shift
	l := c.locks.of(at)
	l.Lock()
	return &c.sets[at], l
}

// Settle has the system keep the table in large pages once it is used all over; before, that would take memory for nothing.
func (c *Calls) Settle() {
	if c.locks.settle(len(c.sets) * setBytes) {
		offheap.Join(c.sets)
	}
}

// Called stores a client and returns the servers that came before it, in the array given.
func (c *Calls) Called(key uint64, client Half, servers *[MaxCallees]Half) []Half {
	s, l := c.lock(key)
	defer l.Unlock()
	n := 0
	for i := range s {
		one := &s[i]
		if !one.is(key) {
			continue
		}
		if one.flags&slotClient != 0 {
			return nil
		}
		servers[n] = one.half()
		n++
		one.flags = 0
	}
	s.put(key, client, slotClient)
	l.stored++
	return servers[:n]
}

// Served returns the client when it came before, else it stores the server.
func (c *Calls) Served(key uint64, server Half) (client Half, ok bool) {
	s, l := c.lock(key)
	defer l.Unlock()
	for i := range s {
		if one := &s[i]; one.flags&slotClient != 0 && one.is(key) {
			return one.half(), true
		}
	}
	s.put(key, server, 0)
	l.stored++
	return Half{}, false
}

func (s *slot) is(key uint64) bool {
	return s.tag == uint32(key) && s.flags&slotUsed != 0 && s.more == uint8(key>>32)
}

func (s *slot) half() Half {
	return Half{Scope: s.scope, End: s.end, Bin: s.bin, Failed: s.flags&slotFailed != 0, Named: s.flags&slotNamed != 0}
}

func (s *set) put(key uint64, h Half, flags uint8) {
	if h.Failed {
		flags |= slotFailed
	}
	if h.Named {
		flags |= slotNamed
	}
	s[s.place()] = slot{
		tag: uint32(key), more: uint8(key >> 32), scope: h.Scope, end: h.End, bin: h.Bin, flags: flags | slotUsed,
	}
}

// place is a free slot, or that of the half that ended first.
func (s *set) place() int {
	oldest := 0
	for i := range s {
		if s[i].flags == 0 {
			return i
		}
		if s[i].end < s[oldest].end {
			oldest = i
		}
	}
	return oldest
}
