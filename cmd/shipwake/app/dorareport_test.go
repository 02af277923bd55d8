package app

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/sinks/api"
)

// leader is a daemon that a page is asked of, with so many months of a past.
type leader struct {
	*httptest.Server
	months int
	mu     sync.Mutex
	asked  []string
}

func newLeader(t *testing.T, months int) *leader {
	l := &leader{months: months}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		l.asked = append(l.asked, r.URL.String())
		l.mu.Unlock()
		answer := map[string]any{
			"/api/v1/dora": l.report(r.URL.Query().Get("series")), "/api/v1/dora/restatements": api.Restatements{},
			"/api/v1/changes": api.Changes{Changes: []correlate.ChangeRecord{{Change: correlate.Change{ID: "acme/cart-1", Service: "cart"}}}, Next: "/more"},
		}[r.URL.Path]
		if answer == nil {
			w.WriteHeader(http.StatusNotFound)
			answer = api.Error{Error: "no such path"}
		}
		if err := json.NewEncoder(w).Encode(answer); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(l.Close)
	return l
}

func (l *leader) report(series string) dora.Report {
	r := report()
	r.Series, r.By, r.Groups = dora.Calendar(series), "", nil
	for i := range 12 {
		p := dora.Period{Name: time.Date(2026, time.Month(i+1), 1, 0, 0, 0, 0, time.UTC).Format("2006-01")}
		if i >= 12-l.months {
			p.Total = &dora.Numbers{Deployments: 1}
		}
		r.Periods = append(r.Periods, p)
	}
	return r
}

// urls are what was asked, in order.
func (l *leader) urls() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.asked)
}

func TestAPageOfAMonthIsAskedFor(t *testing.T) {
	l := newLeader(t, 3)
	dir := filepath.Join(t.TempDir(), "reports")
	code, stdout, stderr := shipwake(t, "dora", "report", "--api", l.URL, "--month", "2026-02", "--zone", "Europe/Berlin", "--team", "Check out/../x",
		"--format", "html", "--out", dir, "--links", "https://shipwake.example.com")
	require.Zero(t, code, stderr)
	const scope, month = "&team=Check+out%2F..%2Fx", "from=2026-01-31T23%3A00%3A00Z"
	require.Equal(t, []string{
		"/api/v1/dora?" + month + scope + "&to=2026-02-28T23%3A00%3A00Z",
		"/api/v1/dora?from=2025-12-31T23%3A00%3A00Z" + scope + "&to=2026-01-31T23%3A00%3A00Z",
		"/api/v1/dora?from=2025-02-28T23%3A00%3A00Z&series=month" + scope + "&to=2026-02-28T23%3A00%3A00Z&zone=Europe%2FBerlin",
		"/api/v1/dora/restatements?" + month + scope + "&to=2026-03-07T23%3A00%3A00Z&window=7d",
		"/api/v1/changes?counted=failures&" + month + "&limit=200" + scope + "&to=2026-02-28T23%3A00%3A00Z",
		"/api/v1/quality?" + month + scope + "&to=2026-02-28T23%3A00%3A00Z",
	}, l.urls())
	page := filepath.Join(dir, "dora-2026-02-check-out-..-x.html")
	require.Contains(t, stdout, page+"\n")
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Contains(t, string(text), "https://shipwake.example.com/changes/acme%2Fcart-1")
	require.Contains(t, string(text), "The newest 1 are listed.")
	require.Contains(t, string(text), "The daemon doesn't tell.")
	images, err := filepath.Glob(filepath.Join(dir, "*.svg"))
	require.NoError(t, err)
	require.Len(t, images, 5)
}

func TestAShortPastIsShownByWeek(t *testing.T) {
	l := newLeader(t, 2)
	code, stdout, stderr := shipwake(t, "dora", "report", "--api", l.URL, "--month", "2026-02")
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "# Delivery in February 2026: all teams")
	require.Contains(t, stdout, "lead time by week: 2026-11: no data", "what was before is left out")
	require.Contains(t, l.urls(), "/api/v1/dora?from=2025-12-01T00%3A00%3A00Z&series=week&to=2026-03-01T00%3A00%3A00Z", "from a Monday")
}

func TestWhatIsNoPageIsAnError(t *testing.T) {
	for want, args := range map[string][]string{
		"--format pdf: want markdown, html or svg":          {"--format", "pdf"},
		"say where with --out":                              {"--format", "svg"},
		`--month: "October" is not a month such as 2026-10`: {"--month", "October"},
		"--month 9999-01 has not begun":                     {"--month", "9999-01"},
		"--zone":                                            {"--zone", "Atlantis"},
		"--links: want the address":                         {"--links", "javascript:alert(1)"},
	} {
		code, stdout, stderr := shipwake(t, append([]string{"dora", "report", "--api", "http://127.0.0.1:1"}, args...)...)
		require.Equal(t, 1, code)
		require.Empty(t, stdout)
		require.Contains(t, stderr, want)
	}
}
