package wire

import (
	"encoding/binary"
	"unsafe"
)

// str is the bytes as a string that lives as long as the request.
func str(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// shortField is the content of less than 128 bytes that follows a tag, and where the next field begins. It is small enough to be
// inlined. What isn't ok may be so for field.
func shortField(b []byte, at int) (part []byte, next int, ok bool) {
	if at < len(b) {
		if end := at + 1 + int(b[at]); b[at] < 0x80 && end <= len(b) {
			return b[at+1 : end], end, true
		}
	}
	return nil, 0, false
}

// field is the content that follows a tag, and where the next field begins; not ok when that is beyond the end.
func field(b []byte, at int) (part []byte, next int, ok bool) {
	from, next, ok := length(b, at)
	if !ok {
		return nil, 0, false
	}
	return b[from:next], next, true
}

// length reads a length at a place and returns where the content begins and ends; not ok when that is beyond the end.
func length(b []byte, at int) (from, to int, ok bool) {
	if at >= len(b) {
		return 0, 0, false
	}
	if n := int(b[at]); n < 0x80 {
		from = at + 1
		to = from + n
		return from, to, to <= len(b)
	}
	return longLength(b, at)
}

func longLength(b []byte, at int) (from, to int, ok bool) {
	v, n := uvarint(b[at:])
	if n <= 0 || v > uint64(len(b)) {
		return 0, 0, false
	}
	from = at + n
	to = from + int(v)
	return from, to, to <= len(b)
}

// uvarint is a number and how many bytes it takes; not more than 0 when it is cut short or too long.
func uvarint(b []byte) (uint64, int) {
	if len(b) > 1 && b[1] < 0x80 && b[0] >= 0x80 {
		return uint64(b[0]&0x7f) | uint64(b[1])<<7, 2
	}
	return binary.Uvarint(b)
}

// varint reads a number at a place and returns where the next field begins.
func varint(b []byte, at int) (v uint64, next int, ok bool) {
	if at < len(b) && b[at] < 0x80 {
		return uint64(b[at]), at + 1, true
	}
	if at >= len(b) {
		return 0, 0, false
	}
	v, n := uvarint(b[at:])
	return v, at + n, n > 0
}

// fixed64s reads as many numbers of 8 bytes as there is place for.
func fixed64s(into []uint64, b []byte) {
	if littleEndian {
		copy(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(into))), 8*len(into)), b)
		return
	}
	for i := range into {
		into[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
}

// littleEndian: numbers in memory are written as on the wire.
var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// fixed64 reads 8 bytes at a place.
func fixed64(b []byte, at int) (v uint64, next int, ok bool) {
	if len(b)-at < 8 {
		return 0, 0, false
	}
	return binary.LittleEndian.Uint64(b[at:]), at + 8, true
}

// fixed32 reads 4 bytes at a place.
func fixed32(b []byte, at int) (v uint32, next int, ok bool) {
	if len(b)-at < 4 {
		return 0, 0, false
	}
	return binary.LittleEndian.Uint32(b[at:]), at + 4, true
}

// The wire types of protobuf that OTLP uses.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireLength  = 2
	wireFixed32 = 5
)

// tag is the first byte of a field; all numbers that are read are small enough for one.
const (
	tagVarint1 = 1<<3 | wireVarint
	tagBytes1  = 1<<3 | wireLength
	tagBytes2  = 2<<3 | wireLength
	tagBytes3  = 3<<3 | wireLength
)
