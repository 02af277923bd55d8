package webhook

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// settled checks what may be secret before the Collector reads it, whose errors for a value of the wrong type repeat the
// value, and turns secrets given as one text with commas into a list. The configuration itself is left as it is.
func settled(raw map[string]any) (map[string]any, error) {
	raw = maps.Clone(raw)
	if err := textAt(raw, "proxy_url"); err != nil {
		return nil, err
	}
	switch endpoints := raw["endpoints"].(type) {
	case nil:
	case map[string]any:
		copied := make(map[string]any, len(endpoints))
		for _, name := range slices.Sorted(maps.Keys(endpoints)) {
			one, ok := endpoints[name].(map[string]any)
			if !ok {
				return nil, fmt.Errorf("endpoints::%s: must be the keys of an endpoint, such as url and secrets", name)
			}
			one, err := settledEndpoint(one)
			if err != nil {
				return nil, fmt.Errorf("endpoints::%s: %w", name, err)
			}
			copied[name] = one
		}
		raw["endpoints"] = copied
	default:
		return nil, errors.New("endpoints: must be a map from names to the keys of an endpoint")
	}
	return raw, nil
}

func settledEndpoint(raw map[string]any) (map[string]any, error) {
	raw = maps.Clone(raw)
	if err := textAt(raw, "url"); err != nil {
		return nil, err
	}
	switch headers := raw["headers"].(type) {
	case nil:
	case map[string]any:
		headers = maps.Clone(headers)
		for _, name := range slices.Sorted(maps.Keys(headers)) {
			if err := textAt(headers, name); err != nil {
				return nil, fmt.Errorf("headers::%w", err)
			}
		}
		raw["headers"] = headers
	default:
		return nil, errors.New("headers: must be a map from names to texts")
	}
	if given, ok := raw["secrets"]; ok {
		list, err := listOf(given)
		if err != nil {
			return nil, err
		}
		raw["secrets"] = list
	}
	return raw, nil
}

// textAt refuses anything but a text or nothing, which an unset environment variable becomes, under a key.
func textAt(raw map[string]any, key string) error {
	switch raw[key].(type) {
	case nil:
		delete(raw, key)
		return nil
	case string:
		return nil
	}
	return fmt.Errorf("%s: must be text; put it in quotes", key)
}

func listOf(secrets any) ([]any, error) {
	switch secrets := secrets.(type) {
	case nil:
		return nil, errors.New("secrets is empty: set it (is an environment variable unset?) or remove the key")
	case string:
		if strings.TrimSpace(secrets) == "" {
			return listOf(nil)
		}
		var list []any
		for one := range strings.SplitSeq(secrets, ",") {
			list = append(list, strings.TrimSpace(one))
		}
		return list, nil
	case []any:
		for _, one := range secrets {
			if _, ok := one.(string); !ok {
				return nil, errSecrets
			}
		}
		return secrets, nil
	}
	return nil, errSecrets
}

var errSecrets = errors.New("secrets: must be texts; put each in quotes")
