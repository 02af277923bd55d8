package history

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// scanner walks through JSON without keeping more than one value of it.
type scanner struct {
	r            *bufio.Reader
	file         string
	line, column int
	// keeping holds what was read since keep, while that is not too much.
	keeping bool
	buffer  []byte
}

func newScanner(r *bufio.Reader, line int) *scanner { return &scanner{r: r, line: line, column: 1} }

func (s *scanner) at() Place { return Place{s.file, s.line, s.column} }

func (s *scanner) wrong(want string) error { return &Wrong{s.at(), "", want} }

// early is an end where none may be.
func (s *scanner) early(err error) error {
	if errors.Is(err, io.EOF) {
		return s.wrong("must be a JSON document; the file ends early")
	}
	return err
}

// keep keeps what is read from here on, drop doesn't any longer, kept is what was kept, nil when it was too much.
func (s *scanner) keep() { s.keeping, s.buffer = true, s.buffer[:0] }
func (s *scanner) drop() { s.keeping = false }

func (s *scanner) kept() []byte {
	if !s.keeping {
		return nil
	}
	s.keeping = false
	return s.buffer
}

// next is the byte that comes next after space; it stays.
func (s *scanner) next() (byte, error) {
	for {
		ahead, err := s.r.Peek(1)
		if len(ahead) == 0 {
			return 0, err
		}
		switch ahead[0] {
		case ' ', '\t', '\r', '\n':
			s.take()
		default:
			return ahead[0], nil
		}
	}
}

// take takes the byte that was looked at.
func (s *scanner) take() byte {
	c, err := s.r.ReadByte()
	if err != nil {
		return 0 // it was looked at, so there is one
	}
	s.column++
	if c == '\n' {
		s.line, s.column = s.line+1, 1
	}
	if s.keeping {
		if s.buffer = append(s.buffer, c); len(s.buffer) > longestDocument {
			s.keeping = false
		}
	}
	return c
}

// value takes a value and returns its bytes, which hold until the next call.
func (s *scanner) value() ([]byte, error) {
	s.keep()
	at := s.at()
	if err := s.skip(); err != nil {
		return nil, err
	}
	raw := s.kept()
	if raw == nil {
		return nil, tooLong(at)
	}
	return raw, nil
}

func tooLong(at Place) error {
	return &Wrong{at, "", fmt.Sprintf("a value must not be longer than %d bytes", longestDocument)}
}

// skip takes a value.
func (s *scanner) skip() error {
	c, err := s.next()
	switch {
	case err != nil:
		return s.early(err)
	case c == '"':
		return s.text()
	case c == '{' || c == '[':
		return s.nested()
	}
	return s.word()
}

// nested takes an object or an array. That its brackets match is found out by who parses it.
func (s *scanner) nested() error {
	for depth := 0; ; {
		c, err := s.next()
		switch {
		case err != nil:
			return s.early(err)
		case c == '"':
			if err := s.text(); err != nil {
				return err
			}
			continue
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		}
		if s.take(); depth == 0 {
			return nil
		}
	}
}

// text takes a string.
func (s *scanner) text() error {
	s.take()
	for {
		if _, err := s.r.Peek(1); err != nil {
			return s.early(err)
		}
		switch s.take() {
		case '"':
			return nil
		case '\\':
			s.take()
		}
	}
}

// word takes a number, true, false or null.
func (s *scanner) word() error {
	for n := 0; ; n++ {
		ahead, err := s.r.Peek(1)
		if len(ahead) == 0 && !errors.Is(err, io.EOF) {
			return err
		}
		ended := len(ahead) == 0 || !wordByte(ahead[0])
		switch {
		case ended && n == 0:
			return s.wrong("must be JSON: a value is missing here")
		case ended:
			return nil
		}
		s.take()
	}
}

func wordByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '+' || c == '.'
}

// key takes the key of a member and the colon after it.
func (s *scanner) key() (string, error) {
	c, err := s.next()
	switch {
	case err != nil:
		return "", s.early(err)
	case c != '"':
		return "", s.wrong("must be an object in JSON: a key is missing here")
	}
	raw, err := s.keyText()
	if err != nil {
		return "", err
	}
	var key string
	if json.Unmarshal(raw, &key) != nil {
		return "", s.wrong("must be an object in JSON: the key before is no text")
	}
	if c, err = s.next(); err != nil || c != ':' {
		return "", s.early(errors.Join(err, s.wrong("must be an object in JSON: a colon is missing here")))
	}
	s.take()
	return key, nil
}

// keyText takes a string and returns it without disturbing what is kept.
func (s *scanner) keyText() ([]byte, error) {
	var raw []byte
	raw = append(raw, s.take())
	for {
		if _, err := s.r.Peek(1); err != nil {
			return nil, s.early(err)
		}
		c := s.take()
		raw = append(raw, c)
		switch {
		case c == '\\':
			raw = append(raw, s.take())
		case c == '"':
			return raw, nil
		case len(raw) > readAhead:
			return nil, s.wrong("must be JSON: a key is too long")
		}
	}
}
