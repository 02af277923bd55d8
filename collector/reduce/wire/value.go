package wire

import (
	"strconv"

	"github.com/shipwake/shipwake/collector/reduce/convention"
)

// The tags of a value.
const (
	tagString = 1<<3 | wireLength
	tagBool   = 2<<3 | wireVarint
	tagInt    = 3<<3 | wireVarint
)

// shortPair splits an attribute as nearly all are: of two fields of less than 128 bytes each, whatever they are. It is small
// enough to be inlined. What isn't ok may be so for keyValue.
func shortPair(kv []byte) (first, second []byte, ok bool) {
	if len(kv) > 3 {
		if at := int(kv[1]) + 2; at < len(kv)-1 && kv[at]^kv[0] == tagBytes1^tagBytes2 && int(kv[at+1]) == len(kv)-at-2 {
			return kv[2:at], kv[at+2:], kv[1]|kv[at+1] < 0x80
		}
	}
	return nil, nil, false
}

// keyValue splits an attribute, whose two fields come in either order.
func keyValue(kv []byte) (key, value []byte, ok bool) {
	if len(kv) < 2 {
		return nil, nil, len(kv) == 0
	}
	from, to, ok := length(kv, 1)
	if !ok || (kv[0] != tagBytes1 && kv[0] != tagBytes2) {
		return nil, nil, false
	}
	first, keyFirst := kv[from:to], kv[0] == tagBytes1
	if to == len(kv) {
		if keyFirst {
			return first, nil, true
		}
		return nil, first, true
	}
	if kv[to]^kv[0] != tagBytes1^tagBytes2 {
		return nil, nil, false
	}
	from, end, ok := length(kv, to+1)
	if !ok || end != len(kv) {
		return nil, nil, false
	}
	if keyFirst {
		return first, kv[from:end], true
	}
	return kv[from:end], first, true
}

// sound says whether a value that isn't read is one.
func sound(v []byte) bool {
	if len(v) > 1 && v[0] == tagString && v[1] < 0x80 && int(v[1]) == len(v)-2 {
		return true
	}
	if n := len(v); (n == 2 || n == 3 && v[1] >= 0x80) && v[0] == tagInt && v[n-1] < 0x80 {
		return true
	}
	return check(v, anyMessage, 0)
}

// text is a value as text; not ok when it is something else than a string, a whole number, a truth value or nothing.
func text(v []byte) (string, bool) {
	if len(v) == 0 {
		return "", true
	}
	switch v[0] {
	case tagString:
		from, to, ok := length(v, 1)
		if !ok || to != len(v) {
			return "", false
		}
		return str(v[from:to]), true
	case tagBool, tagInt:
		n, next, ok := varint(v, 1)
		if !ok || next != len(v) {
			return "", false
		}
		if v[0] == tagBool {
			return strconv.FormatBool(n != 0), true
		}
		return strconv.FormatInt(int64(n), 10), true
	}
	return "", false
}

// whole is a value that is a whole number.
func whole(v []byte) (n int64, ok bool) {
	if len(v) == 0 || v[0] != tagInt {
		return 0, false
	}
	u, next, ok := varint(v, 1)
	return int64(u), ok && next == len(v)
}

// number is a status code, as a number or as digits; 0 when it isn't one.
func number(v []byte) (int, bool) {
	if n, ok := whole(v); ok {
		if n > 0 && n < 1000 {
			return int(n), true
		}
		return 0, true
	}
	if len(v) > 0 && v[0] == tagString {
		s, ok := text(v)
		return convention.Code(s), ok
	}
	return 0, sound(v)
}
