package screen_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/cmd/shipwake/app/screen"
)

func TestWhatIsNoTerminalTakesTextWithoutColours(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	everything := func(name string) string {
		return map[string]string{"COLUMNS": "200", "TERM": "xterm", "LANG": "C"}[name]
	}
	require.Equal(t, screen.Screen{Width: 80}, screen.Of(file, everything))
	require.Equal(t, screen.Screen{Width: 80}, screen.Of(&bytes.Buffer{}, everything))
	require.Equal(t, screen.Screen{Width: 80}, screen.Of((*os.File)(nil), everything))
	require.Equal(t, "red", screen.Screen{}.Styled(screen.Red, "red"))
	require.Equal(t, "\x1b[31mred\x1b[0m", screen.Screen{Colours: true}.Styled(screen.Red, "red"))
	require.Equal(t, `3 -> 4 "x"`, screen.Screen{Plain: true}.Signs("3 → 4 “x”"))
}

func TestTextIsCutByTheColumnsThatItTakes(t *testing.T) {
	for name, c := range map[string]struct {
		text, cut, middle string
		columns           int
	}{
		"what fits stays":                {"checkout", "checkout", "checkout", 8},
		"what is too long has a sign":    {"checkout-service", "checkou…", "chec…ice", 8},
		"a character of the East is two": {"日本語サーチ", "日本語サ…", "日本…ーチ", 9},
		"an accent is none":              {"cafe\u0301s", "cafe\u0301s", "cafe\u0301s", 5},
		"hardly any room":                {"checkout", "c…", "c…", 2},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.cut, screen.Cut(c.text, c.columns))
			require.Equal(t, c.middle, screen.CutMiddle(c.text, c.columns))
			require.LessOrEqual(t, screen.Columns(screen.CutMiddle(c.text, c.columns)), c.columns)
		})
	}
}

func TestAPaintingIsNoHigherThanTheScreen(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, screen.Screen{Height: 3}.Paint(&b, "1\n2\n3\n4\n"))
	require.Equal(t, "\x1b[H1\x1b[K\r\n2\x1b[K\r\n… 2 more lines\x1b[K\x1b[J", b.String())
	b.Reset()
	require.NoError(t, screen.Screen{Height: 3}.Paint(&b, "1\n2\n3\n"))
	require.Equal(t, 2, strings.Count(b.String(), "\r\n"), "a last line has no end, or the terminal would scroll")
}
