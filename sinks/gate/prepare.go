package gate

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/shipwake/shipwake/internal/opaque"
)

// tools are the callers that are answered later, each with its keys that may be secret.
var tools = map[string][]string{"github": {"private_key"}, "azure": nil, "gitlab": {"token"}}

// prepared checks what may be secret before the Collector reads it, and turns secrets given as one text with commas into a
// list. The configuration itself is left as it is.
func prepared(raw map[string]any) (map[string]any, error) {
	raw = maps.Clone(raw)
	if err := opaque.Text(raw, "proxy_url"); err != nil {
		return nil, err
	}
	for _, tool := range slices.Sorted(maps.Keys(tools)) {
		if err := opaque.Map(raw, tool, "must be the keys of the caller, such as secrets", func(keys map[string]any) error {
			return prepareTool(keys, tools[tool])
		}); err != nil {
			return nil, err
		}
	}
	return raw, nil
}

func prepareTool(keys map[string]any, texts []string) error {
	if number, is := keys["app_id"].(int); is { // an id that GitHub shows as a number
		keys["app_id"] = fmt.Sprint(number)
	}
	for _, key := range texts {
		if err := opaque.Text(keys, key); err != nil {
			return err
		}
	}
	for _, key := range []string{"secrets", "seal_keys"} {
		if _, given := keys[key]; !given {
			continue
		}
		list, err := listOf(key, keys[key])
		if err != nil {
			return err
		}
		keys[key] = list
	}
	return nil
}

func listOf(key string, secrets any) (list []any, err error) {
	wrong := errors.New(key + ": must be texts; put each in quotes")
	given, isList := opaque.Structured(secrets).([]any)
	if !isList {
		text, ok := opaque.TextOf(secrets)
		if !ok {
			return nil, wrong
		}
		for one := range strings.SplitSeq(text, ",") {
			given = append(given, strings.TrimSpace(one))
		}
	}
	for _, one := range given {
		text, ok := opaque.TextOf(one)
		switch {
		case !ok || one == nil:
			return nil, wrong
		case text == "":
			return nil, errors.New(key + " is empty: set it (is an environment variable unset?) or remove the key")
		}
		list = append(list, text)
	}
	return list, nil
}
