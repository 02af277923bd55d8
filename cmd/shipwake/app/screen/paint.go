package screen

import (
	"io"
	"strings"
)

// Open takes a terminal over: what it showed comes back with Close.
func Open(out io.Writer) error {
	_, err := io.WriteString(out, "\x1b[?1049h\x1b[?25l")
	return err
}

// Close gives the terminal back.
func Close(out io.Writer) error {
	_, err := io.WriteString(out, "\x1b[?25h\x1b[?1049l")
	return err
}

// Paint shows a text in the place of what a terminal shows, as much of it as fits: of more it says how many lines are below. It
// is one write, and nothing is blank in between, so that it doesn't flicker.
func (s Screen) Paint(out io.Writer, text string) error {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if len(lines) > s.Height && s.Height > 1 {
		below := len(lines) - s.Height + 1
		lines = append(lines[:s.Height-1:s.Height-1], s.Styled(Faint, s.Signs(more(below))))
	}
	var b strings.Builder
	b.WriteString("\x1b[H")
	for i, line := range lines {
		if i > 0 {
			b.WriteString("\r\n") // of a terminal in raw mode, too
		}
		b.WriteString(line + "\x1b[K")
	}
	b.WriteString("\x1b[J")
	_, err := io.WriteString(out, b.String())
	return err
}
