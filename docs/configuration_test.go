package docs_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/shipwake/shipwake/cmd/shipwake/app"
)

// sections are the top-level keys of a configuration. A block that begins with one is laid over the built-in configuration as it stands.
var sections = []string{"extensions", "receivers", "processors", "exporters", "connectors", "service"}

// places are where blocks belong that begin further down, by their first key, or by page and first key.
var places = map[string]string{
	"access":                             "extensions correlate",
	"gate":                               "extensions correlate sinks",
	"signals":                            "extensions correlate",
	"docs/rollback.md sinks":             "extensions correlate",
	"docs/sources/github.md github":      "receivers change_webhook sources",
	"docs/sources/gitlab.md parameters":  "receivers change_webhook sources gitlab",
	"docs/sources/grafana.md parameters": "receivers change_webhook sources grafana",
}

// foreign are first keys of what is configured elsewhere: of Kubernetes, Prometheus, CI systems; on any page, or on one.
var foreign = []string{
	"apiVersion", "strategy", "analysis", "spec", "finally", // Kubernetes, Argo Rollouts, Flagger, Tekton
	"scrape_configs", "remote_write", "rule_files", "storage", "route", // Prometheus, Alertmanager
	"steps", "jobs", "on", "deploy", "verify", "smoke", "rollback", // CI systems
	"docs/tasks/compose.md services",        // Compose
	"rest",                                  // Spinnaker
	"record", "columns", "title", "current", // files of ours that are no configuration: of imports, mappings, profiles
}

const (
	secret = "user:a secret of a test" // a token, and a name with its password
	hash   = "$2a$12$tCIjGYpmv8YOKoBrCY0O7.soJNXIJHj1dazmsg9oI69IW/nnL0Ieu"
)

var file = regexp.MustCompile(`/(etc|run/secrets)/[a-z-/]+(\.pem)?`)

var variable = regexp.MustCompile(`\$\{env:[A-Za-z_0-9]+(:-[^}]*)?\}`)

// TestConfigurationLoads: every piece of configuration on every page is taken by the loader of the daemon.
func TestConfigurationLoads(t *testing.T) {
	loaded := 0
	for _, p := range pages(t) {
		for _, b := range p.blocks("yaml") {
			whole := placed(t, p, b)
			if whole == nil {
				continue
			}
			loaded++
			t.Run(fmt.Sprintf("%s:%d", p.path, b.line), func(t *testing.T) {
				file := filepath.Join(t.TempDir(), "mine.yaml")
				require.NoError(t, os.WriteFile(file, whole, 0o600))
				code, said := shipwake(t, "validate", "--config", "builtin:default", "--config", file)
				require.Zero(t, code, "%s\n%s", said, whole)
			})
		}
	}
	require.Greater(t, loaded, 60)
}

// placed is a block as a whole configuration, nil when it isn't ours.
func placed(t *testing.T, p page, b block) []byte {
	t.Helper()
	var content yaml.Node
	require.NoError(t, yaml.Unmarshal([]byte(b.code), &content), "%s:%d", p.path, b.line)
	require.NotEmpty(t, content.Content, "%s:%d is empty", p.path, b.line)
	top := content.Content[0]
	if top.Kind != yaml.MappingNode { // steps of a CI system
		return nil
	}
	first := top.Content[0].Value
	if first == "receivers" && top.Content[1].Kind == yaml.SequenceNode { // of Alertmanager
		return nil
	}
	switch place, ok := place(p.path, first); {
	case ok:
		code := b.code
		for _, key := range slices.Backward(strings.Fields(place)) {
			code = key + ":\n" + indented(code)
		}
		b.code = code
	case slices.Contains(foreign, first), slices.Contains(foreign, p.path+" "+first):
		return nil
	default:
		require.Contains(t, sections, first, "%s:%d: docs/configuration_test.go has to know where it belongs", p.path, b.line)
	}
	code := variable.ReplaceAllStringFunc(b.code, stands)
	code = file.ReplaceAllStringFunc(code, func(path string) string { return filed(t, path) })
	return []byte(strings.ReplaceAll(code, "$2y$12$...", hash))
}

// stands is what stands in the place of a variable.
func stands(name string) string {
	key := base64.StdEncoding.EncodeToString(make([]byte, 32))
	switch {
	case strings.Contains(name, "URL"):
		return "https://ci.example.com"
	case strings.Contains(name, "WEBHOOK_SECRET"):
		return "whsec_" + key
	case strings.Contains(name, "SEAL_KEY"):
		return key
	}
	return secret
}

// filed is the path of a file in the place of one that a page names.
func filed(t *testing.T, path string) string {
	t.Helper()
	content := []byte(secret)
	if strings.HasSuffix(path, ".pem") {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		require.NoError(t, err)
		content = pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	}
	at := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(at, content, 0o600))
	return at
}

func place(path, first string) (string, bool) {
	if at, ok := places[path+" "+first]; ok {
		return at, true
	}
	at, ok := places[first]
	return at, ok
}

func indented(code string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(code, "\n"), "\n", "\n  ") + "\n"
}

// shipwake runs a command line in this process.
func shipwake(t *testing.T, args ...string) (code int, said string) {
	t.Helper()
	var out bytes.Buffer
	code = app.Main(t.Context(), args, &out, &out)
	return code, out.String()
}
