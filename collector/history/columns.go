package history

import (
	"fmt"
	"time"
	"unicode/utf8"
)

// Columns says what the columns of a table mean whose names nobody fixed. All of it may be empty.
type Columns struct {
	// Record is what a row is: change or incident; "" is an incident when there is a column for opened_at, else a change.
	Record string `yaml:"record"`
	// Of is the column of a field. A column that is named as a field is that field.
	Of map[string]string `yaml:"columns"`
	// Constants are values of fields of rows that say nothing there.
	Constants map[string]string `yaml:"constants"`
	// Values says for a field what is meant by what stands there: {status: {OK: succeeded}}.
	Values map[string]map[string]string `yaml:"values"`
	// Delimiter between fields; "" is the first of comma, semicolon and tab that the first line holds.
	Delimiter string `yaml:"delimiter"`
	// Time is how times are written, as Go writes 2006-01-02 15:04:05; "" is RFC 3339, Unix time and their like. Zone is that of
	// times without an offset; "" is UTC.
	Time string `yaml:"time"`
	Zone string `yaml:"zone"`
}

// Separator is the delimiter as a character, 0 for none.
func (c Columns) Separator() (rune, error) {
	if c.Delimiter == "" {
		return 0, nil
	}
	r, size := utf8.DecodeRuneInString(c.Delimiter)
	if size != len(c.Delimiter) || r == utf8.RuneError || r == '"' || r == '\n' || r == '\r' {
		return 0, fmt.Errorf("delimiter: must be one character, such as ; or a tab")
	}
	return r, nil
}

// Clock is how times are read.
func (c Columns) Clock() (func(string) (time.Time, error), error) {
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return nil, fmt.Errorf("zone: must be the name of a time zone, such as Europe/Berlin")
	}
	if c.Time == "" && zone == time.UTC {
		return Time, nil
	}
	layouts := []string{c.Time}
	if c.Time == "" {
		layouts = []string{"2006-01-02 15:04:05", "2006-01-02T15:04:05"}
	}
	return func(text string) (time.Time, error) {
		if text == "" {
			return time.Time{}, nil
		}
		for _, layout := range layouts {
			if at, err := time.ParseInLocation(layout, text, zone); err == nil {
				return at.UTC(), nil
			}
		}
		if c.Time != "" {
			return time.Time{}, fmt.Errorf("must be a time written as %s", c.Time)
		}
		return Time(text)
	}, nil
}
