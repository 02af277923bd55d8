package source

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheDocumentedGitHubVectorVerifies(t *testing.T) {
	req := Request{Header: http.Header{}, Body: []byte("Hello, World!")}
	req.Header.Set("X-Hub-Signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")
	require.NoError(t, VerifyHMAC([]string{"It's a Secret to Everybody"}, req, "X-Hub-Signature-256"))
}

func TestSignatures(t *testing.T) {
	body := []byte(`{"a":1}`)
	for name, c := range map[string]struct {
		header  string
		secrets []string
		want    string
	}{
		"no secrets, no signature":            {"", nil, ""},
		"the only secret":                     {Sign("one", body), []string{"one"}, ""},
		"the older of two secrets":            {Sign("one", body), []string{"two", "one"}, ""},
		"no signature":                        {"", []string{"one"}, "the header X-Sig is missing"},
		"another secret":                      {Sign("three", body), []string{"two", "one"}, "fits none of the configured secrets"},
		"another body":                        {Sign("one", []byte("{}")), []string{"one"}, "fits none of the configured secrets"},
		"a weaker algorithm":                  {"sha1=00", []string{"one"}, "must start with sha256="},
		"not hex":                             {"sha256=zz", []string{"one"}, "64 hex digits"},
		"a prefix of the right signature":     {Sign("one", body)[:20], []string{"one"}, "64 hex digits"},
		"an even prefix of it":                {Sign("one", body)[:27], []string{"one"}, "fits none of the configured secrets"},
		"the right signature with more after": {Sign("one", body) + "00", []string{"one"}, "fits none of the configured secrets"},
	} {
		t.Run(name, func(t *testing.T) {
			req := Request{Header: http.Header{}, Body: body}
			if c.header != "" {
				req.Header.Set("X-Sig", c.header)
			}
			requireAuth(t, VerifyHMAC(c.secrets, req, "X-Sig"), c.want)
		})
	}
}

func TestBearerTokens(t *testing.T) {
	for name, c := range map[string]struct {
		header  string
		secrets []string
		want    string
	}{
		"no secrets, no token":     {"", nil, ""},
		"the only secret":          {"Bearer one", []string{"one"}, ""},
		"the older of two":         {"Bearer one", []string{"two", "one"}, ""},
		"the scheme in lower case": {"bearer one", []string{"one"}, ""},
		"no token":                 {"", []string{"one"}, "is missing"},
		"another scheme":           {"Basic b25l", []string{"one"}, "of the scheme Bearer"},
		"another token":            {"Bearer three", []string{"one", "two"}, "none of the configured secrets"},
		"an empty token":           {"Bearer", []string{"one"}, "none of the configured secrets"},
	} {
		t.Run(name, func(t *testing.T) {
			header := http.Header{}
			if c.header != "" {
				header.Set("Authorization", c.header)
			}
			requireAuth(t, VerifyBearer(c.secrets, header), c.want)
		})
	}
}

func TestAnEmptySecretIsRefused(t *testing.T) {
	require.NoError(t, CheckSecrets(nil))
	require.NoError(t, CheckSecrets([]string{"a"}))
	require.ErrorContains(t, CheckSecrets([]string{"a", ""}), "secrets[1] is empty")
}

func requireAuth(t *testing.T, err error, want string) {
	t.Helper()
	if want == "" {
		require.NoError(t, err)
		return
	}
	require.ErrorIs(t, err, ErrUnauthorized)
	require.ErrorContains(t, err, want)
}
