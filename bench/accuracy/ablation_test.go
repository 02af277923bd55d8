package accuracy

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryGuardHasAName(t *testing.T) {
	seen := map[string]bool{}
	for _, g := range Guards() {
		require.NotEmpty(t, g.What, g.Name)
		require.False(t, seen[g.Name], "two guards are named %s", g.Name)
		seen[g.Name] = true
	}
}

func TestAnAblationOnlyAsksForGuardsThatAreListed(t *testing.T) {
	cfg, set := configured()
	DriveWith(cfg, kinds()[0].build(1))
	listed := map[string]bool{}
	for _, g := range Guards() {
		listed[g.Name] = true
	}
	require.NotEmpty(t, set.Asked())
	for _, name := range set.Asked() {
		require.True(t, listed[name], name)
	}
}

func TestAnAblationGoesOnWhereItWasStopped(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ablation.jsonl")
	study := Study{Seed: 1, Placebos: 1, Only: []string{"restarts", "grace"}, Together: true}
	var first, second []Ablated
	require.NoError(t, study.Ablate(t.Context(), file, func(a Ablated) { first = append(first, a) }))
	require.NoError(t, study.Ablate(t.Context(), file, func(a Ablated) { second = append(second, a) }))
	require.NotEmpty(t, first)
	require.Empty(t, second, "what is known is not driven again")
	known, err := ReadAblated(file)
	require.NoError(t, err)
	require.Equal(t, first, known)
	require.Contains(t, AblationPage(known), "| restarts, grace | all of these |")
}

func TestACutLineOfResultsIsAnError(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ablation.jsonl")
	require.NoError(t, os.WriteFile(file, []byte(`{"Case":"a","Bad":1}`+"\n"+`{"Case":`), 0o600))
	_, err := ReadAblated(file)
	require.ErrorContains(t, err, ":2:")
}

func TestAGainIsWhatTheGuardChanged(t *testing.T) {
	all := []Ablated{
		{Case: "a", Set: "generator", Asked: []string{"grace"}, Sum: Sum{Bad: 1, Found: 1, Seconds: 60}},
		{Case: "a", Set: "generator", Without: "grace", Sum: Sum{Bad: 1, Found: 0}},
		{Case: "b", Set: "generator", Asked: []string{"grace"}, Sum: Sum{Healthy: 1, Cleared: 1}},
		{Case: "d", Set: "generator", Asked: []string{"dose", "grace"}},
		{Case: "e", Set: "generator", Asked: []string{"dose"}},
		{Case: "b", Set: "generator", Without: "grace", Sum: Sum{Healthy: 1, Alarms: 1}},
		{Case: "c", Set: "elsewhere", Without: "grace", Sum: Sum{Healthy: 1, Alarms: 1}},
	}
	g := gains(all, "grace", func(set string) bool { return set == "generator" })
	require.Contains(t, Gains(all), Gained{Name: "grace", Found: 1, Alarms: -1, Cleared: 1})
	require.Equal(t, "3 | 2 | 2 | +1 | -1 | +1 | · | · | +60", g.String())
}

func TestACorpusIsAFolderOfCases(t *testing.T) {
	_, err := Corpus{Dir: t.TempDir()}.cases()
	require.ErrorContains(t, err, "truth.json")
}
