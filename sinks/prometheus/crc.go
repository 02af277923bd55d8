package prometheus

import "hash/crc32"

// The CRC-32 of two texts in a row follows from those of both and the length of the second: a checksum is a polynomial over
// GF(2) modulo crc32.IEEE, and to append n bytes multiplies it by x to the power of 8n. Polynomials are bit-reversed: x⁰ is
// the highest bit. As in zlib's crc32_combine_gen and crc32_combine_op.

// appended is the checksum of a text that is followed by another. The shift is that of the other's length.
func appended(sum, next, shift uint32) uint32 { return times(shift, sum) ^ next }

// shiftOf is x to the power of 8n.
func shiftOf(n int) uint32 {
	power := uint32(1) << 31
	for k := 3; n > 0; n, k = n>>1, k+1 {
		if n&1 == 1 {
			power = times(squares[k%len(squares)], power)
		}
	}
	return power
}

// squares are x to the powers of 2⁰, 2¹, 2² …, which begin again after 32.
var squares = func() (all [32]uint32) {
	all[0] = 1 << 30
	for k := 1; k < len(all); k++ {
		all[k] = times(all[k-1], all[k-1])
	}
	return all
}()

// times is the product of two polynomials.
func times(a, b uint32) (product uint32) {
	for bit := uint32(1) << 31; a != 0; bit >>= 1 {
		if a&bit != 0 {
			product ^= b
			a &^= bit
		}
		odd := b & 1
		b >>= 1
		if odd == 1 {
			b ^= crc32.IEEE
		}
	}
	return product
}
