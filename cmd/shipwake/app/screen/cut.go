package screen

import (
	"strconv"

	"github.com/mattn/go-runewidth"
)

// Columns is how many columns of a terminal a text takes: two for a character of the East, none for an accent.
func Columns(text string) int { return cells.StringWidth(text) }

// cells doesn't go by the locale: a table is laid out alike everywhere.
var cells = &runewidth.Condition{}

// Cut is the beginning of a text that takes more columns than there are, with a sign that there is more.
func Cut(text string, columns int) string { return cells.Truncate(text, columns, "…") }

// CutMiddle leaves the beginning and the end of a text that takes more columns than there are: of an id and a path both tell it
// from others.
func CutMiddle(text string, columns int) string {
	width := Columns(text)
	if width <= columns {
		return text
	}
	if columns < 3 {
		return Cut(text, columns)
	}
	end := (columns - 1) / 2
	return cells.Truncate(text, columns-1-end, "") + "…" + cells.TruncateLeft(text, width-end, "")
}

// Pad fills a text up with blanks.
func Pad(text string, columns int) string { return cells.FillRight(text, columns) }

// PadLeft fills a text up with blanks before it.
func PadLeft(text string, columns int) string { return cells.FillLeft(text, columns) }

func more(lines int) string {
	if lines == 1 {
		return "… 1 more line"
	}
	return "… " + strconv.Itoa(lines) + " more lines"
}
