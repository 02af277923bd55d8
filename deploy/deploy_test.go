// Package deploy_test answers: does what deploy/ ships fit together, and fit the binary?
package deploy_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/shipwake/shipwake/cmd/shipwake/app"
)

// TestEveryFileIsTested: a file that is added here needs a test that loads it.
func TestEveryFileIsTested(t *testing.T) {
	var found []string
	require.NoError(t, filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && slices.Contains([]string{"helm", "release", "compose/check", "completions"}, filepath.ToSlash(path)) {
			// make test-helm renders the whole chart, make release-dry-run the whole release, make test-compose reads compose.yaml, and
			// cmd/shipwake/reference makes the completions.
			return filepath.SkipDir
		}
		if err == nil && path == filepath.FromSlash("compose/.env") {
			return nil // what secrets.sh made
		}
		if err == nil && !entry.IsDir() && !strings.HasSuffix(path, "_test.go") {
			found = append(found, filepath.ToSlash(path))
		}
		return err
	}))
	require.ElementsMatch(t, []string{
		"Dockerfile", "Dockerfile.dockerignore", "README.md", "container.yaml", "deploy.mk",
		"compose/compose.yaml", "compose/secrets.sh", "compose/.gitignore",
		"compose/prometheus/prometheus.yaml", "compose/alertmanager/alertmanager.yaml",
		"compose/grafana/provisioning/dashboards/shipwake.yaml", "compose/grafana/provisioning/datasources/prometheus.yaml",
		"kubernetes/watch.yaml", "kubernetes/shipwake.yaml", "builder/manifest.yaml", "builder/collector.yaml", "builder/README.md",
		"collector/loki.yaml", "collector/elastic.yaml", "collector/splunk.yaml", "collector/datadog.yaml", "collector/newrelic.yaml",
		"systemd/shipwake.service", "systemd/shipwake.yaml", "systemd/shipwake.sysusers.conf", "systemd/environment", "actions/change/action.yml", "actions/gate/action.yml",
		"argo-rollouts/analysistemplate.yaml",
	}, found)
}

// TestTheReadmeNamesFilesThatExist: its commands are typed as they stand.
func TestTheReadmeNamesFilesThatExist(t *testing.T) {
	for word := range strings.FieldsSeq(read(t, "README.md")) {
		if word = strings.Trim(word, "`,."); strings.HasPrefix(word, "deploy/") {
			require.True(t, exists("../"+word), word)
		}
	}
	require.Regexp(t, `(?m)^image: `, read(t, "deploy.mk"))
	require.Regexp(t, `(?m)^test-deploy: `, read(t, "deploy.mk"))
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.FromSlash(file))
	require.NoError(t, err)
	return string(text)
}

// load decodes a YAML file and refuses keys that the value doesn't have.
func load(t *testing.T, file string, into any) {
	t.Helper()
	decoder := yaml.NewDecoder(strings.NewReader(read(t, file)))
	decoder.KnownFields(true)
	require.NoError(t, decoder.Decode(into), file)
}

// shipwake runs a command line in this process.
func shipwake(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = app.Main(t.Context(), args, &out, &err)
	return code, out.String(), err.String()
}

func exists(path string) bool {
	_, err := os.Stat(filepath.FromSlash(path))
	return err == nil
}
