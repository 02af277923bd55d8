package rows

import (
	"strconv"
	"strings"

	"github.com/shipwake/shipwake/cmd/shipwake/app/screen"
	"github.com/shipwake/shipwake/correlate/words"
)

// gap is how many blanks stand between two columns.
const gap = 2

// leastWidth is how far a column is cut unless it says otherwise.
const leastWidth = 8

type cell struct {
	text  string
	style screen.Style
}

type column struct {
	name          string
	middle, right bool
	least, width  int
}

// layout is a table with the widths of its columns.
type layout struct {
	columns []column
	rows    [][]cell
}

// measure makes every column as wide as its widest cell.
func (t *layout) measure() {
	for i := range t.columns {
		c := &t.columns[i]
		c.width = screen.Columns(c.name)
		for _, r := range t.rows {
			c.width = max(c.width, screen.Columns(r[i].text))
		}
	}
}

// fit makes the table no wider than the screen: columns that have no room even at their least are left out, from the right, and
// then the widest ones are cut.
func (t *layout) fit(width int) {
	for len(t.columns) > 1 && t.least() > width {
		t.columns = t.columns[:len(t.columns)-1]
	}
	for over := t.width() - width; over > 0; over-- {
		widest := -1
		for i, c := range t.columns {
			if c.width > c.floor() && (widest < 0 || c.width >= t.columns[widest].width) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		t.columns[widest].width--
	}
}

// least is how wide the table is when all is cut that can be.
func (t *layout) least() int {
	width := gap * (len(t.columns) - 1)
	for _, c := range t.columns {
		width += min(c.width, c.floor())
	}
	return width
}

// floor is the least width of a column: its head stays whole.
func (c column) floor() int {
	least := leastWidth
	if c.least > 0 {
		least = c.least
	}
	return max(least, screen.Columns(c.name))
}

func (t *layout) width() int {
	width := gap * (len(t.columns) - 1)
	for _, c := range t.columns {
		width += c.width
	}
	return width
}

// write lays the rows out, below the heads of their columns.
func (t *layout) write(b *strings.Builder, s screen.Screen, heads bool) {
	if heads {
		line := make([]cell, len(t.columns))
		for i, c := range t.columns {
			line[i] = cell{c.name, screen.Faint}
		}
		t.line(b, s, line)
	}
	for _, r := range t.rows {
		t.line(b, s, r)
	}
}

func (t *layout) line(b *strings.Builder, s screen.Screen, r []cell) {
	var line strings.Builder
	for i, c := range t.columns {
		text := c.cut(r[i].text)
		blanks := strings.Repeat(" ", max(0, c.width-screen.Columns(text)))
		styled := s.Styled(r[i].style, text)
		last := i == len(t.columns)-1
		switch {
		case c.right:
			line.WriteString(blanks + styled)
		case last:
			line.WriteString(styled)
		default:
			line.WriteString(styled + blanks)
		}
		if !last {
			line.WriteString(strings.Repeat(" ", gap))
		}
	}
	b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
}

func (c column) cut(text string) string {
	if c.middle {
		return screen.CutMiddle(text, c.width)
	}
	return screen.Cut(text, c.width)
}

// Visible is text from outside as a terminal may show it: without control characters, and never empty.
func Visible(text string) string { return words.Or(printable(text)) }

// printable is a text with its control characters escaped.
func printable(text string) string {
	quoted := strconv.Quote(text)
	return unescaped.Replace(quoted[1 : len(quoted)-1])
}

// unescaped takes back what is escaped only because of the quotes.
var unescaped = strings.NewReplacer(`\"`, `"`, `\\`, `\`)
