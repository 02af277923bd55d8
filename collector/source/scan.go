package source

import (
	"encoding/json"
	"iter"
	"unicode/utf8"
)

// The functions of this file walk JSON that is known to be valid, in place and without allocating.

// members yields the keys, still quoted, and the values of an object.
func members(object []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		rest := skipSpace(object[1:])
		for len(rest) > 0 && rest[0] == '"' {
			var key, value []byte
			key, rest = cutValue(rest)
			rest = skipSpace(rest)
			rest = skipSpace(rest[1:]) // the colon
			value, rest = cutValue(rest)
			if !yield(key, value) {
				return
			}
			rest = skipComma(rest)
		}
	}
}

// elements yields the values of an array.
func elements(array []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		rest := skipSpace(array[1:])
		for len(rest) > 0 && rest[0] != ']' {
			var value []byte
			value, rest = cutValue(rest)
			if !yield(value) {
				return
			}
			rest = skipComma(rest)
		}
	}
}

// cutValue splits off the value that b starts with.
func cutValue(b []byte) (value, rest []byte) {
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			i = endOfString(b, i)
			if depth == 0 {
				return b[:i+1], b[i+1:]
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return b[:i+1], b[i+1:]
			}
			if depth < 0 {
				return b[:i], b[i:]
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return b[:i], b[i:]
			}
		}
	}
	return b, nil
}

// endOfString is the index of the closing quote of the string that opens at i.
func endOfString(b []byte, i int) int {
	for i++; i < len(b)-1 && b[i] != '"'; i++ {
		if b[i] == '\\' {
			i++
		}
	}
	return min(i, len(b)-1)
}

func skipComma(b []byte) []byte {
	b = skipSpace(b)
	if len(b) > 0 && b[0] == ',' {
		b = skipSpace(b[1:])
	}
	return b
}

// skipSpace returns b without leading space.
func skipSpace(b []byte) []byte {
	n := 0
	for n < len(b) && (b[n] == ' ' || b[n] == '\t' || b[n] == '\r' || b[n] == '\n') {
		n++
	}
	return b[n:]
}

// keyIs compares a quoted key; escaped spellings of the same key are the same.
func keyIs(quoted []byte, key string) bool {
	inner := quoted[1 : len(quoted)-1]
	if string(inner) == key {
		return true
	}
	for _, c := range inner {
		if c == '\\' {
			return unquote(quoted) == key
		}
	}
	return false
}

// unquote decodes a string; what is not UTF-8 becomes U+FFFD.
func unquote(quoted []byte) string {
	inner := quoted[1 : len(quoted)-1]
	plain := utf8.Valid(inner)
	for _, c := range inner {
		plain = plain && c != '\\'
	}
	if plain {
		return string(inner)
	}
	var s string
	if json.Unmarshal(quoted, &s) != nil {
		return ""
	}
	return s
}
