// Package rows answers: how is a list laid out for people, for a spreadsheet and for a program?
//
// A list is described once, by its columns. All forms are made of that: a table that fits the terminal, a wide one that says
// everything and cuts nothing, and CSV with what a program calculates with. JSON and YAML are what the API said.
package rows

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/shipwake/shipwake/cmd/shipwake/app/screen"
)

// Format is a form of an answer.
type Format string

// The formats.
const (
	Table Format = "table"
	Wide  Format = "wide"
	JSON  Format = "json"
	YAML  Format = "yaml"
	CSV   Format = "csv"
)

// Formats lists every Format.
func Formats() []Format { return []Format{Table, Wide, JSON, YAML, CSV} }

// Check refuses a form that there isn't.
func (f Format) Check() error {
	if slices.Contains(Formats(), f) {
		return nil
	}
	return fmt.Errorf("%q is no form of a list; want table, wide, json, yaml or csv", string(f))
}

// List is rows with their columns.
type List[T any] struct {
	Columns []Column[T]
	Rows    []T
	// Before stands above the table and After below it, each a line or more; Empty in the place of a table without rows.
	Before, Empty, After string
	// Said is what the API answered.
	Said json.RawMessage
}

// View is a list of anything.
type View interface {
	// Write writes it in a form.
	Write(out io.Writer, f Format, s screen.Screen) error
	// News writes what another view, shown before, doesn't have; see List.News.
	News(out io.Writer, f Format, before View) error
	keys() map[string]bool
	said() json.RawMessage
}

// Write writes a list in a form.
func (l List[T]) Write(out io.Writer, f Format, s screen.Screen) error {
	switch f {
	case JSON:
		return writeJSON(out, l.Said)
	case YAML:
		return writeYAML(out, l.Said)
	case CSV:
		return l.writeCSV(out, l.Rows, true)
	}
	_, err := io.WriteString(out, s.Signs(l.text(f, s)))
	return err
}

// text is what people read.
func (l List[T]) text(f Format, s screen.Screen) string {
	var b strings.Builder
	paragraph(&b, l.Before)
	if len(l.Rows) == 0 {
		paragraph(&b, l.Empty)
	} else {
		t := l.layout(f, s)
		t.write(&b, s, true)
	}
	paragraph(&b, l.After)
	return b.String()
}

func paragraph(b *strings.Builder, text string) {
	if b.WriteString(text); text != "" && !strings.HasSuffix(text, "\n") {
		b.WriteString("\n")
	}
}

// layout is the table of a form. Where it isn't cut to the terminal it says everything: so does what goes into a pipe.
func (l List[T]) layout(f Format, s screen.Screen) layout {
	short := f == Table && s.Terminal
	var t layout
	cells := make([][]cell, len(l.Rows))
	for _, c := range l.Columns {
		if c.wide && f != Wide {
			continue
		}
		t.columns = append(t.columns, column{name: c.Name, middle: c.middle, right: c.right, least: c.least})
		for i, r := range l.Rows {
			text := c.Long
			if short && c.Short != nil {
				text = c.Short
			}
			one := cell{text: Visible(text(r))}
			if c.blank && c.raw(r) == "" {
				one.text = ""
			}
			if c.style != nil {
				one.style = c.style(r)
			}
			cells[i] = append(cells[i], one)
		}
	}
	t.rows = cells
	t.measure()
	if short {
		t.fit(s.Width)
	}
	return t
}
