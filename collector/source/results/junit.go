package results

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"

	"golang.org/x/net/html/charset"

	"github.com/shipwake/shipwake/collector/source"
)

// readJUnit counts the testcases of a file, wherever they lie in it.
func readJUnit(body []byte, s *summary) error {
	in := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, byteOrderMark)))
	in.CharsetReader = charset.NewReaderLabel
	r := junit{summary: s}
	for {
		token, err := in.Token()
		switch {
		case errors.Is(err, io.EOF):
			return r.end()
		case err != nil:
			line, _ := in.InputPos()
			return &source.ParseError{Path: fmt.Sprintf("line %d", line), Want: "must be an XML document, whole and well-formed"}
		}
		if err := r.take(token); err != nil {
			line, _ := in.InputPos()
			return &source.ParseError{Path: fmt.Sprintf("line %d", line), Want: err.Error()}
		}
	}
}

// junit is how far a file has been read.
type junit struct {
	*summary
	depth  int
	root   bool      // it was one of the two that there are
	test   *testcase // the one that is read
	within int       // its depth
}

type testcase struct {
	name                   string
	failed, skipped, again bool
}

func (r *junit) take(token xml.Token) error {
	switch t := token.(type) {
	case xml.Directive:
		return errors.New("must not have a document type (DTD)")
	case xml.StartElement:
		if r.depth++; r.depth > maxDepth {
			return fmt.Errorf("must not be nested deeper than %d levels", maxDepth)
		}
		return r.begin(t)
	case xml.EndElement:
		if r.test != nil && r.depth == r.within {
			r.done()
		}
		r.depth--
	}
	return nil
}

func (r *junit) begin(t xml.StartElement) error {
	switch name := t.Name.Local; {
	case r.depth == 1 && r.root:
		return errors.New("must be one XML document; there is more behind it")
	case r.depth == 1 && name != "testsuites" && name != "testsuite":
		return errors.New("must be testsuites or a testsuite")
	case r.depth == 1:
		r.root = true
	case name == "testcase" && r.test == nil:
		r.test, r.within = &testcase{name: nameOf(t)}, r.depth
	case r.test != nil && r.depth == r.within+1:
		r.test.take(name)
	}
	return nil
}

func (c *testcase) take(element string) {
	switch element {
	case "failure", "error":
		c.failed = true
	case "skipped":
		c.skipped = true
	case "flakyFailure", "flakyError", "rerunFailure", "rerunError":
		c.again = true
	}
}

func (r *junit) done() {
	switch c := r.test; {
	case c.failed:
		r.failed(c.name)
	case c.skipped:
		r.skipped()
	case c.again:
		r.flaky()
	default:
		r.passed()
	}
	r.test = nil
}

func (r *junit) end() error {
	if !r.root {
		return wrong("$", "must be an XML document with testsuites or a testsuite")
	}
	return nil
}

// nameOf is the name of a testcase with its class.
func nameOf(t xml.StartElement) string {
	var class, name string
	for _, a := range t.Attr {
		switch a.Name.Local {
		case "classname":
			class = a.Value
		case "name":
			name = a.Value
		}
	}
	if class != "" && name != "" {
		return class + " " + name
	}
	return class + name
}
