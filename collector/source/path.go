package source

import (
	"strconv"
	"strings"
)

// keySeparator stands between the keys of absent objects.
const keySeparator = "\x00"

// absent is the value that isn't in v under key.
func (v JSON) absent(key string) JSON {
	if v.raw == nil {
		return JSON{doc: v.doc, within: v.within, missing: v.missing + keySeparator + key}
	}
	return JSON{doc: v.doc, within: v.raw, missing: key}
}

// Path is the place of the value, such as "$.alerts[2].startsAt". It is found by walking to it from the root, since
// hardly any value is ever asked for its place.
func (v JSON) Path() string {
	switch {
	case v.doc == nil:
		return "$"
	case v.raw != nil:
		return v.doc.pathOf(v.raw)
	}
	path := v.doc.pathOf(v.within)
	for key := range strings.SplitSeq(v.missing, keySeparator) {
		path = joinPath(path, key)
	}
	return path
}

// pathOf walks from the root to the value that starts where raw starts.
func (d *document) pathOf(raw []byte) string {
	path, at := d.path, d.root
	for d.offset(at) < d.offset(raw) {
		step, next := d.towards(at, raw)
		if next == nil {
			return path
		}
		path, at = path+step, next
	}
	return path
}

// towards is the child of a container that holds raw, and the step that leads to it.
func (d *document) towards(container, raw []byte) (step string, child []byte) {
	if container[0] == '{' {
		for key, value := range members(container) {
			if d.holds(value, raw) {
				return joinPath("", unquote(key)), value
			}
		}
		return "", nil
	}
	i := 0
	for value := range elements(container) {
		if d.holds(value, raw) {
			return "[" + strconv.Itoa(i) + "]", value
		}
		i++
	}
	return "", nil
}

func (d *document) holds(outer, inner []byte) bool {
	return d.offset(outer) <= d.offset(inner) && d.offset(inner) < d.offset(outer)+len(outer)
}

// offset is where a part of the root starts: parts are cut from it without limiting their capacity, so they all end
// where its memory ends.
func (d *document) offset(part []byte) int { return cap(d.root) - cap(part) }

// joinPath adds a member to a JSON path. A key that isn't a plain word is quoted and cut.
func joinPath(path, key string) string {
	if plainWord(key) {
		return path + "." + key
	}
	return path + "[" + strconv.Quote(Clip(key, 64)) + "]"
}

func plainWord(key string) bool {
	for _, c := range []byte(key) {
		if c != '_' && c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return key != "" && len(key) <= 64
}
