package blocks

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// perChunk is how many samples a chunk holds: what Prometheus itself puts into one.
const perChunk = 120

// chunk holds samples in Prometheus' XOR encoding (tsdb/docs/format/chunks.md): times as differences of differences,
// values as the bits in which they differ from the ones before.
type chunk struct {
	bits       stream
	n          uint16
	mint, maxt int64
	delta      int64
	value      uint64
	leading    int // 0xff: no run of bits is known yet
	trailing   int
}

const noRun = 0xff

func (c *chunk) add(at int64, v float64) {
	value := math.Float64bits(v)
	switch delta := at - c.maxt; c.n {
	case 0:
		c.mint, c.leading = at, noRun
		c.bits.bytes(binary.AppendVarint(nil, at))
		c.bits.write(value, 64)
	case 1:
		c.bits.bytes(binary.AppendUvarint(nil, uint64(delta)))
		c.delta = delta
		c.xor(value)
	default:
		c.time(delta - c.delta)
		c.delta = delta
		c.xor(value)
	}
	c.maxt, c.value = at, value
	c.n++
}

// time writes by how much the distance of two samples differs from the one before.
func (c *chunk) time(more int64) {
	switch {
	case more == 0:
		c.bits.write(0, 1)
	case within(more, 14):
		c.bits.write(0b10, 2)
		c.bits.write(uint64(more), 14)
	case within(more, 17):
		c.bits.write(0b110, 3)
		c.bits.write(uint64(more), 17)
	case within(more, 20):
		c.bits.write(0b1110, 4)
		c.bits.write(uint64(more), 20)
	default:
		c.bits.write(0b1111, 4)
		c.bits.write(uint64(more), 64)
	}
}

func within(x int64, n int) bool { return -(1<<(n-1)-1) <= x && x <= 1<<(n-1) }

// xor writes the bits of a value that differ from the one before: none, those of the run before, or another run.
func (c *chunk) xor(value uint64) {
	differ := value ^ c.value
	if differ == 0 {
		c.bits.write(0, 1)
		return
	}
	leading, trailing := min(bits.LeadingZeros64(differ), 31), bits.TrailingZeros64(differ)
	if c.leading != noRun && leading >= c.leading && trailing >= c.trailing {
		c.bits.write(0b10, 2)
		c.bits.write(differ>>c.trailing, 64-c.leading-c.trailing)
		return
	}
	c.leading, c.trailing = leading, trailing
	run := 64 - leading - trailing
	c.bits.write(0b11, 2)
	c.bits.write(uint64(leading), 5)
	c.bits.write(uint64(run), 6) // 64 is written as 0
	c.bits.write(differ>>trailing, run)
}

// encoded is the chunk's data: the number of samples and the bits.
func (c *chunk) encoded() []byte {
	return append(binary.BigEndian.AppendUint16(nil, c.n), c.bits.buf...)
}

// stream is a sequence of bits.
type stream struct {
	buf  []byte
	free int // bits of the last byte
}

// write appends the lowest n bits of v, the highest of them first.
func (s *stream) write(v uint64, n int) {
	for n > 0 {
		if s.free == 0 {
			s.buf, s.free = append(s.buf, 0), 8
		}
		take := min(n, s.free)
		part := byte(v >> (n - take) & (1<<take - 1))
		s.buf[len(s.buf)-1] |= part << (s.free - take)
		s.free -= take
		n -= take
	}
}

func (s *stream) bytes(b []byte) {
	for _, x := range b {
		s.write(uint64(x), 8)
	}
}
