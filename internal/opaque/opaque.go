// Package opaque answers: how is a setting that may be secret read, without ever being repeated?
//
// The Collector's errors for a value of the wrong type repeat the value. So what may be secret is looked at before: each of
// these functions leaves what it was asked to prepare in the map it is given, or returns an error that names the key and
// nothing else. Maps below it are copied, not changed.
package opaque

import (
	"fmt"
	"maps"
	"slices"

	"go.opentelemetry.io/collector/confmap"
)

// Each prepares a copy of the map under a key, entry by entry. Want says what must stand there.
func Each(raw map[string]any, key, want string, prepare func(map[string]any, string) error) error {
	return Map(raw, key, want, func(inner map[string]any) error {
		for _, name := range slices.Sorted(maps.Keys(inner)) {
			if err := prepare(inner, name); err != nil {
				return err
			}
		}
		return nil
	})
}

// Map prepares a copy of the map under a key, if there is one, and puts the key before errors.
func Map(raw map[string]any, key, want string, prepare func(map[string]any) error) error {
	inner, isMap := Structured(raw[key]).(map[string]any)
	if !isMap {
		if Structured(raw[key]) == nil {
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

// Text leaves a text under a key, or nothing. An environment variable is the text that it was, also when it looks like a
// number; a number in the configuration file has lost its leading zeros and is refused.
func Text(raw map[string]any, key string) error {
	if raw[key] == nil {
		delete(raw, key)
		return nil
	}
	text, ok := TextOf(raw[key])
	if !ok {
		return fmt.Errorf("%s: must be text; put it in quotes", key)
	}
	raw[key] = text
	return nil
}

// TextOf is a value as text, if it was one.
func TextOf(value any) (string, bool) {
	if text, ok := value.(string); ok {
		return text, true
	}
	var text struct {
		V string `mapstructure:"v"`
	}
	err := confmap.NewFromStringMap(map[string]any{"v": value}).Unmarshal(&text)
	return text.V, err == nil
}

// Structured is a map or a list as such, also where an environment variable or a file holds it.
func Structured(value any) any {
	switch value.(type) {
	case nil, map[string]any, []any, string:
		return value
	}
	return confmap.NewFromStringMap(map[string]any{"v": value}).Get("v")
}
