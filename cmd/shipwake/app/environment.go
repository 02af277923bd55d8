package app

import (
	"context"
	"os"
	"strings"

	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"

	"github.com/shipwake/shipwake/cmd/shipwake/app/setup"
)

// environment provides ${env:NAME}: from the environment, else from the files of --env-file, of which later ones win. They are
// read each time, so that SIGHUP takes in what changed.
type environment struct {
	confmap.Provider
	files []string
}

func newEnvironment(files []string) confmap.ProviderFactory {
	return confmap.NewProviderFactory(func(set confmap.ProviderSettings) confmap.Provider {
		return &environment{envprovider.NewFactory().Create(set), files}
	})
}

func (e *environment) Retrieve(ctx context.Context, uri string, watch confmap.WatcherFunc) (*confmap.Retrieved, error) {
	name, _, _ := strings.Cut(strings.TrimPrefix(uri, e.Scheme()+":"), ":-")
	if _, set := os.LookupEnv(name); set {
		return e.Provider.Retrieve(ctx, uri, watch)
	}
	var value *string
	for _, file := range e.files {
		variables, err := setup.ReadVariables(file)
		if err != nil {
			return nil, err
		}
		if v, ok := variables[name]; ok {
			value = &v
		}
	}
	if value == nil {
		return e.Provider.Retrieve(ctx, uri, watch)
	}
	return confmap.NewRetrievedFromYAML([]byte(*value))
}
