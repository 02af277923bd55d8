package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"reflect"
	"slices"
	"strings"
	"syscall"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/service"

	"github.com/shipwake/shipwake/internal/keys"
)

// explain says of an error of the Collector what the reader needs to put it right: the keys that nobody knows and those
// that would have been known, the values that are of another kind, the setting behind an address that is taken. It returns other
// errors as they are.
func explain(err error, set otelcol.CollectorSettings) error {
	if wrong := explainKeys(err, set); wrong != nil {
		return wrong
	}
	if hint := explainPort(err, set); hint != "" {
		return fmt.Errorf("%w\n%s", err, hint)
	}
	if err != nil && strings.Contains(err.Error(), "no receiver configuration specified") {
		return fmt.Errorf("%w\n--config stands in place of the built-in configuration. To lay a file over it:\n"+
			"  --config %s --config mine.yaml", err, builtinDefault)
	}
	return err
}

// explainPort names the setting of an address that is in use.
func explainPort(err error, set otelcol.CollectorSettings) string {
	var failed *net.OpError
	if !errors.Is(err, syscall.EADDRINUSE) || !errors.As(err, &failed) || failed.Addr == nil {
		return ""
	}
	address := failed.Addr.String()
	key := settingOf(address, set.ConfigProviderSettings.ResolverSettings)
	if key == "" {
		return ""
	}
	return fmt.Sprintf("Another program, perhaps another shipwake, listens on %s. Stop it, or choose another address with\n"+
		"  --set=%s=127.0.0.1:0\n(0 lets the system choose a free port), or with the same key in the configuration.", address, key)
}

// settingOf is the key, in the notation of --set, whose value is the address; "" when there is none.
func settingOf(address string, r confmap.ResolverSettings) string {
	conf, err := resolve(r)
	if err != nil {
		return ""
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return ""
	}
	for _, key := range slices.Sorted(slices.Values(conf.AllKeys())) {
		value, ok := conf.Get(key).(string)
		if _, p, err := net.SplitHostPort(value); ok && err == nil && p == port {
			return strings.ReplaceAll(key, confmap.KeyDelimiter, ".")
		}
	}
	return ""
}

// resolve reads the configuration once more.
func resolve(r confmap.ResolverSettings) (*confmap.Conf, error) {
	resolver, err := confmap.NewResolver(r)
	if err != nil {
		return nil, err
	}
	conf, err := resolver.Resolve(context.Background())
	return conf, errors.Join(err, resolver.Shutdown(context.Background()))
}

// explainKeys names the keys that nobody knows, with the ones that are known in their place, or else those whose values are of
// another kind: the Collector leaves out what they are, since they may be secrets, and so its messages have no end.
func explainKeys(err error, set otelcol.CollectorSettings) error {
	if err == nil || !strings.Contains(err.Error(), "decoding failed") {
		return nil
	}
	conf, cerr := resolve(set.ConfigProviderSettings.ResolverSettings)
	factories, ferr := set.Factories()
	if cerr != nil || ferr != nil {
		return nil
	}
	if unknown := wrongKeys(keys.Unknown, conf.ToStringMap(), factories); len(unknown) > 0 {
		return errors.Join(unknown...)
	}
	return errors.Join(wrongKeys(keys.Unfit, conf.ToStringMap(), factories)...)
}

// wrongKeys checks a whole configuration, by a check of one part of it.
func wrongKeys(check func(part any, t reflect.Type, path []string) []error, conf map[string]any, f otelcol.Factories) []error {
	found := check(conf, reflect.TypeFor[sections](), nil)
	if service, ok := conf["service"].(map[string]any); ok {
		telemetry := reflect.TypeOf(f.Telemetry.CreateDefaultConfig())
		found = append(found, check(service["telemetry"], telemetry, []string{"service", "telemetry"})...)
	}
	for _, kind := range []string{"receivers", "processors", "exporters", "connectors", "extensions"} {
		components, ok := conf[kind].(map[string]any)
		if !ok {
			continue
		}
		for _, id := range slices.Sorted(maps.Keys(components)) {
			if config := defaultOf(f, kind, id); config != nil {
				found = append(found, check(components[id], reflect.TypeOf(config), []string{kind, id})...)
			}
		}
	}
	return found
}

// sections are the top-level keys of a configuration.
type sections struct {
	Receivers  map[string]any `mapstructure:"receivers"`
	Processors map[string]any `mapstructure:"processors"`
	Exporters  map[string]any `mapstructure:"exporters"`
	Connectors map[string]any `mapstructure:"connectors"`
	Extensions map[string]any `mapstructure:"extensions"`
	Service    service.Config `mapstructure:"service"`
}

// defaultOf is the default configuration of a component, nil when there is no such component.
func defaultOf(f otelcol.Factories, kind, id string) component.Config {
	var parsed component.ID
	if parsed.UnmarshalText([]byte(id)) != nil {
		return nil
	}
	var factory component.Factory
	var ok bool
	switch t := parsed.Type(); kind {
	case "receivers":
		factory, ok = f.Receivers[t]
	case "processors":
		factory, ok = f.Processors[t]
	case "exporters":
		factory, ok = f.Exporters[t]
	case "connectors":
		factory, ok = f.Connectors[t]
	case "extensions":
		factory, ok = f.Extensions[t]
	}
	if !ok {
		return nil
	}
	return factory.CreateDefaultConfig()
}
