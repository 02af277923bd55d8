package history

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/shipwake/shipwake/correlate"
)

// Format is one kind of export.
type Format struct {
	// Name is that of the folder, and the argument of the command.
	Name string
	// About says in a line what files are read, for people.
	About string
	// Keys are the constants that Options.Set may hold, each with what it is for.
	Keys map[string]string
	// Open begins an import and returns its passes, in their order. The error says which option is wrong.
	Open func(Options) ([]Pass, error)
}

// Options are what the user says of an import.
type Options struct {
	Columns Columns           // of formats whose columns have no fixed names
	Set     map[string]string // constants by key
}

// Pass reads the files of one table. A format may read a table twice: first for what other tables need to know of it.
type Pass struct {
	// Table is the name of the file, without folders, extensions, and the number of a part ("incidents-000000000001.json.gz"). "" takes
	// every file.
	Table string
	// Also are other names of it.
	Also []string
	// Required: there is no import without it.
	Required bool
	// Aside: the pass remembers, and finds nothing. It is done again when an import goes on.
	Aside bool
	// Read reads one file. It returns what found returns, and an error of its own where a file can't be read on.
	Read func(in Input, found func(Found) error) error
}

// Takes tells whether a table is that of the pass.
func (p Pass) Takes(table string) bool {
	return p.Table == "" || strings.EqualFold(p.Table, table) || slices.ContainsFunc(p.Also, func(name string) bool { return strings.EqualFold(name, table) })
}

// Input is a file, uncompressed.
type Input struct {
	Name string // for people
	io.Reader
}

// Found is what one record holds: one of Facts, Messages, Ignored and Wrong.
type Found struct {
	At       Place
	Facts    []correlate.Fact
	Messages []Message
	Ignored  string // why a record that is understood says nothing of a change or an incident
	Wrong    *Wrong // why it can't be read
}

// Message is a message as a source takes it.
type Message struct {
	Source string            // its name
	Header map[string]string // those that it reads, by canonical name
	Body   []byte
}

// Place is where a record or a part of it stands. Line and Column count from 1, the column in bytes; 0 is unknown.
type Place struct {
	File         string
	Line, Column int
}

// String is as compilers write places.
func (p Place) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.Column == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Wrong says where a record is wrong and what would be right. It holds no value.
type Wrong struct {
	At    Place
	Field string // the column or the JSON path; "" is the record as a whole
	Want  string
}

// Error implements error.
func (w *Wrong) Error() string { return w.At.String() + ": " + w.Reason() }

// Reason is the error without its place.
func (w *Wrong) Reason() string {
	if w.Field == "" {
		return w.Want
	}
	return w.Field + ": " + w.Want
}

// Check refuses constants that the format doesn't know.
func (f Format) Check(o Options) error {
	for _, key := range slices.Sorted(maps.Keys(o.Set)) {
		if _, ok := f.Keys[key]; !ok {
			return fmt.Errorf("--set %s: the format %s has no such key; %s", key, f.Name, f.knownKeys())
		}
	}
	return nil
}

func (f Format) knownKeys() string {
	if len(f.Keys) == 0 {
		return "it has none"
	}
	return "it has " + strings.Join(slices.Sorted(maps.Keys(f.Keys)), ", ")
}
