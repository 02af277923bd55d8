package rules_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/shipwake/shipwake/dashboards/rules"
)

func TestWhatIsShippedIsWhatTheDefaultsMake(t *testing.T) {
	files, err := rules.Files(rules.Default())
	require.NoError(t, err)
	require.Len(t, files, 3)
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join("../prometheus", name))
		require.NoError(t, err)
		require.Equal(t, string(want), string(got), "go generate ./dashboards/rules writes it")
	}
}

func TestTheManifestHasTheRulesOfBothFiles(t *testing.T) {
	files, err := rules.Files(rules.Default())
	require.NoError(t, err)
	var recording, alerts struct{ Groups []any }
	var manifest struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string
		Spec       struct{ Groups []any }
	}
	require.NoError(t, yaml.Unmarshal(files[rules.RecordingFile], &recording))
	require.NoError(t, yaml.Unmarshal(files[rules.AlertsFile], &alerts))
	require.NoError(t, yaml.Unmarshal(files[rules.KubernetesFile], &manifest))
	require.Equal(t, "monitoring.coreos.com/v1", manifest.APIVersion)
	require.Equal(t, "PrometheusRule", manifest.Kind)
	require.Equal(t, append(recording.Groups, alerts.Groups...), manifest.Spec.Groups)
}

// TestParametersReachTheRules: a selector is asked of every metric, and no default stays.
func TestParametersReachTheRules(t *testing.T) {
	p := rules.Parameters{
		Selector: `job="shipwake",cluster=~"eu-.*"`, Runbooks: "https://wiki.example.com/runbooks", Links: "https://shipwake.example.com/",
		Confidence: 0.95, Radius: 7, RecoveryWithin: 90 * time.Minute, Objective: 0.99, BurnRate: 6, LeastChanges: 33, LeastIncidents: 44,
		Inconclusive: 0.77, FalseAlarms: 0.05, Silence: 36 * time.Hour, Lag: 11 * time.Minute,
	}
	files, err := rules.Files(p)
	require.NoError(t, err)
	alerts := string(files[rules.AlertsFile])
	for _, want := range []string{
		">= 0.95", ">= 7)", "> 5400", "> 0.06", ">= 33", ">= 44", "> 0.77", "0.05 *", "[129600000ms]", "> 660",
		"https://wiki.example.com/runbooks/RecoveryOverdue.md", "https://shipwake.example.com/changes/{{ $labels.change_id }}",
	} {
		require.Contains(t, alerts, want)
	}
	ours := regexp.MustCompile(`(?:^|[^:\w])shipwake_\w+[^\w]?`)
	for name, text := range files {
		for line := range strings.Lines(string(text)) {
			if _, expr, is := strings.Cut(line, "expr: "); is {
				for _, m := range ours.FindAllString(expr, -1) {
					require.True(t, strings.HasSuffix(m, "{"), "%s: %s in %s", name, m, expr)
				}
				require.NotContains(t, expr, ",}")
			}
		}
	}
	require.Contains(t, alerts, `shipwake_change_verdict{job="shipwake",cluster=~"eu-.*",verdict="regressed"}`)
}

func TestParametersThatAreWrongAreRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		edit func(p *rules.Parameters)
		want string
	}{
		"a selector in braces":               {func(p *rules.Parameters) { p.Selector = `{job="x"}` }, `selector: "{job=\"x\"}" is not a list of label matchers`},
		"a selector that ends an expression": {func(p *rules.Parameters) { p.Selector = `job="x"} or up{a="b"` }, "selector:"},
		"runbooks that are nowhere":          {func(p *rules.Parameters) { p.Runbooks = "docs" }, `runbooks: "docs" is not an http or https address`},
		"links of another scheme":            {func(p *rules.Parameters) { p.Links = "ftp://x" }, "links:"},
		"an objective in percent":            {func(p *rules.Parameters) { p.Objective = 99.9 }, "objective: 99.9 is not between 0 and 1"},
		"no time at all":                     {func(p *rules.Parameters) { p.RecoveryWithin = 0 }, "recovery-within: must be more than 0"},
	} {
		p := rules.Default()
		tc.edit(&p)
		_, err := rules.Files(p)
		require.ErrorContains(t, err, tc.want, name)
	}
}
