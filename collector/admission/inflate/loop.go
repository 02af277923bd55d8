package inflate

import "encoding/binary"

const (
	longestMatch = 258
	// ahead is how much of the content a round of quick may write: bytes, and a match with what is written beyond its end.
	ahead = 3 + longestMatch + 8
)

// quick reads symbols while neither the wire nor the content is near its end, and is true when the block ended. What is odd it
// leaves as it was.
//
// After a refill there are 56 bits: enough for three bytes by codes that aren't linked, or for a length and a distance.
func (d *decoder) quick(s *stream, into, wire []byte) (ended bool) {
	buffer, n, in, out := s.buffer, s.n, s.in, s.out
	for in+8 <= len(wire) && out+ahead <= len(into) {
		buffer |= binary.LittleEndian.Uint64(wire[in:]) << (n & 63)
		in += int(63-n) >> 3
		n |= 56
		e := d.symbols[buffer&(1<<symbolBits-1)]
		if e&isByte != 0 {
			buffer, n = buffer>>(e&63), n-e.taken()
			into[out] = byte(e >> 16)
			out++
			if e = d.symbols[buffer&(1<<symbolBits-1)]; e&isByte != 0 {
				buffer, n = buffer>>(e&63), n-e.taken()
				into[out] = byte(e >> 16)
				out++
				if e = d.symbols[buffer&(1<<symbolBits-1)]; e&isByte != 0 {
					buffer, n = buffer>>(e&63), n-e.taken()
					into[out] = byte(e >> 16)
					out++
					continue
				}
			}
			if in+8 > len(wire) {
				break
			}
			buffer |= binary.LittleEndian.Uint64(wire[in:]) << (n & 63)
			in += int(63-n) >> 3
			n |= 56
		}
		left, nleft := buffer, n
		if e&isLink != 0 {
			e = d.symbols[e.value()+uint(left>>symbolBits)&(1<<e.codeBits()-1)]
			left, nleft = left>>symbolBits, nleft-symbolBits
		}
		if e&(isByte|other) != 0 {
			if e&(isLink|isOdd) != 0 {
				break
			}
			buffer, n = left>>(e&63), nleft-e.taken()
			if ended = e&isEnd != 0; ended {
				break
			}
			into[out] = byte(e >> 16)
			out++
			continue
		}
		length := e.number(left)
		left, nleft = left>>(e&63), nleft-e.taken()
		if e = d.distances[left&(1<<distanceBits-1)]; e&isLink != 0 {
			e = d.distances[e.value()+uint(left>>distanceBits)&(1<<e.codeBits()-1)]
			left, nleft = left>>distanceBits, nleft-distanceBits
		}
		from := out - e.number(left)
		if e&other != 0 || from < 0 {
			break
		}
		buffer, n = left>>(e&63), nleft-e.taken()
		out = repeat(into, from, out, length)
	}
	s.buffer, s.n, s.in, s.out = buffer, n, in, out
	return ended
}

// repeat copies what begins at a place to another one behind it, as often as it fits into the length, and returns where that ends. It
// may write 8 bytes more.
func repeat(into []byte, from, to, length int) (end int) {
	end = to + length
	for to-from < 8 && to < end { // what is repeated is repeated at twice the distance as well
		to += copy(into[to:], into[from:to])
	}
	for ; to < end; to, from = to+8, from+8 {
		*(*[8]byte)(into[to:]) = *(*[8]byte)(into[from:])
	}
	return end
}

// careful reads one symbol, wherever it is; not ok when it can't be.
func (d *decoder) careful(s *stream, into, wire []byte) (ended, ok bool) {
	e, ok := s.symbol(wire, d.symbols[:], symbolBits)
	switch {
	case !ok:
		return false, false
	case e&isEnd != 0:
		return true, true
	case e&isByte != 0:
		if s.out == len(into) {
			return false, false
		}
		into[s.out] = byte(e >> 16)
		s.out++
		return false, true
	}
	length, ok := s.extra(wire, e)
	if !ok {
		return false, false
	}
	if e, ok = s.symbol(wire, d.distances[:], distanceBits); !ok {
		return false, false
	}
	distance, ok := s.extra(wire, e)
	if !ok || distance > s.out || length > len(into)-s.out {
		return false, false
	}
	for end := s.out + length; s.out < end; s.out++ {
		into[s.out] = into[s.out-distance]
	}
	return false, true
}

// symbol reads a code. What stands behind it is still to be read.
func (s *stream) symbol(wire []byte, table []entry, by uint) (e entry, ok bool) {
	s.refill(wire)
	e = table[s.buffer&(1<<by-1)]
	n := e.codeBits()
	if e&isLink != 0 {
		e = table[e.value()+uint(s.buffer>>by)&(1<<n-1)]
		n = by + e.codeBits()
	}
	if e&(isLink|isOdd) != 0 || n == 0 {
		return 0, false
	}
	_, ok = s.take(wire, n)
	return e, ok
}

// extra is a length or a distance, of which the bits behind the code are still to be read.
func (s *stream) extra(wire []byte, e entry) (v int, ok bool) {
	v, ok = s.take(wire, e.taken()-e.codeBits())
	return v + int(e.value()), ok
}
