package app

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/confmap/provider/httpprovider"
	"go.opentelemetry.io/collector/confmap/provider/httpsprovider"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"

	"github.com/shipwake/shipwake/cmd/shipwake/app/renames"
)

// defaultConfig is the configuration of a daemon that was given none.
//
//go:embed default.yaml
var defaultConfig []byte

// demoConfig is what the demo lays over it.
//
//go:embed demo.yaml
var demoConfig []byte

// The URIs of the built-in configurations, so that a file can be layered over them:
// --config builtin:default --config mine.yaml.
const (
	builtinDefault = "builtin:default"
	builtinDemo    = "builtin:demo"
)

// configFlags is what the command line says about the configuration.
type configFlags struct {
	configs  []string
	sets     []string
	envFiles []string
}

// addEnvFiles adds the flag of files with variables.
func (f *configFlags) addEnvFiles(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.envFiles, "env-file", nil,
		"`file` with lines of NAME=value for ${env:NAME} in the configuration; what the environment itself has wins")
}

// uris is the configuration as the Collector resolves it: later ones win, maps merge and lists replace.
func (f configFlags) uris() ([]string, error) {
	uris := append([]string{}, f.configs...)
	if len(uris) == 0 {
		uris = append(uris, builtinDefault)
	}
	for _, set := range f.sets {
		key, value, ok := strings.Cut(set, "=")
		if !ok {
			return nil, errors.New("--set: want key=value, e.g. --set=extensions.correlate.lateness=1m") // what it is may be a secret
		}
		uris = append(uris, "yaml:"+strings.ReplaceAll(strings.TrimSpace(key), ".", "::")+": "+strings.TrimSpace(value))
	}
	return uris, nil
}

// renamedKeys are the keys that have another name than in an earlier release; docs/upgrade.md says how long the old one is read.
var renamedKeys []renames.Key

// resolver is how configuration URIs are read, with the files that hold variables.
func resolver(uris []string, envFiles ...string) confmap.ResolverSettings {
	return resolverOf(uris, renamedKeys, nil, envFiles...)
}

// resolverOf reads some old names of keys too, and tells of those it meets; nil: by a warning.
func resolverOf(uris []string, old []renames.Key, told func(renames.Use), envFiles ...string) confmap.ResolverSettings {
	whole := func(f confmap.ProviderFactory) confmap.ProviderFactory { return renames.Provider(f, old, told) }
	return confmap.ResolverSettings{
		URIs:          uris,
		DefaultScheme: "env",
		ProviderFactories: []confmap.ProviderFactory{
			confmap.NewProviderFactory(func(confmap.ProviderSettings) confmap.Provider { return builtin{} }),
			newEnvironment(envFiles),
			whole(fileprovider.NewFactory()),
			whole(yamlprovider.NewFactory()),
			whole(httpprovider.NewFactory()),
			whole(httpsprovider.NewFactory()),
		},
		ConverterFactories: []confmap.ConverterFactory{confmap.NewConverterFactory(newExposure)},
	}
}

// builtin provides the configurations that are part of the binary.
type builtin struct{}

func (builtin) Scheme() string                 { return "builtin" }
func (builtin) Shutdown(context.Context) error { return nil }

func (builtin) Retrieve(_ context.Context, uri string, _ confmap.WatcherFunc) (*confmap.Retrieved, error) {
	switch uri {
	case builtinDefault:
		return confmap.NewRetrievedFromYAML(defaultConfig)
	case builtinDemo:
		return confmap.NewRetrievedFromYAML(demoConfig)
	}
	return nil, fmt.Errorf("there is no built-in configuration %q; there are %s and %s", uri, builtinDefault, builtinDemo)
}
