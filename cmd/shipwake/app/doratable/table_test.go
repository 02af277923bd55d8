package doratable_test

import (
	"encoding/csv"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/cmd/shipwake/app/doratable"
	"github.com/shipwake/shipwake/cmd/shipwake/app/screen"
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

func day(n int) time.Time { return time.Date(2026, 3, n, 0, 0, 0, 0, time.UTC) }

func numbers(deployments, failed int) dora.Numbers {
	perDay := float64(deployments) / 7
	oldest := 3600.0
	return dora.Numbers{
		Deployments: deployments, DeploymentsPerDay: &perDay, Redeployments: 1, Pending: 1, Inconclusive: 2, Unjudged: 3,
		ChangeFailRate: stats.Part(failed, deployments), ReworkRate: stats.Part(1, deployments),
		LeadTime: &dora.Duration{N: deployments, Median: 93600, P90: 2e5, Mean: 1e5}, NegativeLeadTimes: 1,
		Recovery: &dora.Duration{N: failed, Median: 1500, P90: 4000, Mean: 1800}, OpenFailures: 1, OldestOpenFailure: &oldest,
	}
}

func report() dora.Report {
	first, second, all := numbers(6, 2), numbers(1, 1), numbers(20, 3)
	all.DeployFailed, all.Unattributed = 2, 1
	return dora.Report{
		Policy: dora.PolicyShipwake, PolicyVersion: 1, Environment: "production", OtherEnvironments: []string{"staging"},
		From: day(2), To: day(23), AsOf: day(20), Total: all,
		Series: "week", Zone: "UTC",
		Periods: []dora.Period{
			{Name: "2026-W10", From: day(2), To: day(9), Total: &first},
			{Name: "2026-W11", From: day(9), To: day(16)},
			{Name: "2026-W12", From: day(16), To: day(23), Partial: true, Total: &second},
		},
	}
}

func byTeam() dora.Report {
	r := report()
	r.By = dora.ByTeam
	small := numbers(1, 1)
	r.Groups = []dora.Numbers{numbers(20, 2), small, {Group: "a team with a name that is longer than any column"}}
	r.Groups[0].Group, r.Groups[1].Group = "payments", "=search|*x*"
	r.Periods[0].Groups, r.Periods[2].Groups = r.Groups[:1], r.Groups[1:2]
	return r
}

func TestTables(t *testing.T) {
	for name, r := range map[string]dora.Report{"series": report(), "team": byTeam()} {
		t.Run(name, func(t *testing.T) {
			var table, plain, markdown, values strings.Builder
			require.NoError(t, doratable.Table(&table, r, screen.Screen{Width: 80}))
			require.NoError(t, doratable.Table(&plain, r, screen.Screen{Width: 80, Plain: true}))
			require.NoError(t, doratable.Markdown(&markdown, r))
			require.NoError(t, doratable.CSV(&values, r))
			golden(t, name+".table", table.String())
			golden(t, name+".plain", plain.String())
			golden(t, name+".md", markdown.String())
			golden(t, name+".csv", values.String())
			for i := range plain.Len() {
				require.Less(t, plain.String()[i], byte(utf8.RuneSelf), "nothing but ASCII where the terminal has no more")
			}
			rows, err := csv.NewReader(strings.NewReader(values.String())).ReadAll()
			require.NoError(t, err)
			require.Len(t, rows, 1+(1+len(r.Periods))*(1+len(r.Groups))-missing(r), "a row for each group that a period has, and for the whole")
		})
	}
}

// missing is how many groups periods don't have.
func missing(r dora.Report) (n int) {
	for _, p := range r.Periods {
		n += len(r.Groups) - len(p.Groups)
	}
	return n
}

func TestATableFitsTheTerminal(t *testing.T) {
	long := byTeam()
	for i := range 60 {
		n := numbers(i, 0)
		long.Periods = append(long.Periods, dora.Period{Name: fmt.Sprint("2027-W", i), Total: &n, Groups: []dora.Numbers{n}})
	}
	for _, width := range []int{80, 100, 132, 240} {
		for _, r := range []dora.Report{report(), byTeam(), long} {
			var b strings.Builder
			require.NoError(t, doratable.Table(&b, r, screen.Screen{Width: width}))
			for line := range strings.Lines(b.String()) {
				require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimRight(line, "\n")), width, line)
			}
		}
	}
}

func TestOneFailureOfOneIsNoPercentage(t *testing.T) {
	r := report()
	r.Total = numbers(1, 1)
	var b strings.Builder
	require.NoError(t, doratable.Table(&b, r, screen.Screen{Width: 80}))
	require.Contains(t, b.String(), "1 of 1")
	require.NotContains(t, b.String(), "100.0 %")
	require.Contains(t, b.String(), "2026-W11", "a period without data is there")
	require.Contains(t, b.String(), "–")
}

func TestColoursAreForTerminals(t *testing.T) {
	for _, colours := range []bool{true, false} {
		var b strings.Builder
		require.NoError(t, doratable.Table(&b, report(), screen.Screen{Width: 80, Colours: colours}))
		require.Equal(t, colours, strings.Contains(b.String(), "\x1b["))
	}
}
