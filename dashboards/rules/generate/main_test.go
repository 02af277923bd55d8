package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheRulesAreWrittenIntoADirectory(t *testing.T) {
	dir := t.TempDir()
	var said bytes.Buffer
	require.NoError(t, run([]string{"-out", dir, "-selector", `job="x"`}, &said))
	for _, name := range []string{"rules.yaml", "alerts.yaml", "kubernetes/prometheusrule.yaml"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Contains(t, string(text), `{job="x"}`)
	}
	require.ErrorContains(t, run([]string{"-out", dir, "-objective", "2"}, &said), "objective: 2 is not between 0 and 1")
	require.Error(t, run([]string{"-nonsense"}, &said))
	require.Contains(t, said.String(), "-selector", "the flags are listed")
}
