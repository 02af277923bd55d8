package demo

import (
	"strings"
	"unicode/utf8"

	"github.com/shipwake/shipwake/correlate"
)

// style is how words look: in colours on a terminal, as they are elsewhere.
type style struct{ colours bool }

// The colours of a terminal, as its theme has them.
const (
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	bold   = "\x1b[1m"
	plain  = "\x1b[0m"
)

func (s style) in(colour, text string) string {
	if !s.colours || text == "" {
		return text
	}
	return colour + text + plain
}

// outcome is the text in the colour of an outcome; that of none as it is.
func (s style) outcome(o correlate.Outcome, text string) string {
	switch o {
	case correlate.Healthy:
		return s.in(green, text)
	case correlate.Regressed:
		return s.in(red, text)
	case correlate.Inconclusive:
		return s.in(yellow, text)
	}
	return text
}

// pad fills a text up to a width with spaces. Colours come after it: they have a length and no width.
func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(text)))
}

// width is the narrowest terminal that shows everything.
const width = 80

// The columns of both tables.
const (
	serviceWidth = 15
	versionWidth = 7
	nameWidth    = 20
)
