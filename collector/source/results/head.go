package results

import (
	"bytes"
	"slices"
)

// head is what tells a file of one format from another.
type head struct {
	body []byte   // without space before it
	keys []string // at the top of a JSON object
}

// mostKeys is how many keys at the top are looked at.
const mostKeys = 64

func headOf(body []byte) head {
	h := head{body: bytes.TrimLeft(body, " \t\r\n")}
	if !bytes.HasPrefix(h.body, []byte("{")) {
		return h
	}
	// What is wrong further on is said by whoever reads the file.
	_ = walk(h.body, func(at path, v any) error {
		if len(at) == 1 && !slices.Contains(h.keys, at[0]) && len(h.keys) < mostKeys {
			h.keys = append(h.keys, at[0])
		}
		return nil
	})
	return h
}

// byteOrderMark is what programs on Windows begin XML with.
var byteOrderMark = []byte("\xef\xbb\xbf")

func (h head) xml() bool {
	return bytes.HasPrefix(h.body, []byte("<")) || bytes.HasPrefix(h.body, append(byteOrderMark, '<'))
}

// tap: one of the first lines is one of TAP's. Programs write other lines before.
func (h head) tap() bool {
	if len(h.keys) > 0 || h.xml() {
		return false
	}
	n := 0
	for line := range bytes.Lines(h.body) {
		if n++; n > 50 {
			return false
		}
		if of := tapLine(bytes.TrimRight(line, "\r\n")); of.kind != tapOther {
			return true
		}
	}
	return false
}

func (head) anyKey(keys ...string) func(head) bool {
	return func(h head) bool {
		return slices.ContainsFunc(keys, func(k string) bool { return slices.Contains(h.keys, k) })
	}
}

func (head) allKeys(keys ...string) func(head) bool {
	return func(h head) bool {
		return !slices.ContainsFunc(keys, func(k string) bool { return !slices.Contains(h.keys, k) })
	}
}
