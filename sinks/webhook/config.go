package webhook

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configtls"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/outgoing"
)

// Config is the configuration of the sink.
type Config struct {
	// Allow opens addresses beyond the public internet: "private", "loopback", networks, addresses, hosts' names.
	Allow []string `mapstructure:"allow"`
	// PublicURL is where people reach the daemon's web listener: the start of the links in messages. Empty: no links.
	PublicURL string `mapstructure:"public_url"`
	// ProxyURL is the HTTP proxy to go through; it decides then which addresses may be called. Empty: none, whatever
	// the environment says.
	ProxyURL configopaque.String `mapstructure:"proxy_url"`
	// Endpoints are the receivers, by a name of yours, which is the one in logs and metrics.
	Endpoints map[string]EndpointConfig `mapstructure:"endpoints"`
}

// EndpointConfig is one receiver.
type EndpointConfig struct {
	URL configopaque.String `mapstructure:"url"`
	// Secrets sign every message, each with a signature of its own, so that a new one can be introduced before the old
	// one goes. SecretFile holds more of them, one a line, and is read anew for each message.
	Secrets    []configopaque.String `mapstructure:"secrets"`
	SecretFile string                `mapstructure:"secret_file"`
	// Headers are sent along, such as Authorization.
	Headers map[string]configopaque.String `mapstructure:"headers"`
	// Timeout bounds one try, from the look-up of the name to the answer.
	Timeout time.Duration           `mapstructure:"timeout"`
	TLS     *configtls.ClientConfig `mapstructure:"tls"`
	// Only are the verdicts that are sent; none: all three. FinalOnly leaves out what may still change.
	Only      []correlate.Outcome `mapstructure:"only"`
	FinalOnly bool                `mapstructure:"final_only"`
	// LatestOnly passes over revisions that a newer one of the same change has replaced before they could be sent, so that
	// a receiver that was away gets one message for each change. Without it every revision is sent.
	LatestOnly bool `mapstructure:"latest_only"`
	// Environments and Services are those whose changes are told of; none: all.
	Environments []string `mapstructure:"environments"`
	Services     []string `mapstructure:"services"`
}

const (
	standardTimeout = 15 * time.Second
	mostTimeout     = 50 * time.Second // the host gives up after a minute
)

// nameOf an endpoint: it is part of a metric's label and of a key in the ledger.
var nameOf = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

// errNoEndpoint ends a configuration that would send nothing.
var errNoEndpoint = errors.New("endpoints: at least one is required: a name with url and secrets below it")

// Validate names what is wrong. No error repeats a value that may be secret.
func (c Config) Validate() error {
	if len(c.Endpoints) == 0 {
		return errNoEndpoint
	}
	_, err := c.open()
	return err
}

// open makes the endpoints, by name.
func (c Config) open() ([]*endpoint, error) {
	guard, err := outgoing.NewGuard(c.Allow, "sinks::webhook::allow")
	if err != nil {
		return nil, trimmed(err)
	}
	proxy, err := c.proxy()
	if err != nil {
		return nil, err
	}
	if err := c.checkPublicURL(); err != nil {
		return nil, err
	}
	var all []*endpoint
	for _, name := range slices.Sorted(maps.Keys(c.Endpoints)) {
		if !nameOf.MatchString(name) {
			return nil, fmt.Errorf("endpoints: %q: a name is made of at most 63 lower-case letters, digits, - and _", name)
		}
		e, err := c.Endpoints[name].open(name, guard, proxy)
		if err != nil {
			return nil, fmt.Errorf("endpoints::%s::%w", name, err)
		}
		all = append(all, e)
	}
	return all, nil
}

// trimmed leaves the sink's own place to whoever wraps the error with it.
func trimmed(err error) error {
	return errors.New(strings.TrimPrefix(err.Error(), "sinks::webhook::"))
}

func (c Config) proxy() (*url.URL, error) {
	if c.ProxyURL == "" {
		return nil, nil
	}
	u, err := httpURL(string(c.ProxyURL))
	if err != nil {
		return nil, fmt.Errorf("proxy_url: %w", err)
	}
	return u, nil
}

func (c Config) checkPublicURL() error {
	if c.PublicURL == "" {
		return nil
	}
	if _, err := httpURL(c.PublicURL); err != nil {
		return fmt.Errorf("public_url: %w", err)
	}
	return nil
}

// httpURL doesn't repeat the text in its errors: there may be a password or a token in it.
func httpURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("it is not a URL")
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("it must begin with https:// or http://")
	case u.Hostname() == "":
		return nil, errors.New("it names no host")
	case u.Fragment != "":
		return nil, errors.New("it must not have a fragment (#…)")
	}
	return u, nil
}

func (c EndpointConfig) open(name string, guard *outgoing.Guard, proxy *url.URL) (*endpoint, error) {
	if c.URL == "" {
		return nil, errors.New("url: required: where messages are posted to; is an environment variable unset?")
	}
	u, err := httpURL(string(c.URL))
	if err != nil {
		return nil, fmt.Errorf("url: %w", err)
	}
	if err := guard.CheckHost(u.Hostname()); err != nil && proxy == nil {
		return nil, fmt.Errorf("url: %w", err)
	}
	e := &endpoint{name: name, url: u, selection: c.selection(), timeout: c.Timeout, header: http.Header{}}
	if e.timeout == 0 {
		e.timeout = standardTimeout
	}
	if e.timeout < time.Second || e.timeout > mostTimeout {
		return nil, fmt.Errorf("timeout: %s: must be between 1s and %s", e.timeout, mostTimeout)
	}
	if err := c.selection().validate(); err != nil {
		return nil, err
	}
	if e.secrets, err = newSecrets(c.Secrets, c.SecretFile); err != nil {
		return nil, err
	}
	if err := c.addHeaders(e.header); err != nil {
		return nil, err
	}
	config, err := c.tlsConfig()
	if err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	e.client = guard.Client(config, proxy)
	return e, nil
}

func (c EndpointConfig) tlsConfig() (*tls.Config, error) {
	if c.TLS == nil {
		return nil, nil
	}
	return c.TLS.LoadTLSConfig(context.Background())
}

// headerName is a token of RFC 9110.
var headerName = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

// ownHeaders are those that the sink sets itself.
var ownHeaders = []string{"Content-Type", "Content-Length", "Host", "User-Agent", headerID, headerTimestamp, headerSignature}

func (c EndpointConfig) addHeaders(h http.Header) error {
	for _, name := range slices.Sorted(maps.Keys(c.Headers)) {
		value := string(c.Headers[name])
		switch {
		case slices.ContainsFunc(ownHeaders, func(own string) bool { return strings.EqualFold(own, name) }):
			return fmt.Errorf("headers::%s: this header is set by the sink itself", name)
		case !headerName.MatchString(name):
			return fmt.Errorf("headers: %q is no name of a header", name)
		case value == "":
			return fmt.Errorf("headers::%s: it is empty: set it (is an environment variable unset?) or remove it", name)
		case strings.ContainsFunc(value, unicode.IsControl):
			return fmt.Errorf("headers::%s: the value has characters that no header may have", name)
		}
		h.Set(name, value)
	}
	return nil
}

func (c EndpointConfig) selection() selection {
	return selection{only: c.Only, finalOnly: c.FinalOnly, latestOnly: c.LatestOnly, environments: c.Environments, services: c.Services}
}
