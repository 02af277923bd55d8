package webhook

import (
	"errors"
	"fmt"
	"slices"

	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"

	"github.com/shipwake/shipwake/collector/secret"
)

// commonKeys are those that every source has.
func commonKeys() []string { return []string{"secret", "secret_file", "secrets", "type"} }

// Unmarshal reads the secrets by themselves, so that no error repeats one, and sets the keys aside that only one type of
// source has.
func (c *SourceConfig) Unmarshal(conf *confmap.Conf) error {
	one, err := secret.One(conf, "secret")
	if err != nil {
		return err
	}
	said := conf.IsSet("secrets")
	many, err := secret.Many(conf, "secrets")
	if err != nil {
		return err
	}
	if said && many == nil {
		many = []configopaque.String{} // none, and that was said
	}
	own := setAside(conf)
	file := conf.IsSet("secret_file")
	if err := conf.Unmarshal(c); err != nil {
		return err
	}
	if file && c.SecretFile == "" {
		return secret.Empty("secret_file")
	}
	c.Secret, c.Secrets, c.Own = one, many, own
	return nil
}

// setAside takes the keys out that not every source has.
func setAside(conf *confmap.Conf) OwnKeys {
	var own OwnKeys
	for key, value := range conf.ToStringMap() {
		if slices.Contains(commonKeys(), key) {
			continue
		}
		if own == nil {
			own = OwnKeys{}
		}
		own[key] = value
		conf.Delete(key)
	}
	return own
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
