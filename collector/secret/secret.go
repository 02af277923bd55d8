// Package secret answers: which secrets are valid now?
//
// Secrets come from the configuration, where ${env:NAME} takes them from the environment, or from a file with one a
// line. Several are valid at once, so that a sender can be given a new one before the old one is removed. None of them
// is ever part of an error.
package secret

import (
	"errors"
	"fmt"
	"strings"

	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"
)

// One reads a secret from a key of the configuration and takes the key out of it; "" when the key isn't there. It reads
// it itself because the Collector's own error for a value of the wrong type repeats the value. An empty secret, which an
// unset environment variable becomes, is refused: it would open what it was to close without anybody having decided so.
func One(conf *confmap.Conf, key string) (configopaque.String, error) {
	if !conf.IsSet(key) {
		return "", nil
	}
	text, ok := textOf(conf, key)
	conf.Delete(key)
	switch {
	case !ok:
		return "", fmt.Errorf("%s: must be text; put it in quotes", key)
	case text == "":
		return "", Empty(key)
	}
	return configopaque.String(text), nil
}

// Many reads secrets from a key of the configuration and takes the key out of it: a list, or a text with commas, so that
// ${env:NAME:-[]} means what the variable holds, or none when it isn't set. A number in the configuration file has lost
// its leading zeros and is refused; one from an environment variable is still the text that it was.
func Many(conf *confmap.Conf, key string) ([]configopaque.String, error) {
	if !conf.IsSet(key) {
		return nil, nil
	}
	defer conf.Delete(key)
	if items, isList := conf.Get(key).([]any); isList {
		return list(conf, key, len(items))
	}
	text, ok := textOf(conf, key)
	switch {
	case !ok:
		return nil, notTexts(key)
	case strings.TrimSpace(text) == "":
		return nil, Empty(key)
	}
	var secrets []configopaque.String
	for one := range strings.SplitSeq(text, ",") {
		secrets = append(secrets, configopaque.String(strings.TrimSpace(one)))
	}
	return secrets, nil
}

// Empty refuses a key without a value.
func Empty(key string) error {
	return fmt.Errorf("%s is empty: set it (is an environment variable unset?) or remove the key", key)
}

// CheckEach refuses an empty secret among several, which anybody could guess.
func CheckEach(key string, secrets []configopaque.String) error {
	for i, s := range secrets {
		if s == "" {
			return fmt.Errorf("%s[%d]: is empty: set it (is an environment variable unset?) or remove it", key, i)
		}
	}
	return nil
}

func textOf(conf *confmap.Conf, key string) (string, bool) {
	var text map[string]string
	only, err := part(conf, key)
	if err == nil {
		err = only.Unmarshal(&text)
	}
	return text[key], err == nil
}

func list(conf *confmap.Conf, key string, n int) ([]configopaque.String, error) {
	var texts map[string][]configopaque.String
	only, err := part(conf, key)
	if err != nil || only.Unmarshal(&texts) != nil {
		return nil, notTexts(key)
	}
	if n == 0 {
		return nil, nil
	}
	return texts[key], nil
}

// part is the configuration with one key only. Unlike conf.Get it keeps the text that an environment variable held.
func part(conf *confmap.Conf, key string) (*confmap.Conf, error) {
	only := confmap.New()
	if err := only.Merge(conf); err != nil {
		return nil, err
	}
	for other := range conf.ToStringMap() {
		if other != key {
			only.Delete(other)
		}
	}
	return only, nil
}

func notTexts(key string) error {
	return errors.New(key + ": must be texts; put each in quotes")
}
