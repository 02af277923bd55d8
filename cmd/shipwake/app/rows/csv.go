package rows

import (
	"encoding/csv"
	"io"
	"strings"
)

// writeCSV writes some of the rows with all columns. An empty field is no data; times are RFC 3339, durations
// seconds.
func (l List[T]) writeCSV(out io.Writer, some []T, heads bool) error {
	w := csv.NewWriter(out)
	fields := make([]string, len(l.Columns))
	if heads {
		for i, c := range l.Columns {
			fields[i] = strings.ReplaceAll(strings.ToLower(c.Name), " ", "_")
		}
		if err := w.Write(fields); err != nil {
			return err
		}
	}
	for _, r := range some {
		for i, c := range l.Columns {
			fields[i] = printable(c.raw(r))
		}
		if err := w.Write(fields); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

func (c Column[T]) raw(r T) string {
	if c.Raw != nil {
		return c.Raw(r)
	}
	return c.Long(r)
}
