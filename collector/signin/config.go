package signin

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"
	"golang.org/x/crypto/bcrypt"

	"github.com/shipwake/shipwake/collector/secret"
	"github.com/shipwake/shipwake/internal/access"
)

// Config says who has which roles.
type Config struct {
	// Tokens are those of programs, by the name that facts give as "by whom".
	Tokens map[string]TokenConfig `mapstructure:"tokens"`
	// Users are people, by name.
	Users map[string]UserConfig `mapstructure:"users"`
	// OIDC is an identity provider that people may sign in at; nil for none.
	OIDC *OIDCConfig `mapstructure:"oidc"`
	// Session is how long a browser stays signed in.
	Session time.Duration `mapstructure:"session"`
}

// TokenConfig is a program.
type TokenConfig struct {
	// Roles are what it may do: reader, sender, operator.
	Roles []access.Role `mapstructure:"roles"`
	// Secrets are valid all at once, a list or one text with commas; SecretsFile holds one a line, and is read again for
	// every request.
	Secrets     []configopaque.String `mapstructure:"secrets"`
	SecretsFile string                `mapstructure:"secrets_file"`
}

// UserConfig is somebody.
type UserConfig struct {
	// Roles are what they may do: reader, sender, operator.
	Roles []access.Role `mapstructure:"roles"`
	// PasswordHash is the bcrypt hash of the password.
	PasswordHash configopaque.String `mapstructure:"password_hash"`
}

// DefaultConfig knows nobody.
func DefaultConfig() Config { return Config{Session: 12 * time.Hour} }

// Known tells whether somebody has a role by it.
func (c *Config) Known() bool { return len(c.Tokens) > 0 || len(c.Users) > 0 || c.OIDC != nil }

// Unmarshal refuses a secret that stands where keys ought to, without repeating it.
func (c *Config) Unmarshal(conf *confmap.Conf) error {
	if oidc := conf.Get("oidc"); oidc != nil {
		if _, isMap := oidc.(map[string]any); !isMap {
			return errors.New("oidc: must be a map with issuer, client_id, client_secret, redirect_url and roles")
		}
	}
	for key, want := range map[string]string{"tokens": "roles and secrets", "users": "roles and password_hash"} {
		if err := checkMap(conf, key, want); err != nil {
			return err
		}
	}
	return conf.Unmarshal(c)
}

func checkMap(conf *confmap.Conf, key, want string) error {
	switch entries := conf.Get(key).(type) {
	case nil:
		return nil
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(entries)) {
			if _, isMap := entries[name].(map[string]any); !isMap {
				return fmt.Errorf("%s::%s: must be a map with %s", key, name, want)
			}
		}
		return nil
	}
	return fmt.Errorf("%s: must be a map from names to %s", key, want)
}

// Unmarshal reads the secrets by themselves, so that no error repeats one.
func (c *TokenConfig) Unmarshal(conf *confmap.Conf) error {
	secrets, err := secret.Many(conf, "secrets")
	if err != nil {
		return err
	}
	file := conf.IsSet("secrets_file")
	if err := conf.Unmarshal(c); err != nil {
		return err
	}
	if file && c.SecretsFile == "" {
		return secret.Empty("secrets_file")
	}
	c.Secrets = secrets
	return nil
}

// Unmarshal reads the hash by itself, so that no error repeats it.
func (c *UserConfig) Unmarshal(conf *confmap.Conf) error {
	hash, err := secret.One(conf, "password_hash")
	if err != nil {
		return err
	}
	if err := conf.Unmarshal(c); err != nil {
		return err
	}
	c.PasswordHash = hash
	return nil
}

// longestSession bounds how long a browser may stay signed in.
const longestSession = 30 * 24 * time.Hour

// Check names what is wrong and what would be right.
func (c *Config) Check() error {
	if c.Session < time.Minute || c.Session > longestSession {
		return fmt.Errorf("access::session: %s: must be 1m to %s", c.Session, longestSession)
	}
	owner := map[string]string{} // of each secret
	for _, name := range slices.Sorted(maps.Keys(c.Tokens)) {
		if err := c.Tokens[name].check(name, owner); err != nil {
			return fmt.Errorf("access::tokens::%s%w", name, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Users)) {
		if err := c.Users[name].check(name); err != nil {
			return fmt.Errorf("access::users::%s%w", name, err)
		}
	}
	if c.OIDC != nil {
		if err := c.OIDC.check(); err != nil {
			return fmt.Errorf("access::oidc%w", err)
		}
	}
	return nil
}

func (c TokenConfig) check(name string, owner map[string]string) error {
	if err := checkName(name); err != nil {
		return err
	}
	if err := access.CheckRoles(c.Roles); err != nil {
		return fmt.Errorf("::roles: %w", err)
	}
	if len(c.Secrets) == 0 && c.SecretsFile == "" {
		return errors.New(": give secrets or secrets_file; a secret is made with: openssl rand -base64 32")
	}
	if err := secret.CheckEach("::secrets", c.Secrets); err != nil {
		return err
	}
	for i, s := range c.Secrets {
		if other, taken := owner[string(s)]; taken {
			return fmt.Errorf("::secrets[%d]: %s has the same: nobody could tell the two apart", i, other)
		}
		owner[string(s)] = name
	}
	return nil
}

// The costs of a hash that may be used: cheaper ones are guessed, dearer ones keep the machine busy for a second and more.
const leastCost, mostCost = 10, 14

func (c UserConfig) check(name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	if err := access.CheckRoles(c.Roles); err != nil {
		return fmt.Errorf("::roles: %w", err)
	}
	const make = "one is made with: htpasswd -nB -C 12 NAME, and is what stands behind the colon"
	cost, err := bcrypt.Cost([]byte(c.PasswordHash))
	switch {
	case c.PasswordHash == "":
		return errors.New("::password_hash: required: the bcrypt hash of the password; " + make)
	case err != nil:
		return errors.New("::password_hash: is no bcrypt hash; " + make)
	case cost < leastCost || cost > mostCost:
		return fmt.Errorf("::password_hash: its cost is %d: must be %d to %d; %s", cost, leastCost, mostCost, make)
	}
	return nil
}

func checkName(name string) error {
	if name == "" || len(name) > 64 || strings.ContainsFunc(name, func(r rune) bool { return r < '!' || r == ':' || r == 0x7f }) {
		return errors.New(": a name has 1 to 64 characters, and no space or colon among them")
	}
	return nil
}
