package renames

import (
	"context"

	"go.opentelemetry.io/collector/confmap"
	"go.uber.org/zap"
)

// Provider makes providers that rename the keys of what they retrieve and say so: to told, or as a warning of the log when
// told is nil. What is taken in within a value (${file:part.yaml}) isn't looked into.
func Provider(inner confmap.ProviderFactory, table []Key, told func(Use)) confmap.ProviderFactory {
	if len(table) == 0 {
		return inner
	}
	return confmap.NewProviderFactory(func(set confmap.ProviderSettings) confmap.Provider {
		tell := told
		if tell == nil {
			tell = func(u Use) {
				set.Logger.Warn("A key of the configuration has another name now", zap.String("key", u.Old), zap.String("use", u.New),
					zap.String("read_until", u.Gone))
			}
		}
		return provider{inner.Create(set), table, tell}
	})
}

type provider struct {
	confmap.Provider
	table []Key
	told  func(Use)
}

// Retrieve is described at confmap.Provider. What has no old name is passed on as it is.
func (p provider) Retrieve(ctx context.Context, uri string, watch confmap.WatcherFunc) (*confmap.Retrieved, error) {
	retrieved, err := p.Provider.Retrieve(ctx, uri, watch)
	if err != nil {
		return nil, err
	}
	raw, err := retrieved.AsRaw()
	keys, isMap := raw.(map[string]any)
	if err != nil || !isMap {
		return retrieved, err
	}
	conf := confmap.NewFromStringMap(keys).ToStringMap() // a copy, in which a::b is b in a
	uses, err := Apply(p.table, conf)
	if err != nil || len(uses) == 0 {
		return retrieved, err
	}
	for _, u := range uses {
		p.told(u)
	}
	return confmap.NewRetrieved(conf, confmap.WithRetrievedClose(retrieved.Close))
}
