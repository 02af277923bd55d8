package secret

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

func loaded(t *testing.T, yaml string) *confmap.Conf {
	t.Helper()
	resolver, err := confmap.NewResolver(confmap.ResolverSettings{
		URIs: []string{"yaml:" + yaml}, ProviderFactories: []confmap.ProviderFactory{yamlprovider.NewFactory(), envprovider.NewFactory()}, DefaultScheme: "env",
	})
	require.NoError(t, err)
	conf, err := resolver.Resolve(t.Context())
	require.NoError(t, err)
	return conf
}

func TestManySecrets(t *testing.T) {
	t.Setenv("DIGITS", "0123")
	t.Setenv("SEVERAL", "a, 0b ,c")
	for yaml, want := range map[string][]configopaque.String{
		"{other: 1}":              nil,
		"{k: []}":                 nil,
		"{k: [a, b]}":             {"a", "b"},
		"{k: 'a,b'}":              {"a", "b"},
		"{k: '${env:DIGITS}'}":    {"0123"},
		"{k: ['${env:DIGITS}']}":  {"0123"},
		"{k: '${env:SEVERAL}'}":   {"a", "0b", "c"},
		"{k: '${env:NONE:-[]}'}":  nil,
		"{k: '${env:NONE:-a,b}'}": {"a", "b"},
	} {
		conf := loaded(t, yaml)
		got, err := Many(conf, "k")
		require.NoError(t, err, yaml)
		require.Equal(t, want, got, yaml)
		require.False(t, conf.IsSet("k"), "the key is taken out, so that nobody else reads it")
	}
	for yaml, want := range map[string]string{"{k: 0123}": "k: must be texts", "{k: {a: b}}": "k: must be texts", "{k: [[a]]}": "k: must be texts", "{k: ''}": "k is empty", "{k: ' '}": "k is empty"} {
		_, err := Many(loaded(t, yaml), "k")
		require.ErrorContains(t, err, want, yaml)
	}
}

func TestIs(t *testing.T) {
	secrets := []string{"one", "two", "two"}
	for given, want := range map[string]bool{"one": true, "two": true, "": false, "on": false, "onee": false, "ONE": false, "one,two": false} {
		require.Equal(t, want, Is(given, secrets), given)
	}
	require.False(t, Is("", nil))
}

func TestNoSecretIsPrinted(t *testing.T) {
	core, logs := observer.New(zap.DebugLevel)
	file := filepath.Join(t.TempDir(), "secrets")
	require.NoError(t, os.WriteFile(file, []byte("canary-filed\n"), 0o600))
	l, err := NewLive([]configopaque.String{"canary-fixed"}, "k", file, zap.New(core))
	require.NoError(t, err)
	secrets, first := l.Get()
	require.Equal(t, []string{"canary-fixed", "canary-filed"}, secrets)
	require.NoError(t, os.WriteFile(file, []byte("\n \n"), 0o600))
	for range 3 {
		again, version := l.Get()
		require.Equal(t, secrets, again, "the last ones stay valid")
		require.Equal(t, first, version)
	}
	require.Equal(t, 1, logs.Len(), "said once")
	require.NotContains(t, fmt.Sprint(logs.All()), "canary")
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", l, l, l), "canary")
}
