package webhook

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/confmap"
)

// Unmarshal refuses unknown keys. Without it they would pass: a squashed struct that decodes itself, as the HTTP
// server's does, turns the Collector's own check off.
func (c *Config) Unmarshal(conf *confmap.Conf) error {
	if err := checkSources(conf); err != nil {
		return err
	}
	if err := conf.Unmarshal(c); err != nil {
		return err
	}
	known := keysOf(reflect.TypeFor[Config]())
	for _, key := range sortedKeys(conf.ToStringMap()) {
		if !slices.Contains(known, key) {
			return fmt.Errorf("unknown key %q; the known ones are %s", key, joined(known))
		}
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// keysOf are the keys of a configuration struct, sorted, with those of squashed structs.
func keysOf(t reflect.Type) []string {
	var keys []string
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("mapstructure"), ",")
		switch {
		case strings.Contains(options, "squash"):
			keys = append(keys, keysOf(f.Type)...)
		case name != "":
			keys = append(keys, name)
		}
	}
	slices.Sort(keys)
	return keys
}
