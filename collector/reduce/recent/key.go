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

// trace is a hash of the id of a trace.
func (s *seeds) trace(id *[16]byte) uint64 {
	return mix(mix(binary.LittleEndian.Uint64(id[:8])^s[0], binary.LittleEndian.Uint64(id[8:])^s[1]), spread)
}

// span is a hash of the ids of a trace and of a span in it.
func (s *seeds) span(trace *[16]byte, id *[8]byte) uint64 {
	of := mix(binary.LittleEndian.Uint64(trace[:8])^s[0], binary.LittleEndian.Uint64(trace[8:])^s[1])
	return mix(mix(of^s[2], binary.LittleEndian.Uint64(id[:])^s[3]), spread)
}

// spread is 2^64 by the golden ratio: what came out alike for ids that count up lies far apart once it is multiplied by it.
const spread = 0x9E3779B97F4A7C15

// mix folds both halves of a product, as wyhash does: a few instructions, where a hash of bytes takes several times as long.
func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}
