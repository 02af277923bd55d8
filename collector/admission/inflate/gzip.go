package inflate

import (
	"encoding/binary"
	"hash/crc32"
	"sync"
)

const (
	header  = 10
	trailer = 8 // a checksum, and the length of the content
	// mostTimes is how many times as long as its encoding a content is at most: a match of 258 bytes takes two bits.
	mostTimes = 1032
)

// Length is how long the content of a member is; not ok when it isn't one that Gzip takes, or says what can't be.
func Length(wire []byte) (n int64, ok bool) {
	if len(wire) < header+trailer || wire[0] != 0x1f || wire[1] != 0x8b || wire[2] != 8 || wire[3] != 0 {
		return 0, false
	}
	n = int64(binary.LittleEndian.Uint32(wire[len(wire)-4:]))
	return n, n <= mostTimes*int64(len(wire))
}

// Ahead is how much more room than the content's Gzip likes to have, in bytes: it writes beyond what is the content so far.
const Ahead = ahead

// Gzip decompresses a member into the room given, which is as long as Length says; its capacity is better Ahead more. It is not ok
// when the member has to be read another way; then what the room holds means nothing.
func Gzip(into, wire []byte) (ok bool) {
	if n, ok := Length(wire); !ok || n != int64(len(into)) {
		return false
	}
	d := decoders.Get().(*decoder)
	defer decoders.Put(d)
	end := d.inflate(into[:min(cap(into), len(into)+Ahead)], wire, header, len(into))
	return end == len(wire)-trailer && crc32.ChecksumIEEE(into) == binary.LittleEndian.Uint32(wire[end:])
}

// decoders are used again: their tables are large.
var decoders = sync.Pool{New: func() any { return &decoder{} }}
