package recent_test

import (
	"encoding/binary"
	"sync"
	"testing"

	"github.com/VictoriaMetrics/fastcache"

	"github.com/shipwake/shipwake/collector/reduce/recent"
	"github.com/shipwake/shipwake/internal/prefetch"
)

// store is where halves may wait.
type store interface {
	called(trace *[16]byte, span *[8]byte, end uint32)
	served(trace *[16]byte, parent *[8]byte, end uint32) bool
}

// slots is the table.
type slots struct{ *recent.Calls }

func (s slots) called(trace *[16]byte, span *[8]byte, end uint32) {
	var servers [recent.MaxCallees]recent.Half
	s.Called(s.Key(trace, span), recent.Half{End: end}, &servers)
}

func (s slots) served(trace *[16]byte, parent *[8]byte, end uint32) bool {
	_, ok := s.Served(s.Key(trace, parent), recent.Half{End: end})
	return ok
}

// entries is the same in fastcache: an entry for each call, of its key and a half, with a lock to look and store in one step.
type entries struct {
	cache *fastcache.Cache
	locks [64]struct {
		sync.Mutex
		key   [24]byte
		value [22]byte
		found [22]byte
	}
}

func (e *entries) called(trace *[16]byte, span *[8]byte, end uint32) { e.put(trace, span, 'c', end) }

func (e *entries) served(trace *[16]byte, parent *[8]byte, end uint32) bool {
	return e.put(trace, parent, 's', end)
}

// put is true when a client was there.
func (e *entries) put(trace *[16]byte, span *[8]byte, side byte, end uint32) bool {
	l := &e.locks[(trace[15]^span[7])%64]
	l.Lock()
	defer l.Unlock()
	copy(l.key[:16], trace[:])
	copy(l.key[16:], span[:])
	if found := e.cache.Get(l.found[:0], l.key[:]); len(found) > 0 && found[0] == 'c' {
		return true
	}
	l.value[0] = side
	binary.LittleEndian.PutUint32(l.value[1:], end)
	e.cache.Set(l.key[:], l.value[:])
	return false
}

// BenchmarkHalves is a client and then its server, while a hundred thousand calls are under way, in 32 MiB: as the table does for a
// chunk of spans, one call at a time, and in fastcache. found is how many servers met their client.
func BenchmarkHalves(b *testing.B) {
	const room = 32 << 20
	b.Run("ahead", func(b *testing.B) { halves(b, ahead{recent.NewCalls(room)}) })
	b.Run("alone", func(b *testing.B) { halves(b, alone{slots{recent.NewCalls(room)}}) })
	b.Run("fastcache", func(b *testing.B) { halves(b, alone{&entries{cache: fastcache.New(room)}}) })
}

const (
	chunk    = 128
	underWay = 100_000
)

// name is a call.
type name struct {
	trace [16]byte
	span  [8]byte
	end   uint32
}

func named(i uint64) (n name) {
	binary.LittleEndian.PutUint64(n.trace[8:], i*0x9E3779B97F4A7C15)
	binary.LittleEndian.PutUint64(n.span[:], i*0xBF58476D1CE4E5B9)
	n.end = uint32(i)
	return n
}

// chunks takes clients and servers, and tells how many of these met their client.
type chunks interface {
	take(clients, servers *[chunk]name) (found int)
}

func halves(b *testing.B, s chunks) {
	var clients, servers [chunk]name
	b.ReportAllocs()
	i, n, found, asked := uint64(underWay), 0, 0, 0
	for b.Loop() {
		at := n % chunk
		clients[at], servers[at] = named(i), named(i-underWay)
		i++
		if n++; at < chunk-1 {
			continue
		}
		met := s.take(&clients, &servers)
		if n > underWay+chunk {
			found, asked = found+met, asked+chunk
		}
	}
	if asked > 0 {
		b.ReportMetric(float64(found)/float64(asked), "found")
	}
}

// alone takes one after the other.
type alone struct{ store }

func (s alone) take(clients, servers *[chunk]name) (found int) {
	for i := range clients {
		s.called(&clients[i].trace, &clients[i].span, clients[i].end)
		if s.served(&servers[i].trace, &servers[i].span, servers[i].end) {
			found++
		}
	}
	return found
}

// ahead fetches what it will look at.
type ahead struct{ *recent.Calls }

func (s ahead) take(clients, servers *[chunk]name) (found int) {
	var called, served [chunk]uint64
	for i := range clients {
		called[i] = s.Key(&clients[i].trace, &clients[i].span)
		served[i] = s.Key(&servers[i].trace, &servers[i].span)
	}
	var places [2 * chunk]prefetch.Place
	for i := range called {
		places[2*i], places[2*i+1] = s.Place(called[i]), s.Place(served[i])
	}
	prefetch.Fetch(places[:])
	var before [recent.MaxCallees]recent.Half
	for i := range called {
		s.Called(called[i], recent.Half{End: clients[i].end}, &before)
		if _, ok := s.Served(served[i], recent.Half{End: servers[i].end}); ok {
			found++
		}
	}
	return found
}
