package dashboards_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

func TestRecordingRulesAreNamedByLevelMetricAndOperation(t *testing.T) {
	for _, r := range rules(t, "rules.yaml") {
		require.Regexp(t, `^[a-z_]+:shipwake_[a-z_]+:[a-z0-9_]+$`, r.Record)
		require.NotContains(t, r.Record, "_total")
	}
}

func TestAlertsSayWhatToDo(t *testing.T) {
	pages := map[string]bool{}
	for _, r := range rules(t, "alerts.yaml") {
		require.Regexp(t, `^([A-Z][a-z]+)+$`, r.Alert)
		require.NotEmpty(t, r.For, r.Alert)
		require.Contains(t, []string{"critical", "warning"}, r.Labels["severity"], r.Alert)
		for _, text := range []string{"summary", "description"} {
			require.NotEmpty(t, r.Annotations[text], "%s: %s", r.Alert, text)
		}
		require.Equal(t, "https://github.com/shipwake/shipwake/blob/main/docs/runbooks/"+r.Alert+".md", r.Annotations["runbook_url"])
		page, err := os.ReadFile("../docs/runbooks/" + r.Alert + ".md")
		require.NoError(t, err, "the alert has its page")
		require.Contains(t, string(page), "`"+r.Labels["severity"]+"`", r.Alert)
		for _, part := range []string{"# " + r.Alert, "## What it means", "## What to do", "## When it ends"} {
			require.Contains(t, string(page), part+"\n", r.Alert)
		}
		pages[r.Alert+".md"] = true
	}
	found, err := os.ReadDir("../docs/runbooks")
	require.NoError(t, err)
	require.Len(t, found, len(pages), "no page without its alert")
}

// TestRunbooksAskForWhatExists: metrics that a page names are in the catalog.
func TestRunbooksAskForWhatExists(t *testing.T) {
	pages, err := filepath.Glob("../docs/runbooks/*.md")
	require.NoError(t, err)
	for _, page := range pages {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, name := range regexp.MustCompile(`\bshipwake_\w+`).FindAllString(string(text), -1) {
			require.NotNil(t, labelsOf(t, name), "%s: %s", page, name)
		}
	}
}

func TestEveryRuleHasATest(t *testing.T) {
	files, err := filepath.Glob("prometheus/tests/*.yaml")
	require.NoError(t, err)
	var tests strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		tests.Write(text)
	}
	for _, r := range rules(t, "rules.yaml") {
		require.Regexp(t, regexp.QuoteMeta(r.Record)+`\b`, tests.String())
	}
	for _, r := range rules(t, "alerts.yaml") {
		require.Regexp(t, `alertname: `+r.Alert+`\b.*exp_alerts: \[\]|alertname: `+r.Alert+`\n`, tests.String())
	}
}

// TestPromtool asks Prometheus's own tool, when there is one on this machine: `make test-dashboards` sees to that.
func TestPromtool(t *testing.T) {
	path, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("SKIP promtool: not found; make test-dashboards gets it")
	}
	run := func(args ...string) {
		out, err := exec.Command(path, args...).CombinedOutput()
		require.NoError(t, err, "promtool %s\n%s", strings.Join(args, " "), out)
	}
	tests, err := filepath.Glob("prometheus/tests/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, tests)
	run("check", "rules", "prometheus/rules.yaml", "prometheus/alerts.yaml")
	run(append([]string{"test", "rules"}, tests...)...)
	run("check", "rules", asRules(t))
}

// asRules writes every expression of the dashboard as a rule, so that promtool parses it.
func asRules(t *testing.T) string {
	t.Helper()
	type record struct {
		Record string            `yaml:"record"`
		Expr   string            `yaml:"expr"`
		Labels map[string]string `yaml:"labels"`
	}
	var records []record
	all := expressions(t)
	for _, where := range slices.Sorted(maps.Keys(all)) {
		records = append(records, record{"panel:query:parsed", all[where], map[string]string{"at": where}})
	}
	text, err := yaml.Marshal(map[string]any{"groups": []any{map[string]any{"name": "panels", "rules": records}}})
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "panels.yaml")
	require.NoError(t, os.WriteFile(file, text, 0o600))
	return file
}
