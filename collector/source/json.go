package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
)

// Limits of what is read from a body. A body beyond them is refused with the place that is.
const (
	maxDepth = 64   // levels of nesting
	maxText  = 4096 // bytes of one string that is read
	maxItems = 10_000
)

// JSON is one value of a JSON document. It is read where it lies: nothing is decoded before it is asked for, so a large
// body costs no more than its bytes. Absent and null are the same: every reader returns its zero value.
//
// A reader that finds the wrong type remembers it; Err is the first such finding of the whole document, so a mapping
// reads field after field and checks once.
type JSON struct {
	doc *document
	raw []byte // a part of the document's body without surrounding space; nil when absent
	// An absent value is known by the object in which it was looked for and its key; keys of absent objects are chained.
	within  []byte
	missing string
}

// document is what all values of one body share.
type document struct {
	path string // of root
	root []byte
	err  *ParseError
}

// ParseJSON checks that the body is one JSON value of bounded depth. Path is its own place: "$", unless it lies inside
// another document. The error is a *ParseError that names the byte where the body stops being JSON, and nothing of
// its contents.
func ParseJSON(body []byte, path string) (JSON, error) {
	if err := checkDepth(body, path); err != nil {
		return JSON{}, err
	}
	if !json.Valid(body) {
		return JSON{}, &ParseError{path, whyInvalid(body)}
	}
	value, _ := cutValue(skipSpace(body))
	return JSON{doc: &document{path: path, root: value}, raw: value}, nil
}

// whyInvalid says where a body stops being JSON; the syntax error itself would quote it.
func whyInvalid(body []byte) string {
	if why := otherEncoding(body); why != "" {
		return why
	}
	if len(skipSpace(body)) == 0 {
		return "must be a JSON document; the body is empty"
	}
	var (
		into   json.RawMessage
		syntax *json.SyntaxError
	)
	if !errors.As(json.Unmarshal(body, &into), &syntax) {
		return "must be a JSON document"
	}
	if syntax.Offset >= int64(len(body)) {
		return fmt.Sprintf("must be a JSON document; the body ends early, after %d bytes", len(body))
	}
	return fmt.Sprintf("must be a JSON document; byte %d can't follow what is before it", syntax.Offset)
}

// otherEncoding says why a body isn't UTF-8 as JSON wants it, or "". Text of ASCII in UTF-16 has a zero in every other
// byte.
func otherEncoding(body []byte) string {
	switch {
	case bytes.HasPrefix(body, []byte("\xef\xbb\xbf")):
		return "must not begin with a byte order mark; send UTF-8 without one"
	case bytes.HasPrefix(body, []byte("\xff\xfe")), bytes.HasPrefix(body, []byte("\xfe\xff")),
		len(body) > 1 && (body[0] == 0) != (body[1] == 0):
		return "must be UTF-8; the body is UTF-16"
	}
	return ""
}

// checkDepth refuses deep nesting before anything recursive sees it.
func checkDepth(body []byte, path string) error {
	depth, inString := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return &ParseError{path, fmt.Sprintf("must not be nested deeper than %d levels (byte %d)", maxDepth, i)}
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

// Err is the first wrong type found in the document, or nil.
func (v JSON) Err() error {
	if v.doc == nil || v.doc.err == nil {
		return nil
	}
	return v.doc.err
}

// Fail records that this value is wrong, and what would be right.
func (v JSON) Fail(want string) {
	if v.doc != nil && v.doc.err == nil {
		v.doc.err = &ParseError{v.Path(), want}
	}
}

// Raw is the value's bytes as they stand in the body, or nil.
func (v JSON) Raw() []byte { return v.raw }

// Exists tells whether the value is there and not null.
func (v JSON) Exists() bool { return len(v.raw) > 0 && v.raw[0] != 'n' }

// IsObject, IsArray and IsString tell the type of a value that may have several.
func (v JSON) IsObject() bool { return v.starts('{') }

// IsArray is described at IsObject.
func (v JSON) IsArray() bool { return v.starts('[') }

// IsString is described at IsObject.
func (v JSON) IsString() bool { return v.starts('"') }

func (v JSON) starts(c byte) bool { return len(v.raw) > 0 && v.raw[0] == c }

// Get is the member of an object; the last one when a key is repeated, as in JSON.parse.
func (v JSON) Get(key string) JSON {
	found := v.absent(key)
	if !v.Exists() {
		return found
	}
	if !v.IsObject() {
		v.Fail("must be an object")
		return found
	}
	for k, raw := range members(v.raw) {
		if keyIs(k, key) {
			found.raw = raw
		}
	}
	return found
}

// Has tells whether an object has a member, null or not.
func (v JSON) Has(keys ...string) bool {
	if !v.IsObject() {
		return false
	}
	for k := range members(v.raw) {
		if slices.ContainsFunc(keys, func(key string) bool { return keyIs(k, key) }) {
			return true
		}
	}
	return false
}

// Items are the elements of an array with their index.
func (v JSON) Items() iter.Seq2[int, JSON] {
	return func(yield func(int, JSON) bool) {
		if !v.Exists() {
			return
		}
		if !v.IsArray() {
			v.Fail("must be an array")
			return
		}
		i := 0
		for raw := range elements(v.raw) {
			if i == maxItems {
				v.Fail(fmt.Sprintf("must not hold more than %d elements", maxItems))
				return
			}
			if !yield(i, JSON{doc: v.doc, raw: raw}) {
				return
			}
			i++
		}
	}
}

// Only refuses members other than those named, in strict formats where a misspelled key must not pass unseen.
func (v JSON) Only(keys ...string) {
	if !v.IsObject() {
		return
	}
	for k := range members(v.raw) {
		if !slices.ContainsFunc(keys, func(key string) bool { return keyIs(k, key) }) {
			v.absent(unquote(k)).Fail("unknown key; the known ones are " + strings.Join(keys, ", "))
			return
		}
	}
}

// Members are the members of an object by name, in the order of the body; a key that is repeated comes as often.
func (v JSON) Members() iter.Seq2[string, JSON] {
	return func(yield func(string, JSON) bool) {
		if !v.IsObject() {
			return
		}
		for key, raw := range members(v.raw) {
			if !yield(unquote(key), JSON{doc: v.doc, raw: raw}) {
				return
			}
		}
	}
}
