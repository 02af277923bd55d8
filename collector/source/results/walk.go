package results

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/shipwake/shipwake/collector/source"
)

// path is the keys that lead to a value; "[]" is an element of a list.
type path []string

// is tells whether the path is that of some keys; "*" is any key.
func (p path) is(keys ...string) bool {
	if len(p) != len(keys) {
		return false
	}
	for i, key := range keys {
		if key != "*" && p[i] != key {
			return false
		}
	}
	return true
}

// under tells whether the path is below that of some keys.
func (p path) under(keys ...string) bool { return len(p) > len(keys) && p[:len(keys)].is(keys...) }

// maxDepth is how deep values may lie in one another.
const maxDepth = 200

// walk visits every value of a JSON document where it lies, so that a large file is never held as a tree: a string, a
// json.Number, a bool, nil, or the delimiter with which an object or a list begins, and again the one with which it ends.
func walk(body []byte, visit func(at path, v any) error) error {
	w := walker{json.NewDecoder(bytes.NewReader(body)), visit}
	w.in.UseNumber()
	err := w.value(nil)
	if err == nil {
		if _, extra := w.in.Token(); !errors.Is(extra, io.EOF) {
			err = &source.ParseError{Path: "$", Want: "must be one JSON document; there is more behind it"}
		}
	}
	var known *source.ParseError
	if err == nil || errors.As(err, &known) {
		return err
	}
	return &source.ParseError{Path: "$", Want: fmt.Sprintf("must be a JSON document; it stops being one at byte %d of %d", w.in.InputOffset(), len(body))}
}

type walker struct {
	in    *json.Decoder
	visit func(at path, v any) error
}

func (w walker) value(at path) error {
	token, err := w.in.Token()
	if err != nil {
		return err
	}
	if err := w.visit(at, token); err != nil {
		return err
	}
	delim, isDelim := token.(json.Delim)
	if !isDelim {
		return nil
	}
	if len(at) == maxDepth {
		return &source.ParseError{Path: "$", Want: fmt.Sprintf("must not be nested deeper than %d levels", maxDepth)}
	}
	if err := w.inside(at, delim); err != nil {
		return err
	}
	end, err := w.in.Token()
	if err != nil {
		return err
	}
	return w.visit(at, end)
}

func (w walker) inside(at path, delim json.Delim) error {
	at = append(at[:len(at):len(at)], "[]")
	for w.in.More() {
		if delim == '{' {
			key, err := w.in.Token()
			if err != nil {
				return err
			}
			at[len(at)-1], _ = key.(string)
		}
		if err := w.value(at); err != nil {
			return err
		}
	}
	return nil
}

// begins and ends are the delimiters of an object or a list.
func begins(v any) bool { return v == json.Delim('{') || v == json.Delim('[') }
func ends(v any) bool   { return v == json.Delim('}') || v == json.Delim(']') }

// text is a string, "" of anything else.
func text(v any) string {
	s, _ := v.(string)
	return s
}

// count is a number that counts something.
func count(at path, v any, most int) (int, error) {
	number, _ := v.(json.Number)
	n, err := number.Int64()
	if err != nil || n < 0 || n > int64(most) {
		return 0, &source.ParseError{Path: jsonPath(at), Want: fmt.Sprintf("must be a whole number between 0 and %d", most)}
	}
	return int(n), nil
}

// jsonPath is a path of keys that a format has, as people write it.
func jsonPath(at path) string {
	said := "$"
	for _, key := range at {
		if key == "[]" {
			said += "[]"
			continue
		}
		said += "." + key
	}
	return said
}

// wrong says what is missing in a document that isn't of a format.
func wrong(at, want string) error { return &source.ParseError{Path: at, Want: want} }
