package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
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

// Text is a string of bounded length.
func (v JSON) Text() string {
	if !v.Exists() {
		return ""
	}
	if !v.IsString() {
		v.Fail("must be a string")
		return ""
	}
	s := unquote(v.raw)
	if len(s) > maxText {
		v.Fail(fmt.Sprintf("must not be longer than %d bytes", maxText))
		return ""
	}
	return s
}

// Prose is a string for people, cut where it gets too long.
func (v JSON) Prose() string {
	if v.Exists() && !v.IsString() {
		v.Fail("must be a string")
		return ""
	}
	return v.AnyText()
}

// Document is a string of any length, which holds a document in some encoding.
func (v JSON) Document() string {
	if !v.IsString() {
		v.Fail("must be a string")
		return ""
	}
	return unquote(v.raw)
}

// AnyText is a string, cut where it gets too long, and "" for every other type: for fields that users fill freely.
func (v JSON) AnyText() string {
	if !v.IsString() {
		return ""
	}
	return Clip(unquote(v.raw), maxText)
}

// Number is an integer as its digits; ids come as numbers and as strings, and both are accepted.
func (v JSON) Number() string {
	if v.IsString() || !v.Exists() {
		return v.Text()
	}
	if _, err := strconv.ParseInt(string(v.raw), 10, 64); err != nil {
		v.Fail("must be an integer or a string")
		return ""
	}
	return string(v.raw)
}

// True tells whether the value is true; absent is not.
func (v JSON) True() bool {
	switch {
	case !v.Exists():
		return false
	case string(v.raw) == "true":
		return true
	case string(v.raw) != "false":
		v.Fail("must be true or false")
	}
	return false
}

// Time is a time in any form that ParseTime reads, as a string or a number, in UTC. The zero time is unknown: absent, or
// what systems write for "no time", false among it.
func (v JSON) Time() time.Time {
	var text string
	switch {
	case !v.Exists() || string(v.raw) == "false":
		return time.Time{}
	case v.IsString():
		text = v.Text()
	default:
		text = string(v.raw)
	}
	if v.IsObject() || v.IsArray() || text == "" && v.IsString() {
		v.Fail(errNoTime.Error())
		return time.Time{}
	}
	t, err := ParseTime(text)
	if err != nil {
		v.Fail(err.Error())
	}
	return t
}

// FirstText is the first of some members that is a string and not empty, as AnyText.
func (v JSON) FirstText(keys ...string) string {
	for _, k := range keys {
		if text := v.Get(k).AnyText(); text != "" {
			return text
		}
	}
	return ""
}

// Required refuses what isn't an object.
func (v JSON) Required() JSON {
	if !v.IsObject() {
		v.Fail("required: an object")
	}
	return v
}

// RequiredText is a string that isn't empty, or an integer as its digits.
func (v JSON) RequiredText() string {
	text := v.Number()
	if text == "" {
		v.Fail("required: a string or an integer")
	}
	return text
}

// RequiredTime is a time, as Time, that must be known.
func (v JSON) RequiredTime() time.Time {
	t := v.Time()
	if t.IsZero() {
		v.Fail("required: a time such as 2026-03-01T10:00:00Z")
	}
	return t
}

// Texts is an array of strings.
func (v JSON) Texts() []string {
	var all []string
	for _, item := range v.Items() {
		if !item.IsString() {
			item.Fail("must be a string")
		}
		all = append(all, item.Text())
	}
	return all
}

// Labels is an object of strings.
func (v JSON) Labels() map[string]string {
	if !v.Exists() {
		return nil
	}
	if !v.IsObject() {
		v.Fail("must be an object of strings")
		return nil
	}
	var all map[string]string
	for k, raw := range members(v.raw) {
		if all == nil {
			all = map[string]string{}
		}
		key := unquote(k)
		item := JSON{doc: v.doc, raw: raw}
		if !item.IsString() {
			item.Fail("must be a string")
			return nil
		}
		if all[key] = item.Text(); len(all) > 1000 {
			v.Fail("must not hold more than 1000 members")
			return nil
		}
	}
	return all
}

// Clip cuts text from outside to at most n bytes, at a rune's boundary.
func Clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
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
