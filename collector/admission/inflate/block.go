package inflate

import "encoding/binary"

// decoder is the tables of one block.
type decoder struct {
	symbols   [symbolEntries]entry
	distances [distanceEntries]entry
	codes     [1 << lengthBits]entry
	lengths   [symbols + distances]uint8
	fixed     bool // the tables are those of blocks that bring none
}

// stream is where a decoder is: bits that are read and not taken, the next byte of the wire, the next one of the content.
type stream struct {
	buffer  uint64
	n       uint // bits in the buffer
	in, out int
}

// refill reads as many whole bytes as there is room for. What is beyond the end isn't there: then there may be fewer bits than
// somebody wants.
func (s *stream) refill(wire []byte) {
	if s.in+8 <= len(wire) {
		s.buffer |= binary.LittleEndian.Uint64(wire[s.in:]) << s.n
		s.in += int(63-s.n) >> 3
		s.n |= 56
		return
	}
	for s.n <= 56 && s.in < len(wire) {
		s.buffer |= uint64(wire[s.in]) << s.n
		s.in++
		s.n += 8
	}
}

// take is the next bits, at most 16; not ok when there aren't as many.
func (s *stream) take(wire []byte, n uint) (v int, ok bool) {
	if s.n < n {
		s.refill(wire)
	}
	if s.n < n {
		return 0, false
	}
	v = int(s.buffer & (1<<n - 1))
	s.buffer >>= n
	s.n -= n
	return v, true
}

// inflate makes a content of a length from what begins at a place of the wire, and returns where that ends; -1 when it can't.
func (d *decoder) inflate(into, wire []byte, from, length int) (end int) {
	s := stream{in: from}
	for last := 0; last == 0; {
		kind := 0
		var ok bool
		if last, ok = s.take(wire, 1); ok {
			kind, ok = s.take(wire, 2)
		}
		if !ok || !d.block(kind, &s, into, wire) {
			return -1
		}
	}
	if s.out != length {
		return -1
	}
	return s.in - int(s.n>>3)
}

// The kinds of blocks.
const (
	stored = iota
	fixed
	dynamic
)

func (d *decoder) block(kind int, s *stream, into, wire []byte) bool {
	switch kind {
	case stored:
		return s.copy(into, wire)
	case fixed:
		d.fill()
	case dynamic:
		if d.fixed = false; !d.read(s, wire) {
			return false
		}
	default:
		return false
	}
	for !d.quick(s, into, wire) {
		if ended, ok := d.careful(s, into, wire); ended || !ok {
			return ok
		}
	}
	return true
}

// copy takes a block as it is, which begins with the next whole byte.
func (s *stream) copy(into, wire []byte) bool {
	at := s.in - int(s.n>>3)
	if at+4 > len(wire) {
		return false
	}
	n, inverse := binary.LittleEndian.Uint16(wire[at:]), binary.LittleEndian.Uint16(wire[at+2:])
	at += 4
	if n != ^inverse || int(n) > len(wire)-at || int(n) > len(into)-s.out {
		return false
	}
	copy(into[s.out:], wire[at:at+int(n)])
	*s = stream{in: at + int(n), out: s.out + int(n)}
	return true
}

// fill makes the tables of a block that brings none.
func (d *decoder) fill() {
	if d.fixed {
		return
	}
	for i := range symbols {
		n := uint8(8)
		switch {
		case i >= 144 && i < 256:
			n = 9
		case i >= 256 && i < 280:
			n = 7
		}
		d.lengths[i] = n
	}
	for i := range distances {
		d.lengths[symbols+i] = 5
	}
	d.fixed = fill(d.symbols[:], symbolBits, d.lengths[:symbols], symbolMeanings[:], false) &&
		fill(d.distances[:], distanceBits, d.lengths[symbols:], distanceMeanings[:], false)
}

// order is that in which the lengths of the codes for lengths come.
var order = [lengths]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// read makes the tables that a block brings.
func (d *decoder) read(s *stream, wire []byte) bool {
	head, ok := s.take(wire, 14)
	nsymbols, ndistances, ncodes := head&31+257, head>>5&31+1, head>>10+4
	if !ok || nsymbols > 286 || ndistances > 30 {
		return false
	}
	var codes [lengths]uint8
	for i := range ncodes {
		n, ok := s.take(wire, 3)
		if !ok {
			return false
		}
		codes[order[i]] = uint8(n)
	}
	all := d.lengths[:nsymbols+ndistances]
	return fill(d.codes[:], lengthBits, codes[:], lengthMeanings[:], false) && d.readLengths(s, wire, all) &&
		fill(d.symbols[:], symbolBits, all[:nsymbols], symbolMeanings[:], false) &&
		fill(d.distances[:], distanceBits, all[nsymbols:], distanceMeanings[:], true)
}

// readLengths reads the lengths of codes, which are coded themselves: 16 repeats the one before, 17 and 18 are runs of none.
func (d *decoder) readLengths(s *stream, wire []byte, all []uint8) bool {
	for i := 0; i < len(all); {
		s.refill(wire)
		e := d.codes[s.buffer&(1<<lengthBits-1)]
		_, ok := s.take(wire, e.taken())
		v := e.value()
		if !ok {
			return false
		}
		if v < 16 {
			all[i] = uint8(v)
			i++
			continue
		}
		least, more, of := 3, uint(2), uint8(0)
		switch {
		case v == 16 && i == 0:
			return false
		case v == 16:
			of = all[i-1]
		case v == 17:
			more = 3
		default:
			least, more = 11, 7
		}
		times, ok := s.take(wire, more)
		if times += least; !ok || times > len(all)-i {
			return false
		}
		for range times {
			all[i] = of
			i++
		}
	}
	return true
}
