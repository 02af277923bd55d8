package app

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/otelcol"

	"github.com/shipwake/shipwake/cmd/shipwake/app/renames"
)

func TestFlagsBecomeConfiguration(t *testing.T) {
	for name, c := range map[string]struct {
		flags configFlags
		want  []string
	}{
		"nothing is the default": {configFlags{}, []string{"builtin:default"}},
		"a file replaces it":     {configFlags{configs: []string{"mine.yaml"}}, []string{"mine.yaml"}},
		"a setting alone is laid over the default": {
			configFlags{sets: []string{"extensions.correlate.lateness = 1m"}},
			[]string{"builtin:default", "yaml:extensions::correlate::lateness: 1m"},
		},
		"settings come after files": {
			configFlags{configs: []string{"builtin:default", "mine.yaml"}, sets: []string{"a.b=[x, y]"}},
			[]string{"builtin:default", "mine.yaml", "yaml:a::b: [x, y]"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.flags.uris()
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestTheBuiltInConfigurationsAreValid(t *testing.T) {
	for name, args := range map[string][]string{
		"the default":                  {"validate"},
		"the demo's over it":           {"validate", "--config", builtinDefault, "--config", builtinDemo},
		"the default, one key changed": {"validate", "--set=extensions.correlate.lateness=1m"},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := shipwake(t, args...)
			require.Zero(t, code, stderr)
			require.Equal(t, "The configuration is valid.\n", stdout)
		})
	}
}

func TestTheDefaultMayBeCopiedAndEdited(t *testing.T) {
	_, printed, _ := shipwake(t, "config")
	file := filepath.Join(t.TempDir(), "mine.yaml")
	require.NoError(t, os.WriteFile(file, []byte(printed), 0o600))
	code, _, stderr := shipwake(t, "validate", "--config", file)
	require.Zero(t, code, stderr)
}

func TestASecretFromTheEnvironmentIsUsed(t *testing.T) {
	args := []string{"validate", "--set=receivers.change_webhook.endpoint=0.0.0.0:8787"}
	code, _, stderr := shipwake(t, args...)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "can be reached from other machines")
	for _, source := range []string{"GENERIC", "CDEVENTS", "GITHUB", "ALERTMANAGER"} {
		t.Setenv("SHIPWAKE_"+source+"_SECRET", "one")
	}
	t.Setenv("SHIPWAKE_GITHUB_SECRET", "[one, two]")
	code, _, stderr = shipwake(t, args...)
	require.Zero(t, code, stderr)
}

func TestUnknownKeysAndComponentsAreNamedWithTheKnownOnes(t *testing.T) {
	for name, c := range map[string]struct{ set, want string }{
		"at the top": {"extension.correlate.lateness=1m",
			"extension: there is no such key in the configuration; known in its place are connectors, exporters, extensions, processors, receivers, service"},
		"of the extension": {"extensions.correlate.latenes=1m",
			"extensions::correlate::latenes: there is no such key in the configuration; known in its place are abandon_after, access, adopt_after,"},
		"in a section of it": {"extensions.correlate.window.basline=1m",
			"extensions::correlate::window::basline: there is no such key in the configuration; known in its place are baseline, grace, min_healthy, watch"},
		"in a list": {"extensions.correlate.signals=[{nam: x}]", "extensions::correlate::signals::0::nam: there is no such key"},
		"in an optional section": {"receivers.otlp.protocols.grpc.endpont=x",
			"receivers::otlp::protocols::grpc::endpont: there is no such key in the configuration; known in its place are auth,"},
		"in a map":       {"receivers.change_webhook.sources.github.secrt=x", "known in its place are keep_environment_names, release_environment, secret, secret_file, secrets,"},
		"of the service": {"service.pipelins.x=1", "service::pipelins: there is no such key in the configuration; known in its place are extensions, pipelines, telemetry"},
		"of the logs":    {"service.telemetry.logs.lvl=x", "service::telemetry::logs::lvl: there is no such key"},
		"an extension":   {"extensions.nope.a=1", `unknown type: "nope" for id: "nope" (valid values: [`},
		"a source":       {"receivers.change_webhook.sources.nosuch.secret=x", `there is no source "nosuch"; the known ones are alertmanager, `},
		"in a pipeline":  {"service.pipelines.logs.receivers=[foo]", `references receiver "foo" which is not configured`},
	} {
		t.Run(name, func(t *testing.T) {
			code, _, stderr := shipwake(t, "validate", "--set", c.set)
			require.Equal(t, 1, code)
			require.Contains(t, stderr, c.want)
		})
	}
}

func TestAKeyOfOneSourceIsNoUnknownKey(t *testing.T) {
	own := "--set=receivers.change_webhook.sources.alertmanager.service_labels=[team]"
	code, _, stderr := shipwake(t, "validate", own)
	require.Zero(t, code, stderr)
	code, _, stderr = shipwake(t, "validate", own, "--set=extensions.correlate.windw=1")
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "extensions::correlate::windw: there is no such key")
	require.NotContains(t, stderr, "service_labels")
}

func TestAFileOfItsOwnIsToldHowToBeLaidOver(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mine.yaml")
	require.NoError(t, os.WriteFile(file, []byte("extensions: {correlate: {lateness: 1m}}"), 0o600))
	code, _, stderr := shipwake(t, "validate", "--config", file)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "--config builtin:default --config")
	code, _, stderr = shipwake(t, "validate", "--config", "builtin:default", "--config", file)
	require.Zero(t, code, stderr)
}

func TestEveryComponentIsListed(t *testing.T) {
	code, stdout, stderr := shipwake(t, "components")
	require.Zero(t, code, stderr)
	for _, name := range []string{
		"otlp", "change_webhook", "change_kafka", "change_pull", "change_kubernetes", "verdicts", "batch", "memory_limiter", "correlate", "otlp_http", "debug", "nop", "zpages",
	} {
		require.Contains(t, stdout, "name: "+name+"\n")
	}
}

func TestWhichRequestsNeedNoDecodingIsListed(t *testing.T) {
	_, stdout, _ := shipwake(t, "components")
	require.Contains(t, stdout, "    - receiver: otlp\n      signal: traces\n      read: direct\n")

	code, stdout, stderr := shipwake(t, "components", "--set=processors.batch={}", "--set=service.pipelines.traces.processors=[batch]")
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "    - receiver: otlp\n      signal: traces\n      read: decoded\n")
	require.Contains(t, stdout, "    - receiver: otlp\n      signal: logs\n      read: direct\n")
}

// TestAKeyWithAnOldNameIsReadWithAWarning: a row of the table is all that it takes, in a file over the built-in configuration
// as well as by --set.
func TestAKeyWithAnOldNameIsReadWithAWarning(t *testing.T) {
	table := []renames.Key{{Old: "extensions::correlate::patience", New: "extensions::correlate::window::watch", Gone: "v0.5.0"}}
	file := filepath.Join(t.TempDir(), "mine.yaml")
	require.NoError(t, os.WriteFile(file, []byte("extensions: {correlate: {patience: 45m}}"), 0o600))
	for name, more := range map[string]string{"a file": file, "--set": "yaml:extensions::correlate::patience: 45m"} {
		t.Run(name, func(t *testing.T) {
			uris := []string{builtinDefault, more}
			set, err := settings(uris, t.TempDir(), nil)
			require.NoError(t, err)
			var told []string
			tell := func(u renames.Use) { told = append(told, u.String()) }
			set.ConfigProviderSettings.ResolverSettings = resolverOf(uris, table, tell)
			collector, err := otelcol.NewCollector(set)
			require.NoError(t, err)
			require.NoError(t, collector.DryRun(t.Context()), "what is called otherwise is read strictly")
			require.Contains(t, told, "extensions::correlate::patience is called extensions::correlate::window::watch now; the old name is read until v0.5.0, which no longer has it")
			conf, err := resolve(resolverOf(uris, table, tell))
			require.NoError(t, err)
			require.Equal(t, "45m", conf.Get("extensions::correlate::window::watch"))

			set.ConfigProviderSettings.ResolverSettings = resolverOf(uris, nil, nil)
			collector, err = otelcol.NewCollector(set)
			require.NoError(t, err)
			require.ErrorContains(t, explain(collector.DryRun(t.Context()), set), "extensions::correlate::patience: there is no such key")
		})
	}
}
