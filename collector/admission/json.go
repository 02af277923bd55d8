package admission

import (
	"bytes"
	"fmt"
)

// JSON is Proto for the JSON encoding. It takes strict JSON only, so that a decoder can't read it as anything else than
// the walk did; a name that the table doesn't know is charged as the most expensive thing that it does know.
func JSON(body []byte, request Kind, limit int64) (int64, error) {
	if why := noText(body); why != "" {
		return 0, &Refusal{Malformed, "the request is not JSON: " + why}
	}
	s := &scan{walk: walk{cost: base, limit: limit}, b: body}
	if err := s.value(field{shape: message, kind: request}, 1); err != nil {
		return 0, err
	}
	if s.space(); s.at < len(s.b) {
		return 0, s.malformed("something follows the end")
	}
	return s.cost, nil
}

// noText says why a body is no text in UTF-8, as JSON wants it, or "". Text of ASCII in UTF-16 has a zero in every other byte.
func noText(body []byte) string {
	switch {
	case len(bytes.TrimSpace(body)) == 0:
		return "it is empty"
	case bytes.HasPrefix(body, []byte("\xef\xbb\xbf")):
		return "it begins with a byte order mark; send UTF-8 without one"
	case bytes.HasPrefix(body, []byte("\xff\xfe")), bytes.HasPrefix(body, []byte("\xfe\xff")),
		len(body) > 1 && (body[0] == 0) != (body[1] == 0):
		return "it is UTF-16; send UTF-8"
	}
	return ""
}

// conversion is what turning a value of JSON into a number or a string takes beside its bytes.
const conversion = 32

// scan walks over JSON.
type scan struct {
	walk
	b  []byte
	at int
}

func (s *scan) malformed(what string) error {
	return &Refusal{Malformed, fmt.Sprintf("the request is not JSON: at byte %d %s", s.at, what)}
}

// space skips white space and returns the byte that follows, 0 at the end.
func (s *scan) space() byte {
	for ; s.at < len(s.b); s.at++ {
		switch c := s.b[s.at]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// value takes any value of a field. An array is a list of them. What a decoder would refuse later is refused at once:
// until a decoder gives up it may allocate something for each mistake.
func (s *scan) value(f field, depth int) error {
	if depth > maxDepth {
		return tooDeep()
	}
	if s.space() != '[' {
		return s.single(f, depth)
	}
	if f.shape == unknown {
		f.cost = unknownCost // also for null: a decoder that knew the list would make an element
	}
	return s.list(']', func() error {
		if s.space() != '[' {
			return s.single(f, depth+1)
		}
		if f.shape != unknown {
			return s.malformed("there is a list in a list")
		}
		if err := s.take(int64(f.cost)); err != nil {
			return err
		}
		return s.value(f, depth+1)
	})
}

// single takes a value that isn't an array.
func (s *scan) single(f field, depth int) error {
	if depth > maxDepth {
		return tooDeep()
	}
	c := s.space()
	if c == '{' {
		return s.object(f, depth)
	}
	begin := s.at
	var err error
	if c == '"' {
		_, err = s.text()
	} else {
		err = s.literal()
	}
	if err != nil {
		return err
	}
	if f.shape == message && c != 'n' {
		return s.malformed("there is a value where an object belongs")
	}
	return s.take(int64(f.cost) + content(int64(s.at-begin)) + conversion)
}

func (s *scan) object(f field, depth int) error {
	switch f.shape {
	case unknown:
		f.cost = unknownCost
	case scalar, text, fixed64s, varints:
		return s.malformed("there is an object where a value belongs")
	}
	if err := s.take(int64(f.cost)); err != nil {
		return err
	}
	return s.list('}', func() error { return s.member(f, depth) })
}

// member takes a name and its value.
func (s *scan) member(of field, depth int) error {
	if s.space() != '"' {
		return s.malformed("a name is missing")
	}
	name, err := s.text()
	if err != nil {
		return err
	}
	if len(name) == 0 {
		return s.malformed("a name is empty")
	}
	if s.space() != ':' {
		return s.malformed("a colon is missing")
	}
	s.at++
	if err := s.take(content(int64(len(name)))); err != nil {
		return err
	}
	f := field{shape: unknown, cost: scalarCost}
	if of.shape == message {
		if known, ok := schema[of.kind].names[string(name)]; ok {
			f = known
		}
	}
	return s.value(f, depth+1)
}

// list takes what is between brackets, with commas between the elements.
func (s *scan) list(end byte, element func() error) error {
	s.at++
	if s.space() == end {
		s.at++
		return nil
	}
	for {
		if err := element(); err != nil {
			return err
		}
		c := s.space()
		if c != ',' && c != end {
			return s.malformed(fmt.Sprintf("a comma or %q is missing", end))
		}
		s.at++
		if c == end {
			return nil
		}
	}
}

// text takes a string and returns what is between the quotes, with its escapes: a name that has any is unknown.
func (s *scan) text() ([]byte, error) {
	s.at++
	for begin := s.at; s.at < len(s.b); s.at++ {
		switch c := s.b[s.at]; {
		case c == '"':
			s.at++
			return s.b[begin : s.at-1], nil
		case c == '\\':
			s.at++
		case c < ' ':
			return nil, s.malformed("there is a control character in a string")
		}
	}
	return nil, s.malformed("a string has no end")
}

// literal takes a number, true, false or null. What exactly stands there is the decoder's business.
func (s *scan) literal() error {
	begin := s.at
	for ; s.at < len(s.b); s.at++ {
		c := s.b[s.at]
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c == '-' || c == '+' || c == '.' || c == 'E') {
			break
		}
	}
	if s.at == begin {
		return s.malformed("a value is missing")
	}
	return nil
}
