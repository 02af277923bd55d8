package doratable

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/term"
)

// Screen is what a table is written on.
type Screen struct {
	Width   int  // in characters; at least Narrowest
	Plain   bool // it shows no more than ASCII
	Colours bool
}

// Narrowest is the least width that tables are laid out for.
const Narrowest = 80

// ScreenOf is the screen behind a file, nil for none. What isn't a terminal takes UTF-8 in the least width.
func ScreenOf(file *os.File, getenv func(string) string) Screen {
	s := Screen{Width: Narrowest}
	if file == nil || !term.IsTerminal(int(file.Fd())) {
		return s
	}
	if width, _, err := term.GetSize(int(file.Fd())); err == nil {
		s.Width = max(s.Width, width)
	}
	if columns, err := strconv.Atoi(getenv("COLUMNS")); err == nil {
		s.Width = max(Narrowest, columns)
	}
	s.Plain = !utf8Locale(getenv)
	s.Colours = getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
	return s
}

// utf8Locale says whether the locale is one of UTF-8, as POSIX has it: the first of three variables that is set decides.
func utf8Locale(getenv func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if value := strings.ToLower(getenv(name)); value != "" {
			return strings.Contains(value, "utf-8") || strings.Contains(value, "utf8")
		}
	}
	return false
}

// The escapes of a terminal.
const (
	bold  = "\x1b[1m"
	faint = "\x1b[2m"
	reset = "\x1b[0m"
)

// styled is text in a style, where the screen has colours.
func (s Screen) styled(style, text string) string {
	if !s.Colours || text == "" {
		return text
	}
	return style + text + reset
}

// plain are the signs that are not ASCII, in ASCII.
var plain = strings.NewReplacer("–", "-", "…", "...", "→", "->", "·", " ")

// signs are text in what the screen can show.
func (s Screen) signs(text string) string {
	if !s.Plain {
		return text
	}
	return plain.Replace(text)
}
