package reduce

import (
	"encoding/binary"
	"sync"

	"github.com/VictoriaMetrics/fastcache"
)

// maxCallees bounds how many servers may have answered one client span.
const maxCallees = 8

// half is what one side tells of a call.
type half struct {
	scope   uint32
	failed  bool
	named   bool // clients only: counted already under the name that the client gave the callee
	latency int64
	end     int64
}

// halves remembers one half of each recent call until the other one arrives, in bounded memory outside of the heap.
// The key of both is the client span: a server span names it as its parent. A server that came first is forgotten once
// the client is there; a client stays, since several servers may name it.
type halves struct {
	cache *fastcache.Cache
	locks [64]halfLock
}

// halfLock makes looking up and storing one step, and holds buffers for it.
type halfLock struct {
	sync.Mutex
	key   [24]byte
	value [1 + maxCallees*halfSize]byte
	found [1 + maxCallees*halfSize]byte
}

// Who is in an entry.
const (
	entryClient = 'c' // one half
	entryServer = 's' // up to maxCallees halves
)

func newHalves(bytes int) *halves { return &halves{cache: fastcache.New(bytes)} }

func (h *halves) lock(trace [16]byte, client [8]byte) *halfLock {
	l := &h.locks[(trace[15]^client[7])%64]
	l.Lock()
	copy(l.key[:16], trace[:])
	copy(l.key[16:], client[:])
	return l
}

// called stores a client and returns the servers that came before it, in the array given.
func (h *halves) called(trace [16]byte, span [8]byte, client half, servers *[maxCallees]half) []half {
	l := h.lock(trace, span)
	defer l.Unlock()
	found := h.cache.Get(l.found[:0], l.key[:])
	if len(found) > 0 && found[0] == entryClient {
		return nil
	}
	l.value[0] = entryClient
	client.encode(l.value[1:])
	h.cache.Set(l.key[:], l.value[:1+halfSize])
	n := 0
	for i := 1; i+halfSize <= len(found) && n < maxCallees; i += halfSize {
		servers[n] = decodeHalf(found[i:])
		n++
	}
	return servers[:n]
}

// served returns the client when it came before, else it stores the server.
func (h *halves) served(trace [16]byte, parent [8]byte, server half) (client half, ok bool) {
	l := h.lock(trace, parent)
	defer l.Unlock()
	found := h.cache.Get(l.found[:0], l.key[:])
	if len(found) > halfSize && found[0] == entryClient {
		return decodeHalf(found[1:]), true
	}
	n := max(1, len(found))
	if n+halfSize > len(l.value) {
		return half{}, false
	}
	copy(l.value[:], found)
	l.value[0] = entryServer
	server.encode(l.value[n:])
	h.cache.Set(l.key[:], l.value[:n+halfSize])
	return half{}, false
}

const halfSize = 4 + 1 + 8 + 8

func (h half) encode(to []byte) {
	binary.LittleEndian.PutUint32(to, h.scope)
	to[4] = bit(h.failed) | bit(h.named)<<1
	binary.LittleEndian.PutUint64(to[5:], uint64(h.latency))
	binary.LittleEndian.PutUint64(to[13:], uint64(h.end))
}

func decodeHalf(from []byte) half {
	return half{
		scope:   binary.LittleEndian.Uint32(from),
		failed:  from[4]&1 != 0,
		named:   from[4]&2 != 0,
		latency: int64(binary.LittleEndian.Uint64(from[5:])),
		end:     int64(binary.LittleEndian.Uint64(from[13:])),
	}
}

func bit(b bool) byte {
	if b {
		return 1
	}
	return 0
}
