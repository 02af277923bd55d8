package signin

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"
	"golang.org/x/crypto/bcrypt"
)

func configured(t *testing.T, yaml string) (Config, error) {
	t.Helper()
	resolver, err := confmap.NewResolver(confmap.ResolverSettings{
		URIs: []string{"yaml:" + yaml}, ProviderFactories: []confmap.ProviderFactory{yamlprovider.NewFactory(), envprovider.NewFactory()}, DefaultScheme: "env",
	})
	require.NoError(t, err)
	conf, err := resolver.Resolve(t.Context())
	require.NoError(t, err)
	c := DefaultConfig()
	if err := conf.Unmarshal(&c); err != nil {
		return c, err
	}
	return c, c.Check()
}

func TestConfiguration(t *testing.T) {
	hash := string(hashOf(t, annsPassword, leastCost))
	cheap, err := bcrypt.GenerateFromPassword([]byte("x"), bcrypt.MinCost)
	require.NoError(t, err)
	t.Setenv("TOKENS", "s3cret-a,s3cret-b")
	for name, c := range map[string]struct{ yaml, want string }{
		"nobody":                       {`{}`, ""},
		"a program and a person":       {`{tokens: {ci: {roles: [sender], secrets: '${env:TOKENS}'}}, users: {ann: {roles: [operator, sender], password_hash: '` + hash + `'}}}`, ""},
		"a file":                       {`{tokens: {ci: {roles: [sender], secrets_file: /x}}}`, ""},
		"an unknown role":              {`{tokens: {ci: {roles: [admin], secrets: s3cret}}}`, `access::tokens::ci::roles: "admin" is no role; there are reader, sender, operator`},
		"no role":                      {`{users: {ann: {password_hash: '` + hash + `'}}}`, "access::users::ann::roles: give at least one of reader, sender, operator"},
		"no secret":                    {`{tokens: {ci: {roles: [sender]}}}`, "access::tokens::ci: give secrets or secrets_file"},
		"an empty secret":              {`{tokens: {ci: {roles: [sender], secrets: [s3cret, '']}}}`, "access::tokens::ci::secrets[1]: is empty"},
		"an unset secret":              {`{tokens: {ci: {roles: [sender], secrets: ''}}}`, "secrets is empty"},
		"an unset file":                {`{tokens: {ci: {roles: [sender], secrets_file: ''}}}`, "secrets_file is empty"},
		"a secret of two":              {`{tokens: {a: {roles: [sender], secrets: s3cret}, b: {roles: [reader], secrets: s3cret}}}`, "access::tokens::b::secrets[0]: a has the same"},
		"a secret where keys ought be": {`{tokens: {ci: s3cret}}`, "tokens::ci: must be a map with roles and secrets"},
		"a list of tokens":             {`{tokens: [s3cret]}`, "tokens: must be a map from names to roles and secrets"},
		"a password where keys are":    {`{users: {ann: s3cret}}`, "users::ann: must be a map with roles and password_hash"},
		"no hash":                      {`{users: {ann: {roles: [reader]}}}`, "access::users::ann::password_hash: required"},
		"a password for a hash":        {`{users: {ann: {roles: [reader], password_hash: s3cret}}}`, "access::users::ann::password_hash: is no bcrypt hash"},
		"a number for a hash":          {`{users: {ann: {roles: [reader], password_hash: 8172}}}`, "password_hash: must be text"},
		"a cheap hash":                 {`{users: {ann: {roles: [reader], password_hash: '` + string(cheap) + `'}}}`, "its cost is 4: must be 10 to 14"},
		"a name with a colon":          {`{tokens: {'a:b': {roles: [sender], secrets: s3cret}}}`, "a name has 1 to 64 characters"},
		"a short session":              {`{session: 10s}`, "access::session: 10s: must be 1m to 720h0m0s"},
		"a misspelled key":             {`{tokens: {ci: {role: sender, secrets: s3cret}}}`, "role"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := configured(t, c.yaml)
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "s3cret")
			require.NotContains(t, err.Error(), "8172")
		})
	}
}

func TestAFileThatIsNotThereIsNamed(t *testing.T) {
	s := settings(t)
	s.Tokens["ci"] = TokenConfig{SecretsFile: "/nowhere"}
	_, err := New(s)
	require.ErrorContains(t, err, "access::tokens::ci::secrets_file: open /nowhere")
}

func TestAHashGoesThroughTheConfigurationAsItIs(t *testing.T) {
	hash := string(hashOf(t, annsPassword, leastCost))
	c, err := configured(t, `{users: {ann: {roles: [reader], password_hash: '`+hash+`'}}}`)
	require.NoError(t, err)
	require.Equal(t, hash, string(c.Users["ann"].PasswordHash))
}
