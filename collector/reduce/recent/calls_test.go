package recent_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/collector/reduce/recent"
	"github.com/shipwake/shipwake/internal/prefetch"
)

// book is the oracle: what a table without bounds would know.
type book struct {
	clients map[uint64]recent.Half
	servers map[uint64][]recent.Half
}

func (b *book) called(key uint64, h recent.Half) []recent.Half {
	if _, known := b.clients[key]; known {
		return nil
	}
	b.clients[key] = h
	waiting := b.servers[key]
	delete(b.servers, key)
	return waiting
}

func (b *book) served(key uint64, h recent.Half) (recent.Half, bool) {
	client, known := b.clients[key]
	if !known {
		b.servers[key] = append(b.servers[key], h)
	}
	return client, known
}

func TestHalvesMeet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		calls := recent.NewCalls(1 << 20)
		oracle := book{map[uint64]recent.Half{}, map[uint64][]recent.Half{}}
		waiting := map[uint64]int{}
		for range rapid.IntRange(0, 60).Draw(t, "spans") {
			key := calls.Key(&[16]byte{rapid.Uint8Range(0, 3).Draw(t, "trace")}, &[8]byte{rapid.Uint8Range(0, 3).Draw(t, "span")})
			client := rapid.Bool().Draw(t, "client")
			h := recent.Half{
				Scope: rapid.Uint32().Draw(t, "scope"), End: rapid.Uint32().Draw(t, "end"), Bin: rapid.Int16Range(0, 511).Draw(t, "bin"),
				Failed: rapid.Bool().Draw(t, "failed"), Named: client && rapid.Bool().Draw(t, "named"),
			}
			if client {
				var servers [recent.MaxCallees]recent.Half
				require.ElementsMatch(t, oracle.called(key, h), calls.Called(key, h, &servers))
				waiting[key] = 0
				continue
			}
			if waiting[key] == recent.MaxCallees {
				continue // one of them would make room
			}
			met, ok := calls.Served(key, h)
			want, known := oracle.served(key, h)
			require.Equal(t, known, ok)
			require.Equal(t, want, met)
			if !known {
				waiting[key]++
			}
		}
	})
}

func TestTheFirstToEndMakesRoom(t *testing.T) {
	calls := recent.NewCalls(64) // one set
	var servers [recent.MaxCallees]recent.Half
	key := func(i byte) uint64 { return calls.Key(&[16]byte{i}, &[8]byte{}) }
	for _, end := range []byte{30, 10, 20, 40} {
		require.Empty(t, calls.Called(key(end), recent.Half{End: uint32(end)}, &servers))
	}
	require.Empty(t, calls.Called(key(50), recent.Half{End: 50}, &servers))
	for end, kept := range map[byte]bool{20: true, 30: true, 40: true, 50: true} {
		_, ok := calls.Served(key(end), recent.Half{End: 1})
		require.Equal(t, kept, ok, end)
	}
	_, ok := calls.Served(key(10), recent.Half{End: 60})
	require.False(t, ok)
}

func TestCallsAllocateNothing(t *testing.T) {
	calls := recent.NewCalls(1 << 16)
	trace := uint64(0)
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		trace++
		key := calls.Key(&[16]byte{byte(trace), byte(trace >> 8)}, &[8]byte{1})
		prefetch.Fetch([]prefetch.Place{calls.Place(key)})
		var servers [recent.MaxCallees]recent.Half
		calls.Called(key, recent.Half{End: uint32(trace)}, &servers)
		calls.Served(key, recent.Half{End: uint32(trace)})
	}))
}
