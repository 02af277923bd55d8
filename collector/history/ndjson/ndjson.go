// Package ndjson answers: what does a file in our own format hold?
//
// It is the format of the source generic: {"change": {…}} or {"incident": {…}}, or a bare change or incident, one a line, one
// after another, or in an array; the facts.jsonl of a replay, what --dry-run prints, and what other programs write.
package ndjson

import (
	"errors"

	"github.com/shipwake/shipwake/collector/history"
	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/collector/source/generic"
	"github.com/shipwake/shipwake/correlate"
)

// Format is our own.
func Format() history.Format {
	return history.Format{Name: "ndjson", About: "our own lines, as /hooks/generic takes them", Open: open}
}

func open(history.Options) ([]history.Pass, error) {
	return []history.Pass{{Required: true, Read: read}}, nil
}

func read(in history.Input, found func(history.Found) error) error {
	parse := generic.Source().Parse
	return history.Documents(in, "", func(d history.Document) history.Found {
		reading, err := parse(correlate.Raw{Body: d.JSON.Raw()})
		var wrong *source.ParseError
		if errors.As(err, &wrong) {
			return history.Found{Wrong: &history.Wrong{At: d.At, Field: wrong.Path, Want: wrong.Want}}
		}
		for i, f := range reading.Facts {
			reading.Facts[i] = asSaid(f)
		}
		return history.Found{Facts: reading.Facts}
	}, found)
}

// asSaid is a fact without the words that its sender left out: said aloud they would correct others.
func asSaid(f correlate.Fact) correlate.Fact {
	if c := f.Change; c != nil {
		for _, word := range c.Implied {
			switch word {
			case "kind":
				c.Kind = ""
			case "status":
				c.Status = ""
			case "environment":
				c.Environment = ""
			}
		}
		c.Implied = nil
	}
	if i := f.Incident; i != nil {
		if len(i.Implied) > 0 {
			i.Environment, i.Implied = "", nil
		}
	}
	return f
}
