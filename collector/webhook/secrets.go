package webhook

import (
	"errors"
	"fmt"
	"strings"

	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"
)

// Unmarshal reads the secrets itself, because the Collector's own error for a value of the wrong type repeats the value.
// It refuses an empty secret, which an unset environment variable becomes: the source would be open without anybody
// having decided so.
func (c *SourceConfig) Unmarshal(conf *confmap.Conf) error {
	secret, err := secretOf(conf)
	if err != nil {
		return err
	}
	secrets, err := secretsOf(conf)
	if err != nil {
		return err
	}
	file := conf.IsSet("secret_file")
	conf.Delete("secret")
	conf.Delete("secrets")
	if err := conf.Unmarshal(c); err != nil {
		return err
	}
	if file && c.SecretFile == "" {
		return emptyKey("secret_file")
	}
	c.Secret, c.Secrets = secret, secrets
	return nil
}

func emptyKey(key string) error {
	return fmt.Errorf("%s is empty: set it (is an environment variable unset?) or remove the key", key)
}

func secretOf(conf *confmap.Conf) (configopaque.String, error) {
	if !conf.IsSet("secret") {
		return "", nil
	}
	var text struct {
		Secret string `mapstructure:"secret"`
	}
	if conf.Unmarshal(&text, confmap.WithIgnoreUnused()) != nil {
		return "", errors.New("secret: must be text; put it in quotes")
	}
	if text.Secret == "" {
		return "", emptyKey("secret")
	}
	return configopaque.String(text.Secret), nil
}

// secretsOf reads a list, or a text with commas. A number in the configuration file has lost its leading zeros and is
// refused; one from an environment variable is still the text that it was.
func secretsOf(conf *confmap.Conf) ([]configopaque.String, error) {
	if !conf.IsSet("secrets") {
		return nil, nil
	}
	if _, isList := conf.Get("secrets").([]any); isList {
		return secretList(conf)
	}
	var text struct {
		Secrets string `mapstructure:"secrets"`
	}
	if conf.Unmarshal(&text, confmap.WithIgnoreUnused()) != nil {
		return nil, errSecrets
	}
	if strings.TrimSpace(text.Secrets) == "" {
		return nil, emptyKey("secrets")
	}
	var secrets []configopaque.String
	for one := range strings.SplitSeq(text.Secrets, ",") {
		secrets = append(secrets, configopaque.String(strings.TrimSpace(one)))
	}
	return secrets, nil
}

var errSecrets = errors.New("secrets: must be texts; put each in quotes")

func secretList(conf *confmap.Conf) ([]configopaque.String, error) {
	var list struct {
		Secrets []configopaque.String `mapstructure:"secrets"`
	}
	if conf.Unmarshal(&list, confmap.WithIgnoreUnused()) != nil {
		return nil, errSecrets
	}
	if len(list.Secrets) == 0 {
		return nil, nil
	}
	return list.Secrets, nil
}

// checkSources refuses a secret that stands where the keys of a source ought to, without repeating it.
func checkSources(conf *confmap.Conf) error {
	switch sources := conf.Get("sources").(type) {
	case nil:
		return nil
	case map[string]any:
		return checkEachSource(sources)
	}
	return errors.New("sources: must be a map from names to the keys of a source")
}

func checkEachSource(sources map[string]any) error {
	for _, name := range sortedKeys(sources) {
		switch sources[name].(type) {
		case nil, map[string]any:
		default:
			return fmt.Errorf("sources::%s: must be the keys of a source, such as secret and type", name)
		}
	}
	return nil
}
