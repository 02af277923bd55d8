package history

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/shipwake/shipwake/collector/source"
)

const (
	// readAhead is how much of a file is looked at to tell how it is written.
	readAhead = 64 << 10
	// longestDocument bounds one document in bytes: what a daemon takes at once.
	longestDocument = 5 << 20
)

// Document is one JSON value of a file.
type Document struct {
	At   Place
	JSON source.JSON
}

// Documents reads the JSON values of a file: one a line, one after another, or the elements of an array. List names the member
// that holds the values where a document is an object around them, such as "incidents", or "data.result" of nested ones; an object
// without that member is a value itself. Of a file with one value a line what follows a wrong line is read; elsewhere a syntax
// error ends the file, and is an error.
func Documents(in Input, list string, each func(Document) Found, found func(Found) error) error {
	r := bufio.NewReaderSize(in, readAhead)
	if _, err := firstByte(r); err != nil {
		return fmt.Errorf("%s: can't be read: %w", in.Name, err)
	}
	d := documents{file: in.Name, each: each, found: found}
	if list != "" {
		d.list = strings.Split(list, ".")
	}
	if !oneALine(r) {
		return d.read(newScanner(r, 1))
	}
	for line := 1; ; line++ {
		text, err := lineOf(r)
		if len(bytes.TrimSpace(text)) > 0 {
			if wrong := d.line(text, line); wrong != nil {
				return wrong
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, errLong):
			wrong := &Wrong{Place{in.Name, line, 0}, "", fmt.Sprintf("a line must not be longer than %d bytes", longestDocument)}
			if err := found(Found{At: wrong.At, Wrong: wrong}); err != nil {
				return err
			}
		case err != nil:
			return fmt.Errorf("%s:%d: can't be read to its end: %w", in.Name, line, err)
		}
	}
}

// oneALine tells whether the first line is a JSON value by itself.
func oneALine(r *bufio.Reader) bool {
	ahead, err := r.Peek(readAhead)
	ahead = bytes.TrimLeft(ahead, " \t\r\n")
	line, _, ended := bytes.Cut(ahead, []byte("\n"))
	if !ended && !errors.Is(err, io.EOF) {
		return false
	}
	_, err = source.ParseJSON(line, "$")
	if err == nil {
		return true
	}
	if bytes.HasPrefix(line, []byte("[")) {
		return false // an array over several lines
	}
	// A line that is wrong in itself: what follows is read line by line as well when the next one is a document.
	next := bytes.TrimSpace(ahead[min(len(line)+1, len(ahead)):])
	second, _, _ := bytes.Cut(next, []byte("\n"))
	_, err = source.ParseJSON(second, "$")
	return err == nil && second[0] == '{'
}

var errLong = errors.New("the line is too long")

// lineOf reads a line. Of one that is too long nothing is returned.
func lineOf(r *bufio.Reader) ([]byte, error) {
	var line []byte
	long := false
	for {
		part, err := r.ReadSlice('\n')
		if long = long || len(line)+len(part) > longestDocument; !long {
			if line == nil && err == nil {
				return part, nil
			}
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case long:
			return nil, errLong
		}
		return line, err
	}
}

// documents reads the values of one file.
type documents struct {
	file  string
	list  []string
	each  func(Document) Found
	found func(Found) error
}

// line reads the values of a line. What is wrong with it is found, and no error.
func (d *documents) line(text []byte, line int) error {
	at := Place{d.file, line, 1}
	if len(text) > 0 && d.list == nil && bytes.TrimSpace(text)[0] == '{' {
		return d.value(text, at, "$")
	}
	err := d.read(newScanner(bufio.NewReader(bytes.NewReader(text)), line))
	var wrong *Wrong
	if errors.As(err, &wrong) {
		return d.found(Found{At: wrong.At, Wrong: wrong})
	}
	return err
}

// value tells of one value.
func (d *documents) value(raw []byte, at Place, path string) error {
	parsed, err := source.ParseJSON(raw, path)
	if err != nil {
		return d.found(Found{At: at, Wrong: wrongIn(at, err)})
	}
	f := d.each(Document{at, parsed})
	f.At = at
	if f.Wrong == nil && parsed.Err() != nil {
		f = Found{At: at, Wrong: wrongIn(at, parsed.Err())}
	}
	return d.found(f)
}

// read reads values one after another to the end.
func (d *documents) read(s *scanner) error {
	s.file = d.file
	for {
		c, err := s.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		switch {
		case err != nil:
			return err
		case c == '[':
			err = d.elements(s, "$")
		case c == '{' && len(d.list) > 0:
			err = d.within(s, d.list, "$")
		default:
			err = d.whole(s, "$")
		}
		if err != nil {
			return err
		}
	}
}

// whole reads the value that comes next.
func (d *documents) whole(s *scanner, path string) error {
	at := s.at()
	raw, err := s.value()
	if err != nil {
		return err
	}
	return d.value(raw, at, path)
}

// elements reads those of the array that comes next.
func (d *documents) elements(s *scanner, path string) error {
	s.take()
	for i := 0; ; i++ {
		c, err := s.next()
		switch {
		case err != nil:
			return s.early(err)
		case c == ']':
			s.take()
			return nil
		case c == ',' && i > 0:
			s.take()
			if _, err = s.next(); err != nil {
				return s.early(err)
			}
		case i > 0:
			return s.wrong("must be an array in JSON: a comma or ] is missing here")
		}
		if err := d.whole(s, fmt.Sprintf("%s[%d]", path, i)); err != nil {
			return err
		}
	}
}

// within reads the object that comes next for the list in it. One without the list is a value.
func (d *documents) within(s *scanner, list []string, path string) error {
	s.keep()
	at, seen := s.at(), false
	s.take()
	for first := true; ; first = false {
		c, err := s.next()
		switch {
		case err != nil:
			return s.early(err)
		case c == '}':
			s.take()
			if seen {
				return nil
			}
			raw := s.kept()
			if raw == nil {
				return tooLong(at)
			}
			return d.value(raw, at, path)
		case c == ',' && !first:
			s.take()
		case !first:
			return s.wrong("must be an object in JSON: a comma or } is missing here")
		}
		key, err := s.key()
		if err != nil {
			return err
		}
		c, err = s.next()
		switch {
		case err != nil:
			return s.early(err)
		case key != list[0]:
			err = s.skip()
		case len(list) > 1 && c == '{':
			seen = true
			s.drop()
			err = d.within(s, list[1:], path+"."+key)
		case len(list) == 1 && c == '[':
			seen = true
			s.drop()
			err = d.elements(s, path+"."+key)
		default:
			err = s.skip()
		}
		if err != nil {
			return err
		}
	}
}
