package recent

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
)

// seeds are numbers that nobody outside knows, so that nobody can tell which ids share a place.
type seeds [4]uint64

func newSeeds() (s seeds) {
	for i := range s {
		s[i] = maphash.Comparable(maphash.MakeSeed(), i) | 1
	}
	return s
}

// trace is a hash of a trace's id. Ids are random as a rule; that of a longer key goes on with it, see span.
func (s *seeds) trace(id *[16]byte) uint64 {
	return mix(binary.LittleEndian.Uint64(id[:8])^s[0], binary.LittleEndian.Uint64(id[8:])^s[1])
}

// span is a hash of the ids of a trace and of a span in it.
func (s *seeds) span(trace *[16]byte, id *[8]byte) uint64 {
	return mix(s.trace(trace)^s[2], binary.LittleEndian.Uint64(id[:])^s[3])
}

// mix folds both halves of a product, as wyhash does.
func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}
