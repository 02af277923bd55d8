// Package screen answers: what is an answer written on, and what can that show?
//
// A terminal has a width, perhaps colours, and can be painted over. What isn't one takes all there is, without colours.
package screen

import (
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/term"
)

// Screen is what an answer is written on.
type Screen struct {
	Width    int  // in characters; at least Narrowest
	Height   int  // in lines; 0 when it isn't a terminal
	Terminal bool // it can be painted over
	Plain    bool // it shows no more than ASCII
	Colours  bool
}

// Narrowest is the least width that is laid out for.
const Narrowest = 80

// standardHeight is that of a terminal that doesn't tell.
const standardHeight = 24

// Of is the screen behind a writer. What isn't a terminal takes UTF-8 in the least width. NO_COLOR, TERM=dumb and COLUMNS are
// minded.
func Of(out io.Writer, getenv func(string) string) Screen {
	s := Screen{Width: Narrowest}
	file, ok := out.(*os.File)
	if !ok || file == nil || !term.IsTerminal(int(file.Fd())) {
		return s
	}
	s.Height = standardHeight
	if width, height, err := term.GetSize(int(file.Fd())); err == nil {
		s.Width, s.Height = max(s.Width, width), max(height, 2)
	}
	if columns, err := strconv.Atoi(getenv("COLUMNS")); err == nil {
		s.Width = max(Narrowest, columns)
	}
	s.Terminal = getenv("TERM") != "dumb"
	s.Plain = !utf8Locale(getenv)
	s.Colours = s.Terminal && getenv("NO_COLOR") == ""
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

// Style is how text stands out.
type Style string

// The styles. None of them alone says anything: whatever has a colour says it in words too.
const (
	Plain  Style = ""
	Bold   Style = "\x1b[1m"
	Faint  Style = "\x1b[2m"
	Red    Style = "\x1b[31m"
	Green  Style = "\x1b[32m"
	Yellow Style = "\x1b[33m"
)

const reset = "\x1b[0m"

// Styled is text in a style, where the screen has colours.
func (s Screen) Styled(style Style, text string) string {
	if !s.Colours || text == "" || style == Plain {
		return text
	}
	return string(style) + text + reset
}

// plain are the signs that are not ASCII, in ASCII.
var plain = strings.NewReplacer("–", "-", "…", "...", "→", "->", "·", " ", "×", "x", "“", `"`, "”", `"`)

// Signs are text in what the screen can show.
func (s Screen) Signs(text string) string {
	if !s.Plain {
		return text
	}
	return plain.Replace(text)
}
