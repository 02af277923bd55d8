package renames

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

type m = map[string]any

var table = []Key{
	{"extensions::correlate::wait", "extensions::correlate::lateness", "v0.5.0"},
	{"extensions::correlate::observe", "extensions::correlate::window::watch", "v0.5.0"},
	{"receivers::change_webhook::sources::*::token", "receivers::change_webhook::sources::*::secret", "v0.6.0"},
	{"receivers::telemetry_prometheus::servers::*::every", "receivers::telemetry_prometheus::servers::*::poll", "v0.6.0"},
}

func TestOldKeysAreRenamed(t *testing.T) {
	for name, c := range map[string]struct {
		conf, want m
		uses       []Use
	}{
		"what has no old name stays as it is": {m{"extensions": m{"correlate": m{"lateness": "1m"}}}, m{"extensions": m{"correlate": m{"lateness": "1m"}}}, nil},
		"a key of a component": {m{"extensions": m{"correlate": m{"wait": "1m", "other": 1}}}, m{"extensions": m{"correlate": m{"lateness": "1m", "other": 1}}},
			[]Use{{"extensions::correlate::wait", "extensions::correlate::lateness", "v0.5.0"}}},
		"a key that moves into a section that isn't there": {m{"extensions": m{"correlate": m{"observe": "1h"}}}, m{"extensions": m{"correlate": m{"window": m{"watch": "1h"}}}},
			[]Use{{"extensions::correlate::observe", "extensions::correlate::window::watch", "v0.5.0"}}},
		"a key that moves into a section that is empty": {m{"extensions": m{"correlate": m{"observe": "1h", "window": nil}}}, m{"extensions": m{"correlate": m{"window": m{"watch": "1h"}}}},
			[]Use{{"extensions::correlate::observe", "extensions::correlate::window::watch", "v0.5.0"}}},
		"each source of a named instance": {
			m{"receivers": m{"change_webhook/two": m{"sources": m{"a": m{"token": "x"}, "b": m{"token": "y"}}}}},
			m{"receivers": m{"change_webhook/two": m{"sources": m{"a": m{"secret": "x"}, "b": m{"secret": "y"}}}}},
			[]Use{
				{"receivers::change_webhook/two::sources::a::token", "receivers::change_webhook/two::sources::a::secret", "v0.6.0"},
				{"receivers::change_webhook/two::sources::b::token", "receivers::change_webhook/two::sources::b::secret", "v0.6.0"},
			}},
		"in a list": {
			m{"receivers": m{"telemetry_prometheus": m{"servers": []any{m{"poll": "1s"}, m{"every": "2s"}}}}},
			m{"receivers": m{"telemetry_prometheus": m{"servers": []any{m{"poll": "1s"}, m{"poll": "2s"}}}}},
			[]Use{{"receivers::telemetry_prometheus::servers::1::every", "receivers::telemetry_prometheus::servers::1::poll", "v0.6.0"}}},
		"another component of a longer name is another": {m{"extensions": m{"correlated": m{"wait": "1m"}}}, m{"extensions": m{"correlated": m{"wait": "1m"}}}, nil},
		"no map at all": {m{"extensions": m{"correlate": "text"}}, m{"extensions": m{"correlate": "text"}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			uses, err := Apply(table, c.conf)
			require.NoError(t, err)
			require.Equal(t, c.uses, uses)
			require.Equal(t, c.want, c.conf)
		})
	}
}

func TestAKeyUnderBothNamesIsRefused(t *testing.T) {
	_, err := Apply(table, m{"extensions": m{"correlate": m{"wait": "s3cret", "lateness": "2m"}}})
	require.EqualError(t, err, "extensions::correlate::wait and extensions::correlate::lateness are the same setting, and both are set: "+
		"remove extensions::correlate::wait, which is the old name")
	_, err = Apply(table, m{"extensions": m{"correlate": m{"observe": "1h", "window": "s3cret"}}})
	require.EqualError(t, err, "extensions::correlate::observe, the old name of extensions::correlate::window::watch: extensions::correlate::window must be a map")
}

// resolve reads layers of YAML as the Collector does, and returns what it is told meanwhile.
func resolve(t *testing.T, uris ...string) (*confmap.Conf, []string, error) {
	t.Helper()
	core, logs := observer.New(zap.WarnLevel)
	r, err := confmap.NewResolver(confmap.ResolverSettings{
		URIs: uris, ProviderFactories: []confmap.ProviderFactory{Provider(yamlprovider.NewFactory(), table, nil)},
		ProviderSettings: confmap.ProviderSettings{Logger: zap.New(core)},
	})
	require.NoError(t, err)
	conf, err := r.Resolve(t.Context())
	require.NoError(t, r.Shutdown(t.Context()))
	var said []string
	for _, e := range logs.All() {
		said = append(said, e.ContextMap()["key"].(string)+" → "+e.ContextMap()["use"].(string)+" until "+e.ContextMap()["read_until"].(string))
	}
	return conf, said, err
}

func TestALayerIsRenamedBeforeItIsLaidOverAnother(t *testing.T) {
	want := []string{"extensions::correlate::wait → extensions::correlate::lateness until v0.5.0"}
	conf, said, err := resolve(t, "yaml:extensions: {correlate: {lateness: 30s}}", "yaml:extensions: {correlate: {wait: 1m}}")
	require.NoError(t, err)
	require.Equal(t, "1m", conf.Get("extensions::correlate::lateness"), "the later layer wins, by whatever name")
	require.False(t, conf.IsSet("extensions::correlate::wait"))
	require.Equal(t, want, said)

	conf, said, err = resolve(t, "yaml:extensions::correlate::wait: 2m")
	require.NoError(t, err)
	require.Equal(t, "2m", conf.Get("extensions::correlate::lateness"), "as --set says it")
	require.Equal(t, want, said)
}

func TestWhatIsNoMapIsLeftToTheCollector(t *testing.T) {
	_, said, err := resolve(t, "yaml:just text")
	require.ErrorContains(t, err, "cannot be used as a Conf")
	require.Empty(t, said)
	_, _, err = resolve(t, "yaml:extensions: {correlate: {wait: 1m, lateness: 1m}}")
	require.ErrorContains(t, err, "are the same setting")
}
