package email

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configtls"

	"github.com/shipwake/shipwake/internal/opaque"
	"github.com/shipwake/shipwake/internal/outgoing"
	"github.com/shipwake/shipwake/sinks/call"
	"github.com/shipwake/shipwake/sinks/route"
)

// Config is the configuration of the sink.
type Config struct {
	// Allow opens addresses beyond the public internet: "private", "loopback", networks, addresses, hosts' names.
	Allow []string `mapstructure:"allow"`
	// PublicURL is where people reach the daemon's web listener: the start of the links in mails. Empty: no links.
	PublicURL string `mapstructure:"public_url"`
	// Server is the SMTP server that takes the mails.
	Server ServerConfig `mapstructure:"server"`
	// From is the address of the sender, as in "Shipwake <shipwake@example.com>". Its domain is that of the Message-IDs.
	From string `mapstructure:"from"`
	// To are the lists of readers, by a name of yours, which is the one in logs and metrics.
	To map[string]ListConfig `mapstructure:"to"`
}

// ServerConfig is the SMTP server that takes the mails.
type ServerConfig struct {
	// Host is its name, which its certificate must have.
	Host string `mapstructure:"host"`
	// Port is 587 with starttls, 465 with tls, 25 with none, unless it is given.
	Port int `mapstructure:"port"`
	// Encryption is one of starttls (the default; a server without it gets nothing), tls from the first byte, or none.
	Encryption string `mapstructure:"encryption"`
	// Username and Password are sent over an encrypted connection only. Without a username nobody logs in.
	Username string              `mapstructure:"username"`
	Password configopaque.String `mapstructure:"password"`
	// TLS is for an authority that the machine doesn't know, and for a certificate of our own.
	TLS *configtls.ClientConfig `mapstructure:"tls"`
	// Timeout bounds one try, at most 50s; 0: 30s.
	Timeout time.Duration `mapstructure:"timeout"`
}

// ListConfig is one list of readers, who get the same mails.
type ListConfig struct {
	route.Config `mapstructure:",squash"`
	// Addresses get one mail together, and so see one another.
	Addresses []string `mapstructure:"addresses"`
	// Digest makes one mail a day of it.
	Digest *DigestConfig `mapstructure:"digest"`
}

// DigestConfig says when the day of a digest ends.
type DigestConfig struct {
	At       string `mapstructure:"at"`        // such as 07:30
	TimeZone string `mapstructure:"time_zone"` // such as Europe/Berlin; "": UTC
}

const (
	standardTimeout = 30 * time.Second
	mostTimeout     = 50 * time.Second // the host gives up after a minute
)

// The ways to encrypt, and the ports that go with them.
var ports = map[string]int{"starttls": 587, "tls": 465, "none": 25}

// nameOf a list: it is part of a metric's label and of a key in the ledger.
var nameOf = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

// prepared checks what may be secret before the Collector reads it.
func prepared(raw map[string]any) (map[string]any, error) {
	raw = maps.Clone(raw)
	return raw, opaque.Map(raw, "server", "must be the keys of a server, such as host and username", func(server map[string]any) error {
		return opaque.Text(server, "password")
	})
}

// Validate names the first key that is wrong.
func (c Config) Validate() error {
	if _, err := c.dialer(); err != nil {
		return err
	}
	if _, err := mail.ParseAddress(c.From); err != nil {
		return errors.New("from: must be an address, such as Shipwake <shipwake@example.com>")
	}
	if c.PublicURL != "" {
		if _, err := call.ParseURL(c.PublicURL); err != nil {
			return fmt.Errorf("public_url: %w", err)
		}
	}
	if len(c.To) == 0 {
		return errors.New("to: at least one list is required: a name with addresses below it")
	}
	for _, name := range slices.Sorted(maps.Keys(c.To)) {
		if _, err := c.To[name].open(name); err != nil {
			return err
		}
	}
	return nil
}

// open reads a list.
func (c ListConfig) open(name string) (list, error) {
	l := list{name: name, route: c.Config, addresses: c.Addresses}
	if !nameOf.MatchString(name) {
		return l, fmt.Errorf("to: %q: a name is made of at most 63 lower-case letters, digits, - and _", name)
	}
	at := "to::" + name + "::"
	if len(c.Addresses) == 0 {
		return l, errors.New(at + "addresses: at least one is required")
	}
	for i, a := range c.Addresses {
		if _, err := mail.ParseAddress(a); err != nil {
			return l, fmt.Errorf("%saddresses[%d]: must be an address, such as shop@example.com", at, i)
		}
	}
	if err := c.Config.Validate(); err != nil {
		return l, fmt.Errorf("%s%w", at, err)
	}
	if c.Digest == nil {
		return l, nil
	}
	digest, err := c.Digest.open()
	if err != nil {
		return l, fmt.Errorf("%sdigest::%w", at, err)
	}
	l.digest = &digest
	return l, nil
}

func (c DigestConfig) open() (digest, error) {
	at, err := time.Parse("15:04", c.At)
	if err != nil {
		return digest{}, fmt.Errorf("at: %q is no time such as \"07:30\"", c.At)
	}
	zone, err := time.LoadLocation(c.TimeZone)
	if err != nil {
		return digest{}, fmt.Errorf("time_zone: %q isn't known here; use a name such as Europe/Berlin, with tzdata installed", c.TimeZone)
	}
	return digest{hour: at.Hour(), minute: at.Minute(), zone: zone}, nil
}

// dialer reads the server. No error repeats a password.
func (c Config) dialer() (*server, error) {
	guard, err := outgoing.NewGuard(c.Allow, "sinks::email::allow")
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "sinks::email::"))
	}
	s, err := c.Server.open()
	if err != nil {
		return nil, fmt.Errorf("server::%w", err)
	}
	if err := guard.CheckHost(s.host); err != nil {
		return nil, fmt.Errorf("server::host: %w", err)
	}
	s.dial = guard.DialContext
	return s, nil
}

func (c ServerConfig) open() (*server, error) {
	s := &server{host: c.Host, port: c.Port, encryption: c.Encryption, username: c.Username, password: string(c.Password), timeout: c.Timeout}
	if s.host == "" {
		return nil, errors.New("host: required: the SMTP server that takes the mails")
	}
	if s.encryption == "" {
		s.encryption = "starttls"
	}
	standard, known := ports[s.encryption]
	switch {
	case !known:
		return nil, fmt.Errorf("encryption: %q is none of starttls, tls and none", c.Encryption)
	case s.port == 0:
		s.port = standard
	case s.port < 0 || s.port > 65535:
		return nil, fmt.Errorf("port: %d: must be between 1 and 65535", c.Port)
	}
	switch {
	case s.username != "" && s.encryption == "none":
		return nil, errors.New("encryption: none would send the password in the clear; use starttls or tls, or leave username out")
	case (s.username == "") != (s.password == ""):
		return nil, errors.New("username: goes with password: set both or none (is an environment variable unset?)")
	}
	if s.timeout == 0 {
		s.timeout = standardTimeout
	}
	if s.timeout < time.Second || s.timeout > mostTimeout {
		return nil, fmt.Errorf("timeout: %s: must be between 1s and %s", c.Timeout, mostTimeout)
	}
	var err error
	if s.tls, err = c.tlsConfig(); err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	return s, nil
}

func (c ServerConfig) tlsConfig() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.TLS != nil {
		loaded, err := c.TLS.LoadTLSConfig(context.Background())
		if err != nil {
			return nil, err
		}
		if loaded != nil {
			config = loaded
		}
	}
	if config.ServerName == "" {
		config.ServerName = c.Host
	}
	return config, nil
}
