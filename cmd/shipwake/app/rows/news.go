package rows

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"

	"github.com/shipwake/shipwake/cmd/shipwake/app/screen"
)

// News writes what a view shown before doesn't have, for what follows an answer in a pipe: rows that are new or read otherwise,
// below the heads that were written first; of JSON the whole answer on one line, and of YAML a document, when it is another one.
// Without a view before that is everything.
func (l List[T]) News(out io.Writer, f Format, before View) error {
	if f == JSON || f == YAML {
		if before != nil && bytes.Equal(before.said(), l.Said) {
			return nil
		}
		return l.document(out, f, before == nil)
	}
	fresh := l
	fresh.Rows = nil
	known := map[string]bool{}
	if before != nil {
		known = before.keys()
	}
	for _, r := range l.Rows {
		if !known[l.key(r)] {
			fresh.Rows = append(fresh.Rows, r)
		}
	}
	if f == CSV {
		return fresh.writeCSV(out, fresh.Rows, before == nil)
	}
	var b strings.Builder
	layout := fresh.layout(f, screen.Screen{})
	layout.write(&b, screen.Screen{}, before == nil)
	_, err := io.WriteString(out, b.String())
	return err
}

func (l List[T]) document(out io.Writer, f Format, first bool) error {
	if f == YAML {
		if !first {
			if _, err := io.WriteString(out, "---\n"); err != nil {
				return err
			}
		}
		return writeYAML(out, l.Said)
	}
	var b bytes.Buffer
	if err := json.Compact(&b, l.Said); err != nil {
		return err
	}
	b.WriteByte('\n')
	_, err := b.WriteTo(out)
	return err
}

// key is all that a row says.
func (l List[T]) key(r T) string {
	var b strings.Builder
	for _, c := range l.Columns {
		b.WriteString(c.raw(r) + "\x00")
	}
	return b.String()
}

func (l List[T]) keys() map[string]bool {
	all := make(map[string]bool, len(l.Rows))
	for _, r := range l.Rows {
		all[l.key(r)] = true
	}
	return all
}

func (l List[T]) said() json.RawMessage { return l.Said }
