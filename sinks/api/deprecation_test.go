package api

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWhatIsToGoSaysSoInItsHeader(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 3, n, 12, 0, 0, 0, time.UTC) }
	table := []deprecation{
		{"/old", "", day(1), day(20), "https://example.com/new"},
		{"/mixed", "from", day(2), day(22), "https://example.com/from"},
		{"/mixed", "since", day(3), day(21), "https://example.com/since"},
	}
	link := func(guide string) []string {
		return []string{"<" + guide + `>; rel="deprecation"; type="text/html"`, "<" + guide + `>; rel="sunset"; type="text/html"`}
	}
	for name, c := range map[string]struct {
		target, deprecation, sunset string
		links                       []string
	}{
		"a whole path":                    {"/old", "@1772366400", "Fri, 20 Mar 2026 12:00:00 GMT", link("https://example.com/new")},
		"a parameter that is given":       {"/mixed?since=1h", "@1772539200", "Sat, 21 Mar 2026 12:00:00 GMT", link("https://example.com/since")},
		"several parameters":              {"/mixed?since=1h&from=x", "@1772452800", "Sat, 21 Mar 2026 12:00:00 GMT", slices.Concat(link("https://example.com/from"), link("https://example.com/since"))},
		"a parameter that isn't given":    {"/mixed?to=x", "", "", nil},
		"a path of which nothing will go": {"/stays?since=1h", "", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			path, _, _ := strings.Cut(c.target, "?")
			w := httptest.NewRecorder()
			answer := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, "answer") })
			announced(table, path, answer).ServeHTTP(w, httptest.NewRequest(http.MethodGet, c.target, nil))
			require.Equal(t, "\"answer\"\n", w.Body.String())
			require.Equal(t, c.deprecation, w.Header().Get("Deprecation"))
			require.Equal(t, c.sunset, w.Header().Get("Sunset"))
			require.Equal(t, c.links, w.Header().Values("Link"))
		})
	}
}

// TestOpenAPIMarksWhatIsToGo: deprecated: true stands with what the table names, and with nothing else.
func TestOpenAPIMarksWhatIsToGo(t *testing.T) {
	named := map[[2]string]bool{}
	for _, d := range deprecations {
		require.True(t, d.sunset.After(d.since), "%s %s", d.path, d.parameter)
		named[[2]string{strings.ReplaceAll(d.path, "...", ""), d.parameter}] = true
	}
	d := load(t)
	for path, methods := range d.Paths {
		require.Equal(t, named[[2]string{path, ""}], methods["get"].Deprecated, path)
		for _, p := range methods["get"].Parameters {
			if p.Ref != "" {
				p = resolve(t, p.Ref, "parameters", d.Components.Parameters)
			}
			require.Equal(t, named[[2]string{path, p.Name}], p.Deprecated, "%s %s", path, p.Name)
		}
	}
}
