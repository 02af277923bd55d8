package webhook

import (
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/confmap"

	"github.com/shipwake/shipwake/collector/secret"
)

// Unmarshal reads the secrets by themselves, so that no error repeats one.
func (c *SourceConfig) Unmarshal(conf *confmap.Conf) error {
	one, err := secret.One(conf, "secret")
	if err != nil {
		return err
	}
	many, err := secret.Many(conf, "secrets")
	if err != nil {
		return err
	}
	file := conf.IsSet("secret_file")
	if err := conf.Unmarshal(c); err != nil {
		return err
	}
	if file && c.SecretFile == "" {
		return secret.Empty("secret_file")
	}
	c.Secret, c.Secrets = one, many
	return nil
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
