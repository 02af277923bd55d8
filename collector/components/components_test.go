package components

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/receiver"
)

func TestEveryReceiverIsListed(t *testing.T) {
	c := New("v1", "", nil)
	var types []string
	for _, f := range c.Receivers() {
		types = append(types, f.Type().String())
	}
	slices.Sort(types)
	require.Equal(t, []string{
		"change_kafka", "change_kubernetes", "change_pull", "change_webhook", "otlp", "telemetry_prometheus", "telemetry_remote_write", "verdicts",
	}, types)
	require.Equal(t, "correlate", c.Correlate.Type().String())
	require.Equal(t, "correlate", c.Door.Type().String())
}

func TestTheComponentsOfAProcessAreMadeOnce(t *testing.T) {
	require.Equal(t, []receiver.Factory{Shared().OTLP, Shared().Verdicts}, []receiver.Factory{Shared().OTLP, Shared().Verdicts})
	require.NotSame(t, New("v1", "", nil).Verdicts, Shared().Verdicts)
}

// TestEveryFolderIsInTheManifest: what the builder can call is in the example that it is run with.
func TestEveryFolderIsInTheManifest(t *testing.T) {
	manifest, err := os.ReadFile("../../deploy/builder/manifest.yaml")
	require.NoError(t, err)
	entries, err := os.ReadDir(".")
	require.NoError(t, err)
	folders := 0
	for _, e := range entries {
		if e.IsDir() {
			folders++
			require.Contains(t, string(manifest), module+"/collector/components/"+filepath.Base(e.Name())+"\n")
		}
	}
	require.Equal(t, 10, folders)
}

func TestTheVersionIsThatOfTheModule(t *testing.T) {
	for name, c := range map[string]struct {
		info *debug.BuildInfo
		want string
	}{
		"in somebody's Collector": {&debug.BuildInfo{Deps: []*debug.Module{{Path: "x"}, {Path: module, Version: "v1.2.3"}}}, "v1.2.3"},
		"nowhere":                 {&debug.BuildInfo{}, "devel"},
		"without information":     {nil, "devel"},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, versionIn(c.info)) })
	}
}

// TestTheManifestHasTheVersionsOfTheModule: else the builder would mix two releases of the Collector.
func TestTheManifestHasTheVersionsOfTheModule(t *testing.T) {
	read := func(path string) string {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		return string(text)
	}
	own := read("../../go.mod")
	modules := regexp.MustCompile(`(?m)^  - gomod: (go\.opentelemetry\.io/\S+ v\S+)`).FindAllStringSubmatch(read("../../deploy/builder/manifest.yaml"), -1)
	require.NotEmpty(t, modules)
	for _, m := range modules {
		require.Contains(t, own, m[1])
	}
	builder := regexp.MustCompile(`collector/cmd/builder@(v\S+)`)
	for _, file := range []string{"../../deploy/deploy.mk", "../../deploy/builder/README.md"} {
		require.Contains(t, own, "go.opentelemetry.io/collector/otelcol "+builder.FindStringSubmatch(read(file))[1], file)
	}
}
