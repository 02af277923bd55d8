package history

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/shipwake/shipwake/collector/source"
)

// Row is one record of a table, of CSV or of JSON. A reader that finds something wrong remembers it; Err is the first such
// finding, so that a format reads column after column and checks once.
type Row struct {
	At     Place
	fields map[string]string         // of CSV
	place  func(column string) Place // of CSV
	object source.JSON               // of JSON
	wrong  *Wrong
}

// Table is how a table is written.
type Table struct {
	// Columns are those without which it can't be read.
	Columns []string
	// Delimiter between the fields of CSV; 0 is the first of comma, semicolon and tab that the first line holds.
	Delimiter rune
	// List is the member of JSON documents that holds the rows, such as "incidents" or "data.result"; see Documents.
	List string
	// Time reads a time; nil is Time.
	Time func(text string) (time.Time, error)
}

// Rows reads a table: CSV with a first line of names, or JSON objects. What follows a row that is wrong is read.
func (t Table) Rows(in Input, row func(*Row) Found, found func(Found) error) error {
	buffered := bufio.NewReaderSize(in, readAhead)
	if first, err := firstByte(buffered); err != nil || first == '{' || first == '[' {
		return t.objects(Input{in.Name, buffered}, row, found)
	}
	return t.lines(Input{in.Name, buffered}, buffered, row, found)
}

// firstByte is the first that is no space, after a byte order mark; it stays to be read. An empty file has the byte '{', for it is a
// table without rows.
func firstByte(r *bufio.Reader) (byte, error) {
	if mark, _ := r.Peek(3); string(mark) == "\xef\xbb\xbf" {
		_, _ = r.Discard(3) // it was peeked at
	}
	for n := 1; ; n++ {
		ahead, err := r.Peek(n)
		if len(ahead) < n {
			if errors.Is(err, io.EOF) {
				return '{', nil
			}
			return 0, err
		}
		if !strings.ContainsRune(" \t\r\n", rune(ahead[n-1])) {
			return ahead[n-1], nil
		}
	}
}

func (t Table) objects(in Input, row func(*Row) Found, found func(Found) error) error {
	return Documents(in, t.List, func(d Document) Found {
		r := &Row{At: d.At, object: d.JSON}
		if !d.JSON.IsObject() {
			r.Fail("", "must be an object with the columns as its keys")
		}
		for _, name := range t.Columns {
			if d.JSON.IsObject() && !d.JSON.Has(name) {
				r.Fail(name, "required: the table has this column")
			}
		}
		return r.found(row)
	}, found)
}

// found is what a row holds, or what is wrong with it.
func (r *Row) found(row func(*Row) Found) Found {
	if wrong := r.Err(); wrong != nil {
		return Found{At: r.At, Wrong: wrong}
	}
	f := row(r)
	f.At = r.At
	if wrong := r.Err(); wrong != nil {
		return Found{At: r.At, Wrong: wrong}
	}
	return f
}

func (t Table) lines(in Input, buffered *bufio.Reader, row func(*Row) Found, found func(Found) error) error {
	reader := csv.NewReader(in)
	reader.Comma, reader.ReuseRecord, reader.LazyQuotes = t.delimiter(buffered), true, true
	header, err := reader.Read()
	if err != nil {
		return fmt.Errorf("%s: the first line, with the names of the columns, can't be read: %w", in.Name, err)
	}
	names := slices.Clone(header)
	for i := range names {
		names[i] = strings.TrimSpace(names[i])
	}
	for _, column := range t.Columns {
		if !slices.Contains(names, column) {
			return &Wrong{Place{in.Name, 1, 0}, column, "there is no such column; the first line has " + strings.Join(names, ", ")}
		}
	}
	return t.records(in, reader, names, row, found)
}

func (t Table) records(in Input, reader *csv.Reader, names []string, row func(*Row) Found, found func(Found) error) error {
	fields := make(map[string]string, len(names))
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		var broken *csv.ParseError
		switch {
		case errors.As(err, &broken):
			err = found(Found{At: Place{in.Name, broken.StartLine, 0}, Wrong: malformed(in.Name, broken, len(record), len(names))})
		case err != nil:
			return fmt.Errorf("%s: can't be read to its end: %w", in.Name, err)
		default:
			line, _ := reader.FieldPos(0)
			clear(fields)
			for i, text := range record {
				fields[names[i]] = text
			}
			r := &Row{At: Place{in.Name, line, 0}, fields: fields, place: placesIn(in.Name, reader, names)}
			err = found(r.found(row))
		}
		if err != nil {
			return err
		}
	}
}

// placesIn tells where the columns of the last record stand.
func placesIn(file string, reader *csv.Reader, names []string) func(string) Place {
	return func(column string) Place {
		i := slices.Index(names, column)
		if i < 0 {
			i = 0
		}
		line, at := reader.FieldPos(i)
		return Place{file, line, at}
	}
}

func malformed(file string, e *csv.ParseError, have, want int) *Wrong {
	at := Place{file, e.Line, e.Column}
	if errors.Is(e, csv.ErrFieldCount) {
		return &Wrong{Place{file, e.StartLine, 0}, "", fmt.Sprintf("the line has %d fields; the first line names %d columns", have, want)}
	}
	return &Wrong{at, "", "must be CSV: " + e.Err.Error()}
}

// delimiter is what stands between the fields of the first line.
func (t Table) delimiter(r *bufio.Reader) rune {
	if t.Delimiter != 0 {
		return t.Delimiter
	}
	ahead, _ := r.Peek(readAhead) // what there is of it
	line, _, _ := strings.Cut(string(ahead), "\n")
	for _, c := range ",;\t" {
		if strings.ContainsRune(line, c) {
			return c
		}
	}
	return ','
}

// Has tells whether the row has a column, empty or not.
func (r *Row) Has(column string) bool {
	if r.fields != nil {
		_, ok := r.fields[column]
		return ok
	}
	return r.object.Has(column)
}

// Text is the text of a column, "" where there is none. NULL and \N are none, as databases write it.
func (r *Row) Text(column string) string {
	if r.fields != nil {
		text := strings.TrimSpace(r.fields[column])
		if text == "NULL" || text == `\N` {
			return ""
		}
		return text
	}
	return strings.TrimSpace(r.object.Get(column).AnyText())
}

// Required is the text of a column that must have one.
func (r *Row) Required(column string) string {
	text := r.Text(column)
	if text == "" {
		r.Fail(column, "required")
	}
	return text
}

// Time is the time in a column, the zero time where there is none. See Time.
func (r *Row) Time(column string) time.Time { return r.TimeBy(column, Time) }

// TimeBy is Time, read in another way.
func (r *Row) TimeBy(column string, read func(string) (time.Time, error)) time.Time {
	at, err := read(r.Text(column))
	if err != nil {
		r.Fail(column, err.Error())
	}
	return at
}

// Texts is a list: of JSON an array of texts, or of objects with these texts under a key; in CSV it stands as JSON.
func (r *Row) Texts(column string) []string {
	value := r.object.Get(column)
	if r.fields != nil {
		text := r.Text(column)
		if text == "" {
			return nil
		}
		var err error
		if value, err = source.ParseJSON([]byte(text), column); err != nil {
			r.Fail(column, "must be a list in JSON")
			return nil
		}
	}
	texts := value.Texts()
	if value.Err() != nil {
		r.Fail(column, "must be a list of texts")
	}
	return texts
}

// JSON is the row of a JSON table as it stands; nothing of CSV.
func (r *Row) JSON() source.JSON { return r.object }

// Fail records that a column is wrong, and what would be right.
func (r *Row) Fail(column, want string) {
	if r.wrong == nil {
		r.wrong = &Wrong{r.at(column), column, want}
	}
}

// Err is the first thing that is wrong with the row, or nil.
func (r *Row) Err() *Wrong {
	if r.wrong != nil {
		return r.wrong
	}
	return wrongIn(r.At, r.object.Err())
}

func (r *Row) at(column string) Place {
	if r.place != nil {
		return r.place(column)
	}
	return r.At
}

// wrongIn is an error of package source at a place.
func wrongIn(at Place, err error) *Wrong {
	var parse *source.ParseError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &parse):
		return &Wrong{at, parse.Path, parse.Want}
	}
	return &Wrong{at, "", err.Error()}
}

// Time reads a time as source.ParseTime does; one without an offset is in UTC, as databases keep it.
func Time(text string) (time.Time, error) {
	at, err := source.ParseTime(text)
	if err == nil {
		return at, nil
	}
	if at, alone := source.ParseTime(text + "Z"); alone == nil {
		return at, nil
	}
	return at, err
}
