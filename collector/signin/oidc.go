package signin

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"

	"github.com/shipwake/shipwake/collector/secret"
	"github.com/shipwake/shipwake/internal/access"
	"github.com/shipwake/shipwake/internal/outgoing"
)

// callbackPath is where an identity provider leads back to.
const callbackPath = loginPath + "/callback"

// everybody stands for all groups.
const everybody = "*"

// OIDCConfig is an identity provider that people may sign in at, by OpenID Connect.
type OIDCConfig struct {
	// Name is what the button says.
	Name string `mapstructure:"name"`
	// Issuer is its URL, below which /.well-known/openid-configuration is.
	Issuer string `mapstructure:"issuer"`
	// ClientID is what the provider calls this daemon, and ClientSecret what it gave it to prove that.
	ClientID     string              `mapstructure:"client_id"`
	ClientSecret configopaque.String `mapstructure:"client_secret"`
	// RedirectURL is where people reach /login/callback of this daemon.
	RedirectURL string `mapstructure:"redirect_url"`
	// Scopes are what is asked of the provider; openid is among them.
	Scopes []string `mapstructure:"scopes"`
	// GroupsClaim names the claim with the groups of a person; NameClaim that with their name, "" is the verified email, or
	// else preferred_username, or else the subject.
	GroupsClaim string `mapstructure:"groups_claim"`
	NameClaim   string `mapstructure:"name_claim"`
	// Roles are those of groups; "*" is everybody whom the provider signs in.
	Roles map[access.Role][]string `mapstructure:"roles"`
	// CAFile has the authority of the provider's certificate, when the machine doesn't know it.
	CAFile string `mapstructure:"ca_file"`
	// Allow opens addresses beyond the public internet, for when the provider names endpoints at other hosts than the
	// issuer's own: "private", "loopback", networks, addresses, hosts' names.
	Allow []string `mapstructure:"allow"`
}

// Unmarshal reads the secret by itself, so that no error repeats it.
func (c *OIDCConfig) Unmarshal(conf *confmap.Conf) error {
	*c = OIDCConfig{Name: "single sign-on", Scopes: []string{"openid", "profile", "email", "groups"}, GroupsClaim: "groups"}
	hidden, err := secret.One(conf, "client_secret")
	if err != nil {
		return err
	}
	if err := conf.Unmarshal(c); err != nil {
		return err
	}
	c.ClientSecret = hidden
	return nil
}

func (c *OIDCConfig) check() error {
	if err := checkURL("issuer", c.Issuer); err != nil {
		return err
	}
	if c.ClientID == "" {
		return errors.New("::client_id: required: what the provider calls this daemon")
	}
	if err := checkURL("redirect_url", c.RedirectURL); err != nil {
		return err
	}
	if u, err := url.Parse(c.RedirectURL); err != nil || u.Path != callbackPath {
		return fmt.Errorf("::redirect_url: must end in %s, as in https://shipwake.example.com%[1]s", callbackPath)
	}
	if _, err := outgoing.NewGuard(c.Allow, "::allow"); err != nil {
		return err
	}
	if !slices.Contains(c.Scopes, "openid") {
		return errors.New("::scopes: must have openid among them")
	}
	var roles []access.Role
	for role, groups := range c.Roles {
		if roles = append(roles, role); len(groups) == 0 {
			return fmt.Errorf("::roles::%s: give the groups that have it, or %q for everybody", role, everybody)
		}
	}
	slices.Sort(roles)
	if err := access.CheckRoles(roles); err != nil {
		return fmt.Errorf("::roles: %w", err)
	}
	return nil
}

// checkURL: who is who is asked over TLS, except on this machine.
func checkURL(key, text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("::%s: must be an address such as https://id.example.com", key)
	case u.Scheme == "http" && u.Hostname() != "localhost" && !net.ParseIP(u.Hostname()).IsLoopback():
		return fmt.Errorf("::%s: must be https, except on this machine", key)
	}
	return nil
}

// rolesOf are those that somebody's groups have, in the order of access.Roles.
func (c *OIDCConfig) rolesOf(groups []string) []access.Role {
	var all []access.Role
	for _, role := range access.Roles() {
		if slices.ContainsFunc(c.Roles[role], func(g string) bool { return g == everybody || slices.Contains(groups, g) }) {
			all = append(all, role)
		}
	}
	return all
}

// nameOf is what somebody is called. A name that a person chose at the provider could be somebody else's: the ID tells.
func (c *OIDCConfig) nameOf(claims map[string]any) string {
	text := func(claim string) string { s, _ := claims[claim].(string); return clean(s) }
	if c.NameClaim != "" {
		return text(c.NameClaim)
	}
	if verified, _ := claims["email_verified"].(bool); verified && text("email") != "" {
		return text("email")
	}
	if name := text("preferred_username"); name != "" {
		return name
	}
	return text("sub")
}

// clean bounds what a provider says, and takes out what doesn't print.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if runes := []rune(s); len(runes) > 128 {
		s = string(runes[:128])
	}
	return s
}

// groupsOf are those of a claim: a list, or one.
func groupsOf(claim any) []string {
	switch claim := claim.(type) {
	case string:
		return []string{claim}
	case []any:
		var all []string
		for _, g := range claim {
			if s, is := g.(string); is {
				all = append(all, s)
			}
		}
		return all
	}
	return nil
}
