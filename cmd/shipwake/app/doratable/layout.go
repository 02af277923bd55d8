package doratable

import (
	"strings"
	"unicode/utf8"

	"github.com/shipwake/shipwake/cmd/shipwake/app/screen"
)

// row is one line of figures: a name, a value, its interval, what it was counted from, and how it moved.
type row struct{ name, value, interval, from, trend string }

// Widths of columns, in characters.
const (
	gap        = 2
	leastFrom  = 16
	leastTrend = len("by quarter")
	mostName   = 24
)

// columns are the widths of a row's parts.
type columns struct{ name, value, interval, from, trend int }

// columnsOf fits rows into a width: names are cut before anything else, and of a trend the newest part stays.
func columnsOf(rows []row, width int) columns {
	c := columns{}
	from := leastFrom
	for _, r := range rows {
		c.name = max(c.name, length(r.name))
		c.value = max(c.value, length(r.value))
		c.interval = max(c.interval, length(r.interval))
		c.trend = max(c.trend, length(r.trend))
		from = max(from, length(r.from))
	}
	c.name = min(c.name, mostName)
	rest := width - c.name - c.value - c.interval - 3*gap
	if c.trend > 0 {
		c.trend = min(max(c.trend, leastTrend), max(rest-leastFrom-gap, leastTrend))
		rest -= c.trend + gap
	}
	if rest < leastFrom {
		c.name = max(c.name-leastFrom+rest, leastFrom)
		rest = leastFrom
	}
	c.from = min(from, rest)
	return c
}

// write lays out a row; what doesn't fit of what it was counted from goes on below.
func (c columns) write(b *strings.Builder, s screen.Screen, r row) {
	from := wrapped(r.from, c.from)
	line := pad(cut(r.name, c.name), c.name) + spaces(gap) + s.Styled(screen.Bold, padLeft(r.value, c.value)) + spaces(gap) +
		s.Styled(screen.Faint, pad(r.interval, c.interval)) + spaces(gap)
	if r.trend == "" {
		line += from[0]
	} else {
		line += pad(from[0], c.from) + spaces(gap) + last(r.trend, c.trend)
	}
	b.WriteString(strings.TrimRight(line, " ") + "\n")
	for _, more := range from[1:] {
		b.WriteString(spaces(c.name+c.value+c.interval+3*gap) + more + "\n")
	}
}

// wrapped breaks text into lines: after commas, and after a word where what is between two commas is longer than a line.
func wrapped(text string, width int) []string {
	lines := []string{""}
	add := func(part string) {
		at := len(lines) - 1
		if lines[at] != "" && length(lines[at])+length(strings.TrimRight(part, " ")) > width {
			lines[at] = strings.TrimRight(lines[at], " ")
			lines, at = append(lines, ""), at+1
		}
		lines[at] += part
	}
	for part := range strings.SplitAfterSeq(text, ", ") {
		if length(part) <= width {
			add(part)
			continue
		}
		for word := range strings.SplitAfterSeq(part, " ") {
			add(word)
		}
	}
	return lines
}

func length(text string) int { return utf8.RuneCountInString(text) }

func spaces(n int) string { return strings.Repeat(" ", max(0, n)) }

func pad(text string, width int) string { return text + spaces(width-length(text)) }

func padLeft(text string, width int) string { return spaces(width-length(text)) + text }

// cut is the beginning of text that is too long, and a sign that there is more.
func cut(text string, width int) string {
	if length(text) <= width {
		return text
	}
	return string([]rune(text)[:width-1]) + "…"
}

// last is the end of text that is too long.
func last(text string, width int) string {
	runes := []rune(text)
	return string(runes[max(0, len(runes)-width):])
}
