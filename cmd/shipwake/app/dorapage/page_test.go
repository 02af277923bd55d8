package dorapage_test

import (
	"flag"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/cmd/shipwake/app/dorapage"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/correlate/dora/stats"
)

var update = flag.Bool("update", false, "write the golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func at(month time.Month, day int) time.Time {
	return time.Date(2026, month, day, 0, 0, 0, 0, time.UTC)
}

func numbers(deployments, failed int) *dora.Numbers {
	perDay := float64(deployments) / 30
	return &dora.Numbers{
		Deployments: deployments, DeploymentsPerDay: &perDay, ChangeFailRate: stats.Part(failed, deployments), ReworkRate: stats.Part(failed, deployments),
		LeadTime: &dora.Duration{N: deployments, Median: 93600, P90: 2e5}, Recovery: &dora.Duration{N: failed, Median: 1500, P90: 4000},
	}
}

func content() dorapage.Content {
	daemon := &url.URL{Scheme: "http", Host: "127.0.0.1:8788"}
	now := numbers(40, 5)
	report := dora.Report{
		Policy: dora.PolicyShipwake, PolicyVersion: 1, Environment: "production", From: at(10, 1), To: at(11, 1), AsOf: at(11, 3), Total: *now,
	}
	past := report
	past.Series = "month"
	past.Periods = []dora.Period{
		{Name: "2026-07", From: at(7, 1), To: at(8, 1), Total: numbers(30, 6)}, {Name: "2026-08", From: at(8, 1), To: at(9, 1)},
		{Name: "2026-09", From: at(9, 1), To: at(10, 1), Total: numbers(1, 1)}, {Name: "2026-10", From: at(10, 1), To: at(11, 1), Total: now},
	}
	return dorapage.Content{
		Month: at(10, 1), Team: "check<out>|", Report: report, Before: *numbers(1, 1), Past: past, Daemon: daemon, Made: at(11, 3),
		Restated: []dora.Restatement{{
			From: at(9, 28), To: at(10, 5), RestatedAt: at(10, 9), Text: "7-day change fail rate 12 % (3 of 25) → 9 % (2 of 22): 3 incidents relinked",
		}},
		Failures: []correlate.ChangeRecord{
			{
				Change: correlate.Change{
					ID: "acme/checkout-1", Service: "checkout", Version: "v2", Team: "checkout", FinishedAt: at(10, 7), URL: "https://user:secret@ci.example/1",
				},
				Verdict: &correlate.Verdict{Outcome: correlate.Regressed, Reason: correlate.ReasonErrorRatio}, RolledBackBy: "checkout-2",
			},
			{Change: correlate.Change{ID: "<script>alert(1)</script>", Service: "cart", StartedAt: at(10, 5), URL: "javascript:alert(1)"}, Incidents: []string{"PD-1"}},
			{Change: correlate.Change{ID: "cart-2", Service: "cart", FinishedAt: at(10, 4)}},
		},
		Quality: &dorapage.Quality{
			Checks: []dorapage.Check{
				{Name: "deployments_without_commits", Share: stats.Part(12, 40), Examples: []string{"a", "b", "c", "d"}},
				{Name: "late_facts", Share: stats.Part(0, 3)}, {Name: "services_without_team"},
			},
			OwnerMistakes: []string{"catalog-info.yaml:3: no owner"},
		},
	}
}

func html(t *testing.T, c dorapage.Content) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, dorapage.HTML(&b, c))
	return b.String()
}

func markdown(t *testing.T, c dorapage.Content) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, dorapage.Markdown(&b, c, func(l dorapage.Line) string { return l.Chart.ID + ".svg" }))
	return b.String()
}

func TestThePage(t *testing.T) {
	golden(t, "page.html", html(t, content()))
	golden(t, "page.md", markdown(t, content()))
}

func TestThePageTellsWhatALeaderAsks(t *testing.T) {
	for name, text := range map[string]string{"html": html(t, content()), "markdown": strings.ReplaceAll(markdown(t, content()), `\`, "")} {
		for _, want := range []string{
			"Delivery in October 2026", "policy shipwake v1", "12.5 %", "5.5–26.1 %", "5 of 40", "1 of 1", "12 % (3 of 25) → 9 % (2 of 22): 3 incidents relinked",
			"9 October 2026", "http://127.0.0.1:8788/changes/acme%2Fcheckout-1", "rolled back by checkout-2", "incidents: PD-1",
			"deployments without commits", "30.0 % (12 of 40)", "a, b, c, …", "0 of 3", "no owner", "mean answer 1.9 of 10, about 19 %",
			"2026-08: no data", "The dashed line is 2025 survey mean 19 %.",
		} {
			require.Contains(t, text, want, name)
		}
		require.NotContains(t, text, "100.0 %", "one failure of one is no percentage: "+name)
		require.NotContains(t, text, "secret", name)
	}
}

func TestThePageStandsForItselfAndRunsNothing(t *testing.T) {
	text := html(t, content())
	for _, no := range []string{"<script", "javascript:", "onload", "@import", "url(", "<link", "<img", "src="} {
		require.NotContains(t, text, no)
	}
	require.Contains(t, text, "&lt;script&gt;")
	require.Equal(t, 5, strings.Count(text, `role="img"`))
	require.Equal(t, 5, strings.Count(text, "<desc"), "each chart is told in words")
	require.Contains(t, text, "prefers-color-scheme:dark")
	require.Contains(t, text, "@media print")
}

func TestAMonthWithoutAnythingIsNoZero(t *testing.T) {
	c := dorapage.Content{Month: at(10, 1), Daemon: &url.URL{}, Made: at(10, 3)}
	c.Report.To = at(11, 1)
	text := html(t, c)
	require.Equal(t, 10, strings.Count(text, ">–<"), "five metrics, this month and the one before")
	require.Contains(t, text, "which is not over")
	require.Contains(t, text, "so no failure can be told")
	require.Contains(t, text, "No number of a week")
	require.Contains(t, text, "The daemon doesn't tell.")
	c.Report.Total = *numbers(7, 0)
	require.Contains(t, html(t, c), "None of 7 deployments")
	c.Failures, c.More = content().Failures, true
	require.Contains(t, html(t, c), "The newest 3 are listed.")
}

var (
	palette = regexp.MustCompile(`:root\{([^}]*)\}`)
	colour  = regexp.MustCompile(`--([a-z]+):#([0-9a-f]{6})`)
)

// luminance is the relative luminance of a colour, as WCAG 2 has it.
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	value, err := strconv.ParseUint(hex, 16, 32)
	require.NoError(t, err)
	part := func(shift uint) float64 {
		v := float64(value>>shift&0xff) / 255
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*part(16) + 0.7152*part(8) + 0.0722*part(0)
}

func TestTextStandsOutFromItsPaper(t *testing.T) {
	found := palette.FindAllStringSubmatch(html(t, content()), -1)
	require.Len(t, found, 3, "light, dark and paper")
	for _, p := range found {
		colours := map[string]float64{}
		for _, c := range colour.FindAllStringSubmatch(p[1], -1) {
			colours[c[1]] = luminance(t, c[2])
		}
		for _, name := range []string{"ink", "muted", "accent", "reference"} {
			light, dark := max(colours[name], colours["paper"]), min(colours[name], colours["paper"])
			require.GreaterOrEqual(t, (light+0.05)/(dark+0.05), 4.5, name+" on "+p[1])
		}
	}
}
