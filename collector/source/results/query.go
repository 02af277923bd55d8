package results

import (
	"bytes"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// asked is what the query says.
type asked struct {
	correlate.Check
	format string
}

// fields are the parameters, and what each sets.
var fields = map[string]func(*asked, string) error{
	"name":        func(a *asked, v string) error { a.Name = v; return nil },
	"change":      func(a *asked, v string) error { a.Change = v; return nil },
	"service":     func(a *asked, v string) error { a.Service = v; return nil },
	"version":     func(a *asked, v string) error { a.Version = v; return nil },
	"environment": func(a *asked, v string) error { a.Environment = v; return nil },
	"commit":      func(a *asked, v string) error { a.Commit = v; return nil },
	"url":         func(a *asked, v string) error { a.URL = v; return nil },
	"id":          func(a *asked, v string) error { a.ID = v; return nil },
	"format":      func(a *asked, v string) error { a.format = v; return nil },
	"result":      func(a *asked, v string) error { a.Result = correlate.CheckResult(v); return nil },
	"at":          func(a *asked, v string) (err error) { a.At, err = source.ParseTime(v); return err },
	"required": func(a *asked, v string) (err error) {
		if a.Required, err = strconv.ParseBool(v); err != nil {
			return fmt.Errorf("must be true or false")
		}
		return nil
	},
}

// readQuery reads the parameters, each of them at most once.
func readQuery(text string) (asked, error) {
	var a asked
	query, err := url.ParseQuery(text)
	if err != nil {
		return a, &source.ParseError{Path: "query", Want: "must be parameters such as name=smoke&change=42, with % before what isn't plain"}
	}
	for _, key := range slices.Sorted(maps.Keys(query)) {
		set := fields[key]
		if set == nil {
			return a, &source.ParseError{
				Path: "query", Want: "holds a parameter that there isn't; the known ones are " + strings.Join(slices.Sorted(maps.Keys(fields)), ", "),
			}
		}
		if len(query[key]) > 1 {
			return a, &source.ParseError{Path: key, Want: "must be given once"}
		}
		if err := set(&a, query[key][0]); err != nil {
			return a, &source.ParseError{Path: key, Want: err.Error()}
		}
	}
	return a, nil
}

// open tells deliveries apart by what they are about as well: two checks may have the same file. Without a time of its own each
// request is a run: the same file twice may be a check that was run again.
func open(req source.Request) ([]correlate.Raw, error) {
	query := req.Header.Get(source.HeaderQuery)
	a, err := readQuery(query)
	if err != nil {
		return nil, err
	}
	if a.At.IsZero() && a.ID == "" {
		query += "#" + req.ReceivedAt.UTC().Format(time.RFC3339Nano)
	}
	return []correlate.Raw{{ID: source.BodyID(slices.Concat([]byte(query), []byte("\n"), req.Body)), Body: req.Body}}, nil
}

func parse(raw correlate.Raw) (source.Reading, error) {
	var r source.Reading
	a, err := readQuery(raw.Header[source.HeaderQuery])
	if err != nil {
		return r, err
	}
	c := a.Check
	if c.At.IsZero() {
		c.At = raw.ReceivedAt
	}
	if err := a.result(&c, raw.Body); err != nil {
		return r, err
	}
	return r, r.AddAt(correlate.Fact{Check: &c}, func(field string) string {
		if field == "" {
			return "query"
		}
		return field
	})
}

// result is what the file says, or the query in its place.
func (a asked) result(c *correlate.Check, body []byte) error {
	if c.Result != "" {
		if len(bytes.TrimSpace(body)) > 0 {
			return &source.ParseError{Path: "result", Want: "is what the file says; leave one of them out"}
		}
		return nil
	}
	found, format, err := Read(a.format, body)
	if err != nil {
		return err
	}
	c.Result, c.Counts, c.Note, c.Format = found.Outcome, found.Counts, found.Note, format
	return nil
}
