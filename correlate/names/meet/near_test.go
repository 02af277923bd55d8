package meet

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestNearNamesAreOffered(t *testing.T) {
	known := []string{"Production", "checkout", "acme/search", "prod-eu", "staging"}
	for name, want := range map[string][]string{
		"prdo-eu":  {"prod-eu"},
		"chekout":  {"checkout"},
		"CHECKOUT": {"checkout"},
		"prod":     {"prod-eu", "Production"},
		"search":   {"acme/search"},
		"ghost":    nil,
		"":         nil,
	} {
		require.Equal(t, want, Near(name, known), "%q", name)
	}
}

func TestWhatIsNearestComesFirst(t *testing.T) {
	known := []string{"acme/search", "cart", "chart", "checkout", strings.Repeat("x", 1000)}
	require.Equal(t, []string{"chart", "cart", "checkout", "acme/search", known[4]}, ByNearness("char", known), "of all there is")
	require.Equal(t, known, ByNearness(strings.Repeat("y", 1000), known), "what is too long to compare is near nothing")
}

// TestEditsIsADistance: 0 for equal texts only, the same in both directions, and never more than all of both.
func TestEditsIsADistance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOfN(rapid.SampledFrom([]rune("abc-")), 0, 8)
		a, b := text.Draw(t, "a"), text.Draw(t, "b")
		n := edits(a, b)
		require.Equal(t, string(a) == string(b), n == 0)
		require.Equal(t, n, edits(b, a))
		require.LessOrEqual(t, n, max(len(a), len(b)))
		require.GreaterOrEqual(t, n, max(len(a), len(b))-min(len(a), len(b)))
	})
}
