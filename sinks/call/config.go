package call

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configtls"

	"github.com/shipwake/shipwake/internal/outgoing"
)

// Config is what the receivers of a sink share. It is squashed into the settings of the sink.
type Config struct {
	// Allow opens addresses beyond the public internet: "private", "loopback", networks, addresses, hosts' names.
	Allow []string `mapstructure:"allow"`
	// PublicURL is where people reach the daemon's web listener: the start of the links in messages. Empty: no links.
	PublicURL string `mapstructure:"public_url"`
	// ProxyURL is the HTTP proxy to go through; it decides then which addresses may be called. Empty: none, whatever
	// the environment says.
	ProxyURL configopaque.String `mapstructure:"proxy_url"`
}

// TargetConfig is how one receiver is called. It is squashed into its settings.
type TargetConfig struct {
	// Timeout bounds one try, from the look-up of the name to the answer; 0: 15 s.
	Timeout time.Duration `mapstructure:"timeout"`
	// TLS is for an authority that the machine doesn't know, and for a certificate of our own.
	TLS *configtls.ClientConfig `mapstructure:"tls"`
}

const (
	standardTimeout = 15 * time.Second
	mostTimeout     = 50 * time.Second // the host gives up after a minute
)

// Caller makes clients by a Config.
type Caller struct {
	guard *outgoing.Guard
	proxy *url.URL
}

// Open reads the settings of a sink. No error repeats a value that may be secret, nor the place of the sink itself.
func (c Config) Open(sink string) (*Caller, error) {
	prefix := "sinks::" + sink + "::"
	guard, err := outgoing.NewGuard(c.Allow, prefix+"allow")
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), prefix)) // whoever wraps the error puts the place before it
	}
	caller := &Caller{guard: guard}
	if c.ProxyURL != "" {
		if caller.proxy, err = ParseURL(string(c.ProxyURL)); err != nil {
			return nil, fmt.Errorf("proxy_url: %w", err)
		}
	}
	if c.PublicURL != "" {
		if _, err := ParseURL(c.PublicURL); err != nil {
			return nil, fmt.Errorf("public_url: %w", err)
		}
	}
	return caller, nil
}

// ParseURL reads the address of a receiver. It doesn't repeat the text in its errors: there may be a password or a token in
// it.
func ParseURL(text string) (*url.URL, error) {
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

// Check refuses an address that is written as one and not open; what a name stands for is seen when it is called.
func (c *Caller) Check(u *url.URL) error {
	if c.proxy != nil {
		return nil
	}
	return c.guard.CheckHost(u.Hostname())
}

// Client makes the client of one receiver.
func (c *Caller) Client(t TargetConfig) (*Client, error) {
	if t.Timeout == 0 {
		t.Timeout = standardTimeout
	}
	if t.Timeout < time.Second || t.Timeout > mostTimeout {
		return nil, fmt.Errorf("timeout: %s: must be between 1s and %s", t.Timeout, mostTimeout)
	}
	config, err := t.tlsConfig()
	if err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	return &Client{http: c.guard.Client(config, c.proxy), timeout: t.Timeout}, nil
}

func (t TargetConfig) tlsConfig() (*tls.Config, error) {
	if t.TLS == nil {
		return nil, nil
	}
	return t.TLS.LoadTLSConfig(context.Background())
}

// Client calls one receiver.
type Client struct {
	http    *http.Client
	timeout time.Duration
}

// Close closes the connections that aren't in use.
func (c *Client) Close() { c.http.CloseIdleConnections() }
