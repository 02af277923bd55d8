package webhook

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/confignet"
	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/shipwake/shipwake/collector/listen"
	"github.com/shipwake/shipwake/collector/secret"
	"github.com/shipwake/shipwake/collector/source"
)

// Config is the configuration of the receiver.
type Config struct {
	// ServerConfig is the HTTP server. The endpoint is 127.0.0.1:8787 unless set; compression_algorithms and
	// max_request_body_size are not used, see MaxBodySize.
	ServerConfig confighttp.ServerConfig `mapstructure:",squash"`
	// Sources by the name they have in the path /hooks/{name}. None: every source there is, under its own name and
	// without authentication, which is possible on a loopback address only.
	Sources map[string]SourceConfig `mapstructure:"sources"`
	// MaxBodySize bounds a body in bytes, as it comes and after decompression; 5 MiB unless set. GitHub sends up to 25 MiB.
	// The source results takes 10 MiB in any case.
	MaxBodySize int64 `mapstructure:"max_body_size"`
	// AllowUnauthenticated permits sources without a secret on an address that other machines reach. Anybody who
	// reaches it can then report changes.
	AllowUnauthenticated bool `mapstructure:"allow_unauthenticated"`
	// RequireSecrets closes sources without a secret on a loopback address too: for when a proxy on this machine passes on what
	// comes from elsewhere. It is the opposite of AllowUnauthenticated.
	RequireSecrets bool `mapstructure:"require_secrets"`
	// MaxConnections bounds the connections that are open at once; 1000 unless set. The next one closes that which has
	// waited for its sender the longest.
	MaxConnections int `mapstructure:"max_connections"`

	// known are the types of source there are; set by the factory.
	known []source.Source
}

// SourceConfig is the configuration of one source.
type SourceConfig struct {
	// Type is the source to use; the name under which it is configured unless set. Two organisations on GitHub are
	// two names of type github.
	Type string `mapstructure:"type"`
	// Secret and Secrets are valid all at once, so that a sender can be given a new one before the old is removed.
	// Secrets may also be one text with commas between them, so that ${env:NAME:-[]} means what the variable holds, or
	// none when it isn't set. An empty list says that there are none: then the source is closed on an
	// address that other machines reach.
	Secret  configopaque.String   `mapstructure:"secret"`
	Secrets []configopaque.String `mapstructure:"secrets"`
	// SecretFile holds one secret a line. It is read again for every delivery.
	SecretFile string `mapstructure:"secret_file"`
	// Own are the keys that only this type of source has, such as service_labels of alertmanager.
	Own OwnKeys `mapstructure:",remain"`
}

// OwnKeys are keys of a source with their values. Only the keys are ever printed: a misspelled one may have a secret.
type OwnKeys map[string]any

func (k OwnKeys) String() string { return fmt.Sprint(sortedKeys(k)) }

// GoString is described at String.
func (k OwnKeys) GoString() string { return k.String() }

// typeOf is the type of the source configured under name.
func (c SourceConfig) typeOf(name string) string {
	if c.Type != "" {
		return c.Type
	}
	return name
}

func (c SourceConfig) hasSecret() bool {
	return c.Secret != "" || len(c.Secrets) > 0 || c.SecretFile != ""
}

// sources is what is configured, or every source there is.
func (c *Config) sources() map[string]SourceConfig {
	if len(c.Sources) > 0 {
		return c.Sources
	}
	all := make(map[string]SourceConfig, len(c.known))
	for _, s := range c.known {
		if s.Version != "" { // else it says nothing without a configuration of its own
			all[s.Name] = SourceConfig{}
		}
	}
	return all
}

// mostBodySize is far beyond what any sender has to say.
const mostBodySize = 1 << 30

var plainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// Validate names the key that is wrong and what would be right.
func (c *Config) Validate() error {
	var problems []error
	if c.MaxBodySize <= 0 || c.MaxBodySize > mostBodySize {
		problems = append(problems, fmt.Errorf("max_body_size: must be more than 0 and at most %d bytes", mostBodySize))
	}
	if c.MaxConnections < 1 {
		problems = append(problems, errors.New("max_connections: must be at least 1"))
	}
	if c.ServerConfig.MaxRequestBodySize != 0 {
		problems = append(problems, errors.New("max_request_body_size: use max_body_size"))
	}
	if c.RequireSecrets && c.AllowUnauthenticated {
		problems = append(problems, errors.New("require_secrets: says the opposite of allow_unauthenticated; set one of them"))
	}
	if len(c.ServerConfig.CompressionAlgorithms) > 0 {
		problems = append(problems, errors.New("compression_algorithms: can't be set; gzip and deflate are accepted"))
	}
	for _, name := range slices.Sorted(maps.Keys(c.Sources)) {
		problems = append(problems, c.validateSource(name, c.Sources[name]))
	}
	return errors.Join(append(problems, c.validateExposure())...)
}

func (c *Config) validateSource(name string, s SourceConfig) error {
	if name == "otlp" || name == "telemetry" {
		return fmt.Errorf("sources::%s: the name is taken, for changes that come by OTLP or are seen in telemetry; choose another and say the type", name)
	}
	if !plainName.MatchString(name) {
		return fmt.Errorf("sources::%s: the name is part of a path; use letters, digits, dot, dash and underscore", name)
	}
	if _, err := s.configure(name, c.known); err != nil {
		return err
	}
	return secret.CheckEach("sources::"+name+"::secrets", s.Secrets)
}

// validateExposure refuses a source that anybody on the network may use, unless that was said to be wanted. One whose secrets
// are said to be none is closed, as long as there is another.
func (c *Config) validateExposure() error {
	if c.AllowUnauthenticated || c.guarded() || listen.Loopback(c.ServerConfig.NetAddr) {
		return nil
	}
	if len(c.Sources) == 0 {
		return fmt.Errorf("sources: the endpoint %s can be reached from other machines, so name the sources and give each a secret, "+
			"or set allow_unauthenticated: true", c.ServerConfig.NetAddr.Endpoint)
	}
	open := false
	for _, name := range slices.Sorted(maps.Keys(c.Sources)) {
		s := c.Sources[name]
		if !s.hasSecret() && s.Secrets == nil {
			return fmt.Errorf("sources::%s::secret: the endpoint %s can be reached from other machines, so set secret or secret_file, "+
				"or allow_unauthenticated: true", name, c.ServerConfig.NetAddr.Endpoint)
		}
		open = open || s.hasSecret()
	}
	if !open {
		return fmt.Errorf("sources: the endpoint %s can be reached from other machines, and no source has a secret, so that all are closed; "+
			"give one a secret, or set allow_unauthenticated: true", c.ServerConfig.NetAddr.Endpoint)
	}
	return nil
}

// closed: a source without a secret takes nothing on an address that other machines reach, or where secrets are required.
func (c *Config) closed(s SourceConfig) bool {
	return !s.hasSecret() && !c.guarded() && !c.AllowUnauthenticated && (c.RequireSecrets || !listen.Loopback(c.ServerConfig.NetAddr))
}

// onTrust: a source takes what comes without a secret, on the ground that only programs on this machine reach it.
func (c *Config) onTrust(s SourceConfig) bool {
	return !s.hasSecret() && !c.guarded() && !c.AllowUnauthenticated &&
		c.ServerConfig.NetAddr.Transport != confignet.TransportTypeUnix
}

// guarded tells whether the HTTP server itself authenticates: by an extension, or by client certificates.
func (c *Config) guarded() bool {
	if c.ServerConfig.Auth.HasValue() {
		return true
	}
	return c.ServerConfig.TLS.HasValue() && c.ServerConfig.TLS.Get().ClientCAFile != ""
}
