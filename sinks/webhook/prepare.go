package webhook

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/confmap"
)

// prepared checks what may be secret before the Collector reads it, whose errors for a value of the wrong type repeat the
// value, and turns secrets given as one text with commas into a list. The configuration itself is left as it is.
func prepared(raw map[string]any) (map[string]any, error) {
	raw = maps.Clone(raw)
	if err := prepareText(raw, "proxy_url"); err != nil {
		return nil, err
	}
	err := prepareEach(raw, "endpoints", "must be a map from names to the keys of an endpoint", func(endpoints map[string]any, name string) error {
		return prepareMap(endpoints, name, "must be the keys of an endpoint, such as url and secrets", prepareEndpoint)
	})
	return raw, err
}

func prepareEndpoint(raw map[string]any) error {
	if err := prepareText(raw, "url"); err != nil {
		return err
	}
	if err := prepareEach(raw, "headers", "must be a map from names to texts", prepareText); err != nil {
		return err
	}
	if _, given := raw["secrets"]; !given {
		return nil
	}
	list, err := listOf(raw["secrets"])
	raw["secrets"] = list
	return err
}

// prepareEach prepares a copy of the map under a key, entry by entry.
func prepareEach(raw map[string]any, key, want string, prepare func(map[string]any, string) error) error {
	return prepareMap(raw, key, want, func(inner map[string]any) error {
		for _, name := range slices.Sorted(maps.Keys(inner)) {
			if err := prepare(inner, name); err != nil {
				return err
			}
		}
		return nil
	})
}

// prepareMap prepares a copy of the map under a key, if there is one, and puts the key before errors.
func prepareMap(raw map[string]any, key, want string, prepare func(map[string]any) error) error {
	inner, isMap := structured(raw[key]).(map[string]any)
	if !isMap {
		if structured(raw[key]) == nil {
			delete(raw, key)
			return nil
		}
		return fmt.Errorf("%s: %s", key, want)
	}
	inner = maps.Clone(inner)
	raw[key] = inner
	if err := prepare(inner); err != nil {
		return fmt.Errorf("%s::%w", key, err)
	}
	return nil
}

// prepareText leaves a text under a key, or nothing. An environment variable is the text that it was, also when it looks
// like a number; a number in the configuration file has lost its leading zeros and is refused.
func prepareText(raw map[string]any, key string) error {
	if raw[key] == nil {
		delete(raw, key)
		return nil
	}
	text, ok := textOf(raw[key])
	if !ok {
		return fmt.Errorf("%s: must be text; put it in quotes", key)
	}
	raw[key] = text
	return nil
}

func textOf(value any) (string, bool) {
	if text, ok := value.(string); ok {
		return text, true
	}
	var text struct {
		V string `mapstructure:"v"`
	}
	err := confmap.NewFromStringMap(map[string]any{"v": value}).Unmarshal(&text)
	return text.V, err == nil
}

// structured is a map or a list as such, also where an environment variable or a file holds it.
func structured(value any) any {
	switch value.(type) {
	case nil, map[string]any, []any, string:
		return value
	}
	return confmap.NewFromStringMap(map[string]any{"v": value}).Get("v")
}

func listOf(secrets any) ([]any, error) {
	var list []any
	switch s := structured(secrets).(type) {
	case nil:
		return nil, errNoSecrets
	case []any:
		for _, one := range s {
			text, ok := textOf(one)
			if !ok || one == nil {
				return nil, errSecrets
			}
			list = append(list, text)
		}
		return list, nil
	}
	text, ok := textOf(secrets)
	switch {
	case !ok:
		return nil, errSecrets
	case strings.TrimSpace(text) == "":
		return nil, errNoSecrets
	}
	for one := range strings.SplitSeq(text, ",") {
		list = append(list, strings.TrimSpace(one))
	}
	return list, nil
}

var (
	errSecrets   = errors.New("secrets: must be texts; put each in quotes")
	errNoSecrets = errors.New("secrets is empty: set it (is an environment variable unset?) or remove the key")
)
