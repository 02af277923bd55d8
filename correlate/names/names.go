package names

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/shipwake/shipwake/correlate"
)

// release is raised when the same configuration comes to mean something else, so that kept deliveries are read again.
const release = 3

// Config are the rules as they stand in the configuration; the package comment shows them as YAML.
type Config struct {
	// Services, Environments and Versions are the rules for each; the first that fits a name counts.
	Services     []Rule            `mapstructure:"services"`
	Environments []EnvironmentRule `mapstructure:"environments"`
	Versions     []Rule            `mapstructure:"versions"`
	// DefaultEnvironments: try the rules of DefaultEnvironments after those above.
	DefaultEnvironments bool `mapstructure:"default_environments"`
	// DefaultVersions: read versions with Version before the rules above see them.
	DefaultVersions bool `mapstructure:"default_versions"`
}

// DefaultConfig has the default rules and no others.
func DefaultConfig() Config { return Config{DefaultEnvironments: true, DefaultVersions: true} }

// Validate returns every mistake, each with its key and what would be right.
func (c Config) Validate() error {
	_, err := New(c)
	return err
}

// Rules say what names mean. They are safe for concurrent use.
type Rules struct {
	services     []matcher
	environments []environment
	tiers        []environment // those of DefaultEnvironments
	versions     []matcher
	readVersions bool
	digest       string
}

// New makes the rules of a configuration. The error holds every mistake.
func New(c Config) (*Rules, error) {
	r := &Rules{readVersions: c.DefaultVersions}
	var errs []error
	collect := func(key string, i int, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s[%d]: %w", key, i, err))
		}
	}
	r.services = compiled("services", c.Services, collect)
	r.versions = compiled("versions", c.Versions, collect)
	for i, rule := range c.Environments {
		e, err := rule.compile()
		collect("environments", i, err)
		r.environments = append(r.environments, e)
	}
	for i, rule := range DefaultEnvironments() {
		e, err := rule.compile()
		collect("default_environments", i, err)
		r.tiers = append(r.tiers, e)
	}
	if c.DefaultEnvironments {
		r.environments = append(r.environments, r.tiers...)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	var err error
	r.digest, err = digestOf(c)
	return r, err
}

// compiled are the rules of a list that must give a name.
func compiled(key string, rules []Rule, collect func(key string, i int, err error)) []matcher {
	var all []matcher
	for i, rule := range rules {
		m, err := rule.compile()
		if err == nil && len(m.name) == 0 {
			err = errors.New("name: required: what they are called")
		}
		collect(key, i, err)
		all = append(all, m)
	}
	return all
}

// digestOf changes with whatever bears on the result.
func digestOf(c Config) (string, error) {
	text, err := json.Marshal(struct {
		Release  int
		Rules    Config
		Defaults []EnvironmentRule
	}{release, c, DefaultEnvironments()})
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8]), err
}

// Digest names the rules: two sets of rules with one digest give the same.
func (r *Rules) Digest() string { return r.digest }

// Service is what a service is called. No name stays none, and so does the one that services beyond a bound share.
func (r *Rules) Service(told string) string {
	if told == "" || told == correlate.Overflow {
		return told
	}
	return firstOf(r.services, told)
}

// Version is what a version is called; "" stays "".
func (r *Rules) Version(told string) string {
	if r.readVersions {
		told = Version(told)
	}
	if told == "" {
		return ""
	}
	return firstOf(r.versions, told)
}

func firstOf(rules []matcher, told string) string {
	for _, m := range rules {
		if name, fits := m.apply(told); fits {
			return name
		}
	}
	return told
}
