package sqlite

import (
	"bytes"
	"encoding/json"
	"maps"
)

// fields are the top-level fields of a record's JSON form. A patch has those that are new or different, and null for
// those that are gone, which a record itself never holds.
type fields map[string]json.RawMessage

func parseFields(text []byte, what, id string) (fields, error) {
	var f fields
	return f, decode(text, &f, what, id)
}

func (f fields) equal(o fields) bool {
	return maps.EqualFunc(f, o, func(a, b json.RawMessage) bool { return bytes.Equal(a, b) })
}

func (f fields) patchTo(to fields) fields {
	patch := fields{}
	for name, value := range to {
		if was, ok := f[name]; !ok || !bytes.Equal(was, value) {
			patch[name] = value
		}
	}
	for name := range f {
		if _, ok := to[name]; !ok {
			patch[name] = json.RawMessage("null")
		}
	}
	return patch
}

func (f fields) patched(patch fields) fields {
	all := maps.Clone(f)
	for name, value := range patch {
		if string(value) == "null" {
			delete(all, name)
		} else {
			all[name] = value
		}
	}
	return all
}

func (f fields) encode(what, id string) ([]byte, error) {
	text, err := encode(f, what, id)
	return []byte(text), err
}
