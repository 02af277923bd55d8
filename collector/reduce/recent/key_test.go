package recent

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// Ids that count up, alone or in one half, as some senders make them, must spread over sets and tags as random ones do.
func TestIDsThatCountUpSpread(t *testing.T) {
	const n, sets = 1 << 16, 1 << 12
	for name, id := range map[string]func(trace *[16]byte, span *[8]byte, i uint64){
		"the last half of a trace":   func(trace *[16]byte, _ *[8]byte, i uint64) { binary.BigEndian.PutUint64(trace[8:], i) },
		"the first half of a trace":  func(trace *[16]byte, _ *[8]byte, i uint64) { binary.BigEndian.PutUint64(trace[:8], i) },
		"a trace, lowest byte first": func(trace *[16]byte, _ *[8]byte, i uint64) { binary.LittleEndian.PutUint64(trace[:8], i) },
		"the spans of one trace":     func(_ *[16]byte, span *[8]byte, i uint64) { binary.BigEndian.PutUint64(span[:], i) },
		"a trace and its span together": func(trace *[16]byte, span *[8]byte, i uint64) {
			binary.BigEndian.PutUint64(trace[8:], i)
			copy(span[:], trace[8:])
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSeeds()
			var filled [sets]int
			known := map[uint64]bool{}
			for i := range uint64(n) {
				var trace [16]byte
				var span [8]byte
				id(&trace, &span, i)
				key := s.span(&trace, &span) | 1
				filled[key>>52]++
				known[key>>52<<36|uint64(tag(key))<<4|uint64(more(key))>>12] = true
			}
			require.Len(t, known, n, "each is known from the others")
			const mean = float64(n) / sets
			for _, one := range filled {
				require.Less(t, math.Abs(float64(one)-mean), 8*math.Sqrt(mean), "none is much fuller than others")
			}
		})
	}
}
