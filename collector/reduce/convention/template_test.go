package convention

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestTemplate(t *testing.T) {
	for message, want := range map[string]string{
		"connection refused":                              "connection refused",
		"order 4711 of customer 12 failed after 3.5s":     "order * of customer * failed after *",
		"[pay][order: 12-af-99] can't charge":             "pay order * af * can t charge",
		"user=bob cart=\"a b\": no such cart":             "user * cart * no such cart",
		"Verbindung zu 10.0.0.1:5432 abgewiesen – später": "Verbindung zu * abgewiesen später",
		"":                              "",
		" -- !! ":                       "",
		"a b c d e f g h i j k l m n o": "a b c d e f g h i j k l",
	} {
		require.Equal(t, want, string(Template(nil, message)), message)
	}
	require.Equal(t, "log no route", string(Template([]byte("log "), "no route")))
}

func TestTemplatesAreShortAndValid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		message := rapid.String().Draw(t, "message")
		got := string(Template(nil, message))
		require.LessOrEqual(t, len(got), mostRead+mostWords)
		require.LessOrEqual(t, len(strings.Fields(got)), mostWords)
		require.True(t, utf8.ValidString(got))
		require.NotContains(t, got, "* *")
	})
}
