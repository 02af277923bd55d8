package webhook

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/shipwake/shipwake/collector/source/all"
	"github.com/shipwake/shipwake/correlate"
)

func load(values map[string]any) (*Config, error) {
	cfg := NewFactory(all.Sources(), &correlate.Tally{}).CreateDefaultConfig().(*Config)
	if err := confmap.NewFromStringMap(values).Unmarshal(cfg); err != nil {
		return nil, err
	}
	return cfg, confmap.Validate(cfg)
}

func TestTheDefaultsAreValid(t *testing.T) {
	cfg, err := load(map[string]any{})
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:8787", cfg.ServerConfig.NetAddr.Endpoint)
	require.Equal(t, int64(5<<20), cfg.MaxBodySize)
	require.Len(t, cfg.sources(), len(all.Sources()), "every source there is")
	require.Positive(t, cfg.ServerConfig.ReadHeaderTimeout)
	require.Positive(t, cfg.ServerConfig.ReadTimeout)
}

func TestAConfigurationIsRead(t *testing.T) {
	cfg, err := load(map[string]any{
		"endpoint":      "127.0.0.1:9000",
		"max_body_size": 1000,
		"sources": map[string]any{
			"generic":  nil,
			"cdevents": map[string]any{"secrets": "s3cret"},
			"acme":     map[string]any{"type": "github", "secret": "s3cret", "secrets": []any{"older"}},
			"alertmanager": map[string]any{
				"secret_file": "/run/secrets/am", "service_labels": []any{"team_service"},
			},
		},
	})
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:9000", cfg.ServerConfig.NetAddr.Endpoint)
	require.Equal(t, map[string]SourceConfig{
		"generic":      {},
		"cdevents":     {Secrets: []configopaque.String{"s3cret"}},
		"acme":         {Type: "github", Secret: "s3cret", Secrets: []configopaque.String{"older"}},
		"alertmanager": {SecretFile: "/run/secrets/am", Own: OwnKeys{"service_labels": []any{"team_service"}}},
	}, cfg.Sources)
	require.NotContains(t, fmt.Sprintf("%v %+v", cfg, cfg), "s3cret")
}

func TestAWrongConfigurationNamesTheKey(t *testing.T) {
	source := func(s map[string]any) map[string]any { return map[string]any{"generic": s} }
	for name, c := range map[string]struct {
		values map[string]any
		want   string
	}{
		"an unknown key":                   {map[string]any{"sauces": nil}, `unknown key "sauces"; the known ones are allow_unauthenticated, auth,`},
		"a misspelled secret":              {map[string]any{"sources": source(map[string]any{"secrett": "s3cret"})}, "sources::generic::secrett: there is no such key"},
		"a key of another source":          {map[string]any{"sources": source(map[string]any{"service_labels": []any{"a"}})}, "sources::generic::service_labels: there is no such key"},
		"an own key with a wrong value":    {map[string]any{"sources": map[string]any{"alertmanager": map[string]any{"service_labels": []any{""}}}}, "sources::alertmanager::service_labels: must name labels"},
		"an unknown source":                {map[string]any{"sources": map[string]any{"nosuch": nil}}, `sources::nosuch::type: there is no source "nosuch"; the known ones are alertmanager, `},
		"an unknown type":                  {map[string]any{"sources": map[string]any{"acme": map[string]any{"type": "git"}}}, `sources::acme::type: there is no source "git"`},
		"an unset secret":                  {map[string]any{"sources": source(map[string]any{"secret": ""})}, "secret is empty"},
		"a null secret":                    {map[string]any{"sources": source(map[string]any{"secret": nil})}, "secret is empty"},
		"an unset file":                    {map[string]any{"sources": source(map[string]any{"secret_file": ""})}, "secret_file is empty"},
		"an unset single":                  {map[string]any{"sources": source(map[string]any{"secrets": ""})}, "secrets is empty: set it (is an environment variable unset?)"},
		"an unset second":                  {map[string]any{"sources": source(map[string]any{"secrets": []any{"a", ""}})}, "sources::generic::secrets[1]: is empty"},
		"the name of what comes by OTLP":   {map[string]any{"sources": map[string]any{"otlp": map[string]any{"type": "generic"}}}, "sources::otlp: the name is taken"},
		"the name of what telemetry shows": {map[string]any{"sources": map[string]any{"telemetry": map[string]any{"type": "generic"}}}, "sources::telemetry: the name is taken"},
		"a name with a slash":              {map[string]any{"sources": map[string]any{"a/b": map[string]any{"type": "generic"}}}, "sources::a/b: the name is part of a path"},
		"no limit":                         {map[string]any{"max_body_size": 0}, "max_body_size: must be more than 0"},
		"no real limit":                    {map[string]any{"max_body_size": 1 << 31}, "at most 1073741824 bytes"},
		"two limits":                       {map[string]any{"max_request_body_size": 5}, "max_request_body_size: use max_body_size"},
		"other encodings":                  {map[string]any{"compression_algorithms": []any{"zstd"}}, "compression_algorithms"},
		"open to the network":              {map[string]any{"endpoint": "0.0.0.0:8787", "sources": source(nil)}, "sources::generic::secret: the endpoint 0.0.0.0:8787 can be reached from other machines"},
		"all open":                         {map[string]any{"endpoint": ":8787"}, "sources: the endpoint :8787 can be reached from other machines"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(c.values)
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "s3cret")
		})
	}
}

// canary is a secret that a careless hand wrote without quotes, and in wrong places.
const canary = "81726354"

func TestNoErrorRepeatsASecret(t *testing.T) {
	for name, c := range map[string]struct{ yaml, want string }{
		"a number for a secret":       {"sources: {generic: {secret: 81726354}}", "secret: must be text; put it in quotes"},
		"a number for the secrets":    {"sources: {generic: {secrets: 81726354}}", "secrets: must be texts; put each in quotes"},
		"a number among the secrets":  {"sources: {generic: {secrets: [s3cret, 81726354]}}", "secrets: must be texts; put each in quotes"},
		"a fraction":                  {"sources: {generic: {secret: 8.1726354}}", "secret: must be text"},
		"a list for a secret":         {"sources: {generic: {secret: [81726354]}}", "secret: must be text"},
		"a map for a secret":          {"sources: {generic: {secret: {value: '81726354'}}}", "secret: must be text"},
		"a map for the secrets":       {"sources: {generic: {secrets: {value: '81726354'}}}", "secrets: must be texts"},
		"a list in the secrets":       {"sources: {generic: {secrets: [['81726354']]}}", "secrets: must be texts"},
		"a null among the secrets":    {"sources: {generic: {secrets: ['81726354', null]}}", "secrets[1]: is empty"},
		"a secret in the wrong place": {"sources: {generic: '81726354'}", "sources::generic: must be the keys of a source"},
		"a number in the wrong place": {"sources: {generic: 81726354}", "sources::generic: must be the keys of a source"},
		"a list of sources":           {"sources: [81726354]", "sources: must be a map"},
		"a secret for the sources":    {"sources: 81726354", "sources: must be a map"},
		"a number for a file":         {"sources: {generic: {secret_file: 81726354}}", "secret_file"},
		"a misspelled key":            {"sources: {generic: {secrett: 81726354}}", "secrett"},
		"from the environment, a map": {"sources: {generic: {secret: '${env:CANARY_MAP}'}}", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("CANARY_MAP", "{value: 81726354}")
			cfg, err := loadYAML(t, c.yaml)
			require.NotContains(t, fmt.Sprintf("%v %+v", cfg, cfg), canary)
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), canary)
			require.NotContains(t, err.Error(), "1726354")
			require.NotContains(t, err.Error(), "s3cret")
		})
	}
}

func TestSecretsFromTheEnvironment(t *testing.T) {
	secrets := func(s ...configopaque.String) []configopaque.String { return s }
	for name, c := range map[string]struct {
		variable string
		want     []configopaque.String
	}{
		"not set":             {"", []configopaque.String{}},
		"one":                 {"s3cret", secrets("s3cret")},
		"two in a rotation":   {"new, old", secrets("new", "old")},
		"a list in YAML":      {"[new, 'old, older']", secrets("new", "old, older")},
		"digits":              {"81726354", secrets(canary)},
		"digits with a zero":  {"0815", secrets("0815")},
		"what YAML calls yes": {"true", secrets("true")},
		"a date":              {"2026-03-01", secrets("2026-03-01")},
		"digits twice":        {"0815,4711", secrets("0815", "4711")},
	} {
		t.Run(name, func(t *testing.T) {
			if c.variable != "" {
				t.Setenv("HOOK_SECRET", c.variable)
			}
			cfg, err := loadYAML(t, "sources: {generic: {secrets: '${env:HOOK_SECRET:-[]}'}}")
			require.NoError(t, err)
			require.Equal(t, c.want, cfg.Sources["generic"].Secrets)
			if c.variable == "" {
				return
			}
			cfg, err = loadYAML(t, "sources: {generic: {secret: '${env:HOOK_SECRET}', secrets: x, type: generic}}")
			require.NoError(t, err)
			require.Equal(t, SourceConfig{Type: "generic", Secret: configopaque.String(c.variable), Secrets: secrets("x")}, cfg.Sources["generic"])
		})
	}
}

// loadYAML reads a configuration the way that the daemon does.
func loadYAML(t *testing.T, text string) (*Config, error) {
	t.Helper()
	resolver, err := confmap.NewResolver(confmap.ResolverSettings{
		URIs:              []string{"yaml:" + text},
		ProviderFactories: []confmap.ProviderFactory{yamlprovider.NewFactory(), envprovider.NewFactory()},
	})
	require.NoError(t, err)
	defer func() { require.NoError(t, resolver.Shutdown(t.Context())) }()
	conf, err := resolver.Resolve(t.Context())
	require.NoError(t, err)
	cfg := NewFactory(all.Sources(), &correlate.Tally{}).CreateDefaultConfig().(*Config)
	if err := conf.Unmarshal(cfg); err != nil {
		return nil, err
	}
	return cfg, confmap.Validate(cfg)
}

func TestWhatMayBeReachedFromOtherMachines(t *testing.T) {
	for name, values := range map[string]map[string]any{
		"with a secret":               {"endpoint": "0.0.0.0:8787", "sources": map[string]any{"generic": map[string]any{"secret": "s"}}},
		"with a secret file":          {"endpoint": "0.0.0.0:8787", "sources": map[string]any{"generic": map[string]any{"secret_file": "f"}}},
		"because it is wanted":        {"endpoint": "0.0.0.0:8787", "allow_unauthenticated": true},
		"with an extension":           {"endpoint": "0.0.0.0:8787", "auth": map[string]any{"authenticator": "basicauth"}},
		"with client certificates":    {"endpoint": "0.0.0.0:8787", "tls": map[string]any{"client_ca_file": "ca", "cert_file": "c", "key_file": "k"}},
		"not: it is localhost":        {"endpoint": "localhost:8787"},
		"not: it is the IPv6 loop":    {"endpoint": "[::1]:8787"},
		"not: it is a socket in /run": {"endpoint": "/run/shipwake.sock", "transport": "unix"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(values)
			require.NoError(t, err)
		})
	}
}

func TestAMissingSecretFileIsAnErrorAtOnce(t *testing.T) {
	factory := NewFactory(all.Sources(), &correlate.Tally{})
	cfg := factory.CreateDefaultConfig().(*Config)
	cfg.Sources = map[string]SourceConfig{"generic": {SecretFile: t.TempDir() + "/absent"}}
	_, err := factory.CreateLogs(t.Context(), receivertest.NewNopSettings(Type()), cfg, consumertest.NewNop())
	require.ErrorContains(t, err, "sources::generic: secret_file:")

	cfg.Sources = map[string]SourceConfig{"nosuch": {}}
	_, err = factory.CreateLogs(t.Context(), receivertest.NewNopSettings(Type()), cfg, consumertest.NewNop())
	require.ErrorContains(t, err, "the known ones are alertmanager, ")
}
