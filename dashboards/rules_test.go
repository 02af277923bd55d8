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
		require.Regexp(t, `^[a-z_]+:shipwake_[a-z_]+:[a-z0-9]+$`, r.Record)
		require.NotContains(t, r.Record, "_total")
	}
}

func TestAlertsSayWhatToDo(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	for _, r := range rules(t, "alerts.yaml") {
		require.Regexp(t, `^([A-Z][a-z]+)+$`, r.Alert)
		require.NotEmpty(t, r.For, r.Alert)
		require.Contains(t, []string{"critical", "warning"}, r.Labels["severity"], r.Alert)
		for _, text := range []string{"summary", "description"} {
			require.NotEmpty(t, r.Annotations[text], "%s: %s", r.Alert, text)
		}
		_, anchor, _ := strings.Cut(r.Annotations["runbook_url"], "#")
		require.Equal(t, strings.ToLower(r.Alert), anchor)
		require.Contains(t, string(readme), "\n### "+r.Alert+"\n", "the runbook has it")
	}
}

func TestEveryRuleHasATest(t *testing.T) {
	for rulesFile, key := range map[string]func(rule) string{
		"rules.yaml":  func(r rule) string { return r.Record },
		"alerts.yaml": func(r rule) string { return "alertname: " + r.Alert },
	} {
		tests, err := os.ReadFile("prometheus/tests/" + rulesFile)
		require.NoError(t, err)
		for _, r := range rules(t, rulesFile) {
			require.Regexp(t, regexp.QuoteMeta(key(r))+`\b`, string(tests))
		}
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
