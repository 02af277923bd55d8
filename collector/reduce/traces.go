package reduce

import (
	"encoding/binary"
	"math"
	"sync"
	"sync/atomic"

	"github.com/VictoriaMetrics/fastcache"

	"github.com/shipwake/shipwake/correlate"
)

const (
	// traceBytes bounds the memory of traces, outside of the heap. It is taken when the first rollout is seen.
	traceBytes = 32 << 20
	// maxTouches bounds what is remembered of a trace: who served, by bucket.
	maxTouches = 16

	youngFor   = 2 * 60 * 60 // seconds for which a version is new
	servingFor = 2 * 60      // seconds after its latest span in which a version still serves
)

// traces remembers who served in each recent trace, while any service rolls out. Which version a failing request touched
// elsewhere tells whose version makes requests fail, also when its own answers look right.
//
// Which services roll out is only looked at in Drain, so that the order of what arrives in between leaves no trace.
type traces struct {
	open  atomic.Bool
	cache atomic.Pointer[fastcache.Cache]
	locks [64]traceLock
}

// traceLock makes looking up and storing one step, and holds a buffer for it.
type traceLock struct {
	sync.Mutex
	value [maxTouches * touchSize]byte
}

// touch is requests of a trace to one scope that ended in one bucket.
type touch struct {
	scope            uint32
	start            int64 // Unix seconds
	requests, errors uint16
	rolling          bool // as it was when the first of them was counted
}

// watch begins and ends remembering.
func (t *traces) watch(rollouts bool) {
	if rollouts && t.cache.Load() == nil {
		t.cache.Store(fastcache.New(traceBytes))
	}
	t.open.Store(rollouts)
}

// add stores a request, and returns what was known of its trace, in the array given. fresh: the scope is new to the trace,
// and stored.
func (t *traces) add(trace *[16]byte, own touch, known *[maxTouches]touch) (others []touch, fresh bool) {
	cache := t.cache.Load()
	l := &t.locks[trace[15]%64]
	l.Lock()
	defer l.Unlock()
	found := cache.Get(l.value[:0], trace[:])
	n := len(found) / touchSize
	at, seen := n, false
	for i := range n {
		known[i] = decodeTouch(found[i*touchSize:])
		if known[i].scope == own.scope {
			seen = true
			if known[i].start == own.start && known[i].requests < math.MaxUint16 {
				at = i
				own.requests, own.errors = own.requests+known[i].requests, own.errors+known[i].errors
			}
		}
	}
	if at == maxTouches {
		return known[:n], false
	}
	own.encode(l.value[at*touchSize:])
	cache.Set(trace[:], l.value[:max(n, at+1)*touchSize])
	return known[:n], !seen
}

const touchSize = 4 + 4 + 2 + 2 + 1

func (t touch) encode(to []byte) {
	binary.LittleEndian.PutUint32(to, t.scope)
	binary.LittleEndian.PutUint32(to[4:], uint32(t.start))
	binary.LittleEndian.PutUint16(to[8:], t.requests)
	binary.LittleEndian.PutUint16(to[10:], t.errors)
	to[12] = bit(t.rolling)
}

func decodeTouch(from []byte) touch {
	return touch{
		scope:    binary.LittleEndian.Uint32(from),
		start:    int64(binary.LittleEndian.Uint32(from[4:])),
		requests: binary.LittleEndian.Uint16(from[8:]),
		errors:   binary.LittleEndian.Uint16(from[10:]),
		rolling:  from[12] != 0,
	}
}

func bit(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// touched counts a request beside each version that served in the same trace, of the services that roll out, and, when
// its own service does, the requests of all others beside its version.
func (s *Sender) touched(w *work) {
	if w.TraceID == [16]byte{} {
		return
	}
	own := touch{
		scope: s.scope.id, start: w.start, requests: 1, errors: uint16(bit(w.failed)), rolling: s.scope.rolling.Load(),
	}
	var known [maxTouches]touch
	others, fresh := s.r.traces.add(&w.TraceID, own, &known)
	for i := range others {
		o := &others[i]
		if o.rolling && !listed(others[:i], o.scope) {
			s.beside(s.scope, o.scope, &own)
		}
		if fresh && own.rolling {
			if from := s.r.scopes.withID(o.scope); from != nil {
				s.beside(from, s.scope.id, o)
			}
		}
	}
}

func listed(all []touch, scope uint32) bool {
	for i := range all {
		if all[i].scope == scope {
			return true
		}
	}
	return false
}

// beside counts requests to a scope in a trace in which another service's served as well.
func (s *Sender) beside(sc *scope, other uint32, t *touch) {
	if sc.id == other || sc.countBeside(other, t) {
		return
	}
	peer := s.r.scopes.withID(other)
	if peer == nil || sc.place() == peer.place() || sc.environment != peer.environment {
		return
	}
	cell, owner, _ := s.r.open(sc, peer.touched(), t.start)
	if cell == nil {
		return
	}
	t.add(cell)
	owner.mu.Unlock()
	sc.link(peer)
}

// add counts the requests.
func (t *touch) add(cell *correlate.Cell) {
	cell.Requests += int64(t.requests)
	cell.Errors += int64(t.errors)
}

// rollouts notes which services serve several versions by their spans, one of them new, and returns whether any does.
func (all *scopes) rollouts(now int64) bool {
	type versions struct{ serving, young int }
	var found map[place]versions
	several := all.several()
	for _, sc := range several {
		oldest, newest := sc.served()
		if newest < now-servingFor {
			continue
		}
		if found == nil {
			found = map[place]versions{}
		}
		p := sc.place()
		v := found[p]
		v.serving++
		if oldest >= now-youngFor {
			v.young++
		}
		found[p] = v
	}
	rolling := false
	for _, sc := range several {
		v := found[sc.place()]
		now := v.serving > 1 && v.young > 0
		sc.rolling.Store(now)
		rolling = rolling || now
	}
	return rolling
}

// several are the scopes of services with more than one version, and those that were rolling.
func (all *scopes) several() []*scope {
	all.mu.RLock()
	defer all.mu.RUnlock()
	var list []*scope
	for _, sc := range all.byName {
		if all.versions[sc.place()] > 1 || sc.rolling.Load() {
			list = append(list, sc)
		}
	}
	return list
}

// served is when the first and the last spans were counted, in buckets; 0 when none were.
func (sc *scope) served() (oldest, newest int64) {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	spans := sc.requests[correlate.OriginSpan]
	if spans == nil {
		return 0, 0
	}
	return spans.oldest, spans.newest
}
