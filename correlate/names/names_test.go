package names

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
)

// rules makes the rules of a configuration that is right.
func rules(t require.TestingT, c Config) *Rules {
	r, err := New(c)
	require.NoError(t, err)
	return r
}

func TestServices(t *testing.T) {
	r := rules(t, Config{Services: []Rule{
		{Is: []string{"acme/checkout", "checkout-svc"}, Name: "checkout"},
		{Matches: `acme/(?P<app>[a-z]+)-(deploy|release)`, Name: "{app}"},
		{Matches: `(?i)legacy-(\d+)`, Name: "old {1} ({1})"},
		{Matches: `x(y?)`, Name: "{1}"},
		{Matches: `.*`, Name: "anything"},
	}})
	cases := map[string]struct{ told, want string }{
		"a listed name":                                {"acme/checkout", "checkout"},
		"another one of the same rule":                 {"checkout-svc", "checkout"},
		"a pattern with a named group":                 {"acme/search-deploy", "search"},
		"a pattern with a numbered group, used twice":  {"LEGACY-12", "old 12 (12)"},
		"a group that matched nothing changes nothing": {"x", "x"},
		"a pattern fits the whole name or not at all":  {"my acme/search-deploy", "anything"},
		"a listed name is told in its own case":        {"Checkout-svc", "anything"},
		"no service":                                   {"", ""},
		"the service that others share":                {correlate.Overflow, correlate.Overflow},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, r.Service(c.told)) })
	}
	require.Equal(t, "acme/checkout", rules(t, Config{}).Service("acme/checkout"), "what no rule fits stays")
}

func TestVersionsByRule(t *testing.T) {
	c := Config{Versions: []Rule{{Matches: `[a-z]+@(.+)`, Name: "{1}"}}, DefaultVersions: true}
	r := rules(t, c)
	require.Equal(t, "1.4", r.Version("shop/checkout:1.4"))
	require.Equal(t, "1.4", r.Version("checkout@1.4"))
	require.Equal(t, "1.4", r.Version("refs/tags/checkout@1.4"), "rules see what Version read")
	require.Equal(t, "", r.Version(""))
	c.DefaultVersions = false
	require.Equal(t, "shop/checkout:1.4", rules(t, c).Version("shop/checkout:1.4"))
}

func TestMistakesAreNamedWithWhatWouldBeRight(t *testing.T) {
	cases := map[string]struct {
		config Config
		wrong  string
	}{
		"a rule for nothing": {
			Config{Services: []Rule{{Name: "checkout"}}},
			"services[0]: one of is (a list of names) and matches (a regular expression) is required"},
		"a rule for two things": {
			Config{Services: []Rule{{Is: []string{"a"}, Matches: "b", Name: "c"}}},
			"services[0]: is and matches can't both be set; write two rules"},
		"an empty name to look for": {
			Config{Services: []Rule{{Is: []string{"a", ""}, Name: "c"}}},
			"services[0]: is[1]: must not be empty"},
		"a pattern that is none": {
			Config{Versions: []Rule{{Is: []string{"a"}, Name: "b"}, {Matches: "(", Name: "c"}}},
			`versions[1]: matches: "(" is no regular expression of RE2: `},
		"a service without a new name": {
			Config{Services: []Rule{{Is: []string{"a"}}}},
			"services[0]: name: required: what they are called"},
		"an environment without name and tier": {
			Config{Environments: []EnvironmentRule{{Rule: Rule{Is: []string{"a"}}}}},
			"environments[0]: one of name and tier is required"},
		"a tier that is none": {
			Config{Environments: []EnvironmentRule{{Rule{Is: []string{"a"}}, "prod"}}},
			`environments[0]: tier: "prod" is unknown; use one of [production staging testing development preview other]`},
		"a group of a list": {
			Config{Services: []Rule{{Is: []string{"a"}, Name: "{1}"}}},
			"services[0]: name: {1} needs matches, whose groups it stands for"},
		"a group that the pattern hasn't": {
			Config{Services: []Rule{{Matches: "(a)(b)", Name: "{3}"}}},
			"services[0]: name: {3}: matches has no such group; it has 2"},
		"the whole match is no group": {
			Config{Services: []Rule{{Matches: "(a)", Name: "{0}"}}},
			"services[0]: name: {0}: matches has no such group; it has 1"},
		"an open brace": {
			Config{Services: []Rule{{Matches: "(a)", Name: "x{1"}}},
			`services[0]: name: a "{" must be closed: {1} or {group}`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { require.ErrorContains(t, c.config.Validate(), c.wrong) })
	}
	both := Config{Services: []Rule{{Name: "x"}}, Versions: []Rule{{Name: "y"}}}
	require.ErrorContains(t, both.Validate(), "services[0]: ")
	require.ErrorContains(t, both.Validate(), "versions[0]: ", "every mistake is told")
	require.NoError(t, DefaultConfig().Validate())
	require.NoError(t, Config{}.Validate())
}

func TestTheDigestChangesWithTheRules(t *testing.T) {
	same := func() Config {
		c := DefaultConfig()
		c.Services = []Rule{{Is: []string{"a"}, Name: "b"}}
		return c
	}
	digest := rules(t, same()).Digest()
	require.Regexp(t, `^[0-9a-f]{16}$`, digest)
	require.Equal(t, digest, rules(t, same()).Digest())
	for name, change := range map[string]func(*Config){
		"another name":            func(c *Config) { c.Services[0].Name = "c" },
		"a service as a pattern":  func(c *Config) { c.Services[0] = Rule{Matches: "a", Name: "b"} },
		"the rule of versions":    func(c *Config) { c.Versions, c.Services = c.Services, nil },
		"no default environments": func(c *Config) { c.DefaultEnvironments = false },
		"no default versions":     func(c *Config) { c.DefaultVersions = false },
		"an environment's tier": func(c *Config) {
			c.Environments = []EnvironmentRule{{Rule{Is: []string{"x"}}, Preview}}
		},
	} {
		c := same()
		change(&c)
		require.NotEqual(t, digest, rules(t, c).Digest(), name)
	}
}

// A name that is one already is not renamed again by the default rules, whatever it is.
func TestTheDefaultRulesAreIdempotent(t *testing.T) {
	r := rules(t, DefaultConfig())
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`(refs/tags/|pkg:|a/b:|oci://)?[a-zA-Z0-9@:/._-]{0,20}`)).Draw(t, "name")
		service := r.Service(text)
		require.Equal(t, text, service, "no default renames a service")
		environment, tier := r.Environment(text)
		again, tierAgain := r.Environment(environment)
		require.Equal(t, environment, again)
		require.Equal(t, tier, tierAgain)
	})
}
