package setup

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func prepared(t *testing.T, dir string) *Plan {
	t.Helper()
	p, err := Prepare(Defaults(), filepath.Join(dir, "shipwake.yaml"))
	require.NoError(t, err)
	return p
}

func anything(string, string) error { return nil }

func TestWhatIsWrittenCanBeReadByWhomItConcerns(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	p := prepared(t, dir)
	require.NoError(t, p.Write(false, func(config, environment string) error {
		require.NoFileExists(t, p.Config, "it is looked at first")
		variables, err := ReadVariables(environment)
		require.NoError(t, err)
		require.Equal(t, string(p.Secret("SHIPWAKE_GENERIC_SECRET")), variables["SHIPWAKE_GENERIC_SECRET"])
		require.FileExists(t, config)
		return nil
	}))
	for path, mode := range map[string]os.FileMode{
		"environment": 0o600, "shipwake.yaml": 0o644, "prometheus/rules.yaml": 0o644, "prometheus/alerts.yaml": 0o644, "grafana/on-call.json": 0o644,
	} {
		info, err := os.Stat(filepath.Join(dir, path))
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode(), path)
	}
	left, err := filepath.Glob(filepath.Join(dir, ".*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestNothingIsReplacedUnlessThatIsSaid(t *testing.T) {
	dir := t.TempDir()
	first := prepared(t, dir)
	require.NoError(t, first.Write(false, anything))
	second := prepared(t, dir)
	require.NotEqual(t, first.Variables(), second.Variables(), "secrets are new each time")
	require.ErrorContains(t, second.Write(false, anything), "environment is there already: --force replaces what is there, with new secrets")
	variables, err := ReadVariables(first.Environment)
	require.NoError(t, err)
	require.Equal(t, string(first.Secret("SHIPWAKE_GENERIC_SECRET")), variables["SHIPWAKE_GENERIC_SECRET"])
	require.NoError(t, second.Write(true, anything))
	variables, err = ReadVariables(first.Environment)
	require.NoError(t, err)
	require.Equal(t, string(second.Secret("SHIPWAKE_GENERIC_SECRET")), variables["SHIPWAKE_GENERIC_SECRET"])
}

func TestAConfigurationThatCannotBeUsedIsNotWritten(t *testing.T) {
	dir := t.TempDir()
	err := prepared(t, dir).Write(false, func(string, string) error { return errors.New("the sink refuses it") })
	require.ErrorContains(t, err, "nothing is written: the sink refuses it")
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}
