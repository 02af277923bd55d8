package host

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/confignet"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"
	"go.uber.org/zap"

	"github.com/shipwake/shipwake/collector/listen"
	"github.com/shipwake/shipwake/collector/secret"
	"github.com/shipwake/shipwake/collector/signin"
	"github.com/shipwake/shipwake/internal/access"
)

// ReadersConfig says who may read what the web listener serves. With a token or a credential, every request but those
// for /-/healthy and /-/ready must bring one; with client certificates (web::tls::client_ca_file) on top, both.
type ReadersConfig struct {
	// BearerTokens are valid all at once, a list or one text with commas; BearerTokensFile holds one a line, and is read
	// again for every request.
	BearerTokens     []configopaque.String `mapstructure:"bearer_tokens"`
	BearerTokensFile string                `mapstructure:"bearer_tokens_file"`
	// BasicAuth are user:password pairs, valid all at once, a list or one text with commas; BasicAuthFile holds one a line, and
	// is read again for every request.
	BasicAuth     []configopaque.String `mapstructure:"basic_auth"`
	BasicAuthFile string                `mapstructure:"basic_auth_file"`
	// AllowAnonymous permits everybody who reaches the address to read, for when something in front of it decides. It says
	// nothing as long as there are tokens or pairs.
	AllowAnonymous bool `mapstructure:"allow_anonymous"`
	// MaxConnections bounds the connections that are open at once; 1000 unless set.
	MaxConnections int `mapstructure:"max_connections"`
}

// Unmarshal reads the secrets by themselves, so that no error repeats one.
func (c *ReadersConfig) Unmarshal(conf *confmap.Conf) error {
	tokens, err := secret.Many(conf, "bearer_tokens")
	if err != nil {
		return err
	}
	pairs, err := secret.Many(conf, "basic_auth")
	if err != nil {
		return err
	}
	for _, key := range []string{"bearer_tokens_file", "basic_auth_file"} {
		if path := conf.Get(key); conf.IsSet(key) && (path == nil || path == "") {
			return secret.Empty(key)
		}
	}
	if err := conf.Unmarshal(c); err != nil {
		return err
	}
	c.BearerTokens, c.BasicAuth = tokens, pairs
	return nil
}

func (c *ReadersConfig) validate() error {
	if c.MaxConnections < 1 {
		return errors.New("readers::max_connections: must be at least 1")
	}
	for i, pair := range c.BasicAuth {
		if !isPair(string(pair)) {
			return fmt.Errorf("readers::basic_auth[%d]: must be user:password", i)
		}
	}
	return errors.Join(
		secret.CheckEach("readers::bearer_tokens", c.BearerTokens),
		secret.CheckEach("readers::basic_auth", c.BasicAuth))
}

func isPair(text string) bool {
	user, password, ok := strings.Cut(text, ":")
	return ok && user != "" && password != ""
}

// known tells whether readers have tokens or passwords.
func (c *ReadersConfig) known() bool {
	return len(c.BearerTokens) > 0 || c.BearerTokensFile != "" || len(c.BasicAuth) > 0 || c.BasicAuthFile != ""
}

// validateExposure refuses to show everything to anybody on the network, unless that was said to be wanted.
func (c *Config) validateExposure() error {
	if c.mustSay() || c.Readers.AllowAnonymous || guarded(c.Web) || listen.Loopback(c.Web.NetAddr) {
		return nil
	}
	return fmt.Errorf("web::endpoint: %s can be reached from other machines, so say who may read: "+
		"set readers::bearer_tokens (or bearer_tokens_file, basic_auth, basic_auth_file), access::tokens or access::users, or web::tls::client_ca_file; "+
		"or readers::allow_anonymous: true, if anybody may or a proxy in front decides", c.Web.NetAddr.Endpoint)
}

// guarded tells whether the HTTP server itself authenticates: by an extension, or by client certificates.
func guarded(web confighttp.ServerConfig) bool {
	return web.Auth.HasValue() || web.TLS.HasValue() && web.TLS.Get().ClientCAFile != ""
}

// readers lets in those who may read, and tells what is served who asks.
type readers struct {
	next      http.Handler
	localOnly bool // nobody has to say who they are; so only what is meant for this machine is answered
}

// newReaders stands before what a mux has, and adds the pages where people sign in.
func newReaders(cfg *Config, mux *http.ServeMux, log *zap.Logger) (*readers, error) {
	r := cfg.Readers
	tokens, err := secret.NewLive(r.BearerTokens, "readers::bearer_tokens_file", r.BearerTokensFile, log)
	if err != nil {
		return nil, err
	}
	pairs, err := secret.NewLive(r.BasicAuth, "readers::basic_auth_file", r.BasicAuthFile, log)
	if err != nil {
		return nil, err
	}
	if cfg.mustSay() && !cfg.Web.TLS.HasValue() && !listen.Loopback(cfg.Web.NetAddr) {
		log.Warn("Tokens and passwords cross the network in the clear; set web::tls, or let a proxy on this machine do TLS",
			zap.String("endpoint", cfg.Web.NetAddr.Endpoint))
	}
	door, err := signin.New(signin.Settings{Config: cfg.Access, ReaderTokens: tokens, ReaderPairs: pairs, Anonymous: cfg.anonymous(), Log: log})
	if err != nil {
		return nil, err
	}
	for pattern, handler := range door.Routes() {
		mux.Handle(pattern, handler)
	}
	return &readers{door.Enter(access.Mux(mux)), cfg.localOnly()}, nil
}

// mustSay tells whether anybody has to say who they are.
func (c *Config) mustSay() bool { return c.Readers.known() || c.Access.Known() }

// localOnly: nobody is known, and nothing else decides who comes.
func (c *Config) localOnly() bool {
	return !c.mustSay() && !c.Readers.AllowAnonymous && !guarded(c.Web) && c.Web.NetAddr.Transport != confignet.TransportTypeUnix
}

// anonymous is who asks without saying who they are. Whoever runs programs on this machine may do everything, until it is said
// who may; whom something else lets in (a proxy in front, a client certificate) may read.
func (c *Config) anonymous() access.Identity {
	reader := access.Identity{Roles: []access.Role{access.Reader}}
	switch {
	case c.Readers.known():
		return access.Identity{}
	case c.Readers.AllowAnonymous:
		return reader
	case c.Access.Known():
		return access.Identity{}
	case guarded(c.Web):
		return reader
	}
	return access.Identity{ID: "local", Name: "local", Roles: access.Roles()}
}

// ServeHTTP answers probes for everybody. They say nothing but ready or not.
func (g *readers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Frame-Options", "DENY")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Referrer-Policy", "same-origin")
	probe := r.URL.Path == "/-/healthy" || r.URL.Path == "/-/ready"
	if g.localOnly && !probe && !listen.Local(r) {
		access.Refuse(w, r, http.StatusForbidden, "only requests to this machine by its loopback name are answered, since anybody may read; "+
			"set readers::bearer_tokens, or readers::allow_anonymous: true if a proxy in front decides who may")
		return
	}
	g.next.ServeHTTP(w, r)
}
