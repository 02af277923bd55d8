package deploy_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEveryExampleOfABackendLoads: each file in collector/, laid over the built-in configuration.
func TestEveryExampleOfABackendLoads(t *testing.T) {
	for _, name := range []string{"ELASTIC_API_KEY", "DD_API_KEY", "NEW_RELIC_LICENSE_KEY"} {
		t.Setenv(name, "hush")
	}
	t.Setenv("ELASTIC_OTLP_ENDPOINT", "https://elastic.example")
	files, err := filepath.Glob("collector/*.yaml")
	require.NoError(t, err)
	require.Len(t, files, 5)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			code, stdout, stderr := shipwake(t, "validate", "--config", "builtin:default", "--config", file)
			require.Zero(t, code, stderr)
			require.Equal(t, "The configuration is valid.\n", stdout)
		})
	}
}
