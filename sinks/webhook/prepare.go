package webhook

import (
	"errors"
	"maps"
	"strings"

	"github.com/shipwake/shipwake/internal/opaque"
)

// prepared checks what may be secret before the Collector reads it, and turns secrets given as one text with commas into a
// list. The configuration itself is left as it is.
func prepared(raw map[string]any) (map[string]any, error) {
	raw = maps.Clone(raw)
	if err := opaque.Text(raw, "proxy_url"); err != nil {
		return nil, err
	}
	err := opaque.Each(raw, "endpoints", "must be a map from names to the keys of an endpoint", func(endpoints map[string]any, name string) error {
		return opaque.Map(endpoints, name, "must be the keys of an endpoint, such as url and secrets", prepareEndpoint)
	})
	return raw, err
}

func prepareEndpoint(raw map[string]any) error {
	if err := opaque.Text(raw, "url"); err != nil {
		return err
	}
	if err := opaque.Each(raw, "headers", "must be a map from names to texts", opaque.Text); err != nil {
		return err
	}
	if _, given := raw["secrets"]; !given {
		return nil
	}
	list, err := listOf(raw["secrets"])
	raw["secrets"] = list
	return err
}

func listOf(secrets any) ([]any, error) {
	var list []any
	switch s := opaque.Structured(secrets).(type) {
	case nil:
		return nil, errNoSecrets
	case []any:
		for _, one := range s {
			text, ok := opaque.TextOf(one)
			if !ok || one == nil {
				return nil, errSecrets
			}
			list = append(list, text)
		}
		return list, nil
	}
	text, ok := opaque.TextOf(secrets)
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
