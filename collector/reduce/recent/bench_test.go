package recent_test

import (
	"encoding/binary"
	"sync"
	"testing"

	"github.com/VictoriaMetrics/fastcache"

	"github.com/shipwake/shipwake/collector/reduce/recent"
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

// BenchmarkHalves is a client and then its server, while a hundred thousand calls are under way, in 32 MiB. found is how many
// servers met their client.
func BenchmarkHalves(b *testing.B) {
	for name, s := range map[string]store{
		"slots": slots{recent.NewCalls(32 << 20)}, "fastcache": &entries{cache: fastcache.New(32 << 20)},
	} {
		b.Run(name, func(b *testing.B) {
			const underWay = 100_000
			id := func(i uint64) (trace [16]byte, span [8]byte) {
				binary.LittleEndian.PutUint64(trace[8:], i*0x9E3779B97F4A7C15)
				binary.LittleEndian.PutUint64(span[:], i*0xBF58476D1CE4E5B9)
				return trace, span
			}
			b.ReportAllocs()
			i, found, asked := uint64(0), 0, 0
			for b.Loop() {
				i++
				trace, span := id(i)
				s.called(&trace, &span, uint32(i))
				if i <= underWay {
					continue
				}
				trace, span = id(i - underWay)
				asked++
				if s.served(&trace, &span, uint32(i)) {
					found++
				}
			}
			if asked > 0 {
				b.ReportMetric(float64(found)/float64(asked), "found")
			}
		})
	}
}
