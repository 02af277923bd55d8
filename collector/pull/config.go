package pull

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configtls"
	"go.opentelemetry.io/collector/confmap"

	"github.com/shipwake/shipwake/collector/secret"
	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/internal/outgoing"
)

const (
	defaultInterval = time.Minute
	defaultHistory  = 30 * 24 * time.Hour
)

// Config is the configuration of the receiver; the package comment shows it as YAML.
type Config struct {
	// Sources to ask, by the name of their deliveries.
	Sources map[string]SourceConfig `mapstructure:"sources"`

	known []source.Source // those that can be pulled
}

// SourceConfig is one source. Zero values mean the defaults.
type SourceConfig struct {
	// Type is the source to use; the name under which it is configured unless set.
	Type string `mapstructure:"type"`
	// Secret is sent with each request, as its system wants it. SecretFile holds it in its first line, and is read anew for
	// each request.
	Secret     configopaque.String `mapstructure:"secret"`
	SecretFile string              `mapstructure:"secret_file"`
	// Interval is how long after everything was read it is looked at again: shorter is told sooner, and asks more; 0: 1m.
	Interval time.Duration `mapstructure:"interval"`
	// History is how far back before the first start to read; 0: 30 days. More takes longer, and reads further back when it is
	// raised.
	History time.Duration `mapstructure:"history"`
	// Allow opens addresses beyond the public internet: "private", "loopback", networks, addresses, hosts' names.
	Allow []string `mapstructure:"allow"`
	// ProxyURL is the HTTP proxy to go through; it decides then which addresses may be called. Empty: none, whatever the
	// environment says.
	ProxyURL configopaque.String `mapstructure:"proxy_url"`
	// TLS is for an authority that the machine doesn't know, and for a certificate of our own.
	TLS *configtls.ClientConfig `mapstructure:"tls"`
	// Keys are those of the source: whom to ask, and for what.
	Keys map[string]any `mapstructure:",remain"`
}

// Unmarshal refuses a secret that stands where the keys of a source ought to, without repeating it.
func (c *Config) Unmarshal(conf *confmap.Conf) error {
	if conf.IsSet("sources") {
		sources, ok := conf.Get("sources").(map[string]any)
		if !ok {
			return errors.New("sources: must be a map from names to the keys of a source")
		}
		for _, name := range slices.Sorted(maps.Keys(sources)) {
			if _, ok := sources[name].(map[string]any); !ok {
				return fmt.Errorf("sources::%s: must be the keys of a source, such as secret and type", name)
			}
		}
	}
	return conf.Unmarshal(c)
}

// Unmarshal reads the secrets by themselves, so that no error repeats one.
func (c *SourceConfig) Unmarshal(conf *confmap.Conf) error {
	token, err := secret.One(conf, "secret")
	if err != nil {
		return err
	}
	proxy, err := secret.One(conf, "proxy_url")
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
	c.Secret, c.ProxyURL = token, proxy
	return nil
}

func defaultConfig(sources []source.Source) *Config {
	cfg := &Config{}
	for _, s := range sources {
		if s.Pull != nil {
			cfg.known = append(cfg.known, s)
		}
	}
	return cfg
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// Validate returns every mistake, each with the key and what would be right.
func (c *Config) Validate() error {
	if len(c.Sources) == 0 {
		return fmt.Errorf("sources: at least one is required; those that can be asked are %s", c.knownNames())
	}
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(c.Sources)) {
		if err := c.validate(name, c.Sources[name]); err != nil {
			problems = append(problems, fmt.Errorf("sources::%s::%w", name, err))
		}
	}
	return errors.Join(problems...)
}

func (c *Config) validate(name string, s SourceConfig) error {
	switch {
	case !plainName.MatchString(name):
		return errors.New("the name: use letters, digits, dot, dash and underscore")
	case s.Interval != 0 && s.Interval < time.Second:
		return fmt.Errorf("interval: %v: must be at least 1s", s.Interval)
	case s.History < 0:
		return fmt.Errorf("history: %v: must not be less than 0", s.History)
	case s.Secret != "" && s.SecretFile != "":
		return errors.New("secret: can't be set with secret_file")
	}
	if _, err := outgoing.NewGuard(s.Allow, "allow"); err != nil {
		return err
	}
	if _, err := s.proxy(); err != nil {
		return err
	}
	_, err := c.configure(name, s)
	return err
}

// configure makes the source and its streams.
func (c *Config) configure(name string, s SourceConfig) (source.Pulled, error) {
	kind := s.Type
	if kind == "" {
		kind = name
	}
	i := slices.IndexFunc(c.known, func(known source.Source) bool { return known.Name == kind })
	if i < 0 {
		return source.Pulled{}, fmt.Errorf("type: %q can't be asked; use one of %s", kind, c.knownNames())
	}
	return c.known[i].ConfigurePull(name, s.Keys)
}

func (c *Config) knownNames() string {
	names := make([]string, len(c.known))
	for i, s := range c.known {
		names[i] = s.Name
	}
	return strings.Join(names, ", ")
}

// proxy doesn't repeat the URL in its error: there may be a password in it.
func (s SourceConfig) proxy() (*url.URL, error) {
	if s.ProxyURL == "" {
		return nil, nil
	}
	u, err := url.Parse(string(s.ProxyURL))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
		return nil, errors.New("proxy_url: must be a URL such as http://proxy:3128")
	}
	return u, nil
}

func (s SourceConfig) tls(ctx context.Context) (*tls.Config, error) {
	if s.TLS == nil {
		return nil, nil
	}
	config, err := s.TLS.LoadTLSConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	return config, nil
}

func (s SourceConfig) interval() time.Duration {
	if s.Interval == 0 {
		return defaultInterval
	}
	return s.Interval
}

func (s SourceConfig) history() time.Duration {
	if s.History == 0 {
		return defaultHistory
	}
	return s.History
}
