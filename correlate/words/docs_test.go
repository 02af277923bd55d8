package words_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/words"
)

// rows are the table rows of the page about verdicts, by what their first cell names.
func rows(t *testing.T) map[string][]string {
	t.Helper()
	page, err := os.ReadFile("../../docs/verdicts.md")
	require.NoError(t, err)
	found := map[string][]string{}
	for line := range strings.Lines(string(page)) {
		if cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|"); strings.HasPrefix(line, "|") {
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			found[strings.Trim(cells[0], "`")] = cells[1:]
		}
	}
	return found
}

// TestThePageAboutVerdictsSaysWhatVerdictsSay: every reason with its words and, where something is open, its next step;
// every grade; every term of blame.
func TestThePageAboutVerdictsSaysWhatVerdictsSay(t *testing.T) {
	page := rows(t)
	for i, r := range correlate.Reasons() {
		require.Contains(t, page, string(r))
		require.Equal(t, words.Reason(r), page[string(r)][0])
		require.NotEmpty(t, page[string(r)][1])
		if i >= 10 {
			require.Equal(t, words.Explain(checkout(undecided(r)), nil).Next, page[string(r)][1])
		}
	}
	for _, g := range []correlate.Grade{correlate.GradeA, correlate.GradeB, correlate.GradeC, correlate.GradeD} {
		require.Equal(t, []string{words.Grade(g)}, page[string(g)])
	}
	for _, name := range scoreTerms(t) {
		require.Contains(t, page, name)
		for i, logOdds := range []float64{2, -2} {
			says, _, _ := strings.Cut(words.Term{Name: name, LogOdds: logOdds}.Text(), " (")
			if says == name {
				says = ""
			}
			require.True(t, strings.HasPrefix(page[name][i], says), "%s: %q is not %q", name, page[name][i], says)
			require.Equal(t, says == "", page[name][i] == "", name)
		}
	}
}
