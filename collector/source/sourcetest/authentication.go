package sourcetest

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/source"
)

// key is a secret as it is configured, and as its sender has it.
type key struct{ configured, sender string }

// newKey makes a secret for a scheme. It holds the word canary, as far as the scheme leaves it a choice.
func newKey(t testing.TB, scheme source.Scheme, name string) key {
	t.Helper()
	switch scheme.Kind {
	case source.Basic:
		return key{"canary:" + name, "canary:" + name}
	case source.PublicKey:
		public, private, err := ed25519.GenerateKey(rand.Reader)
		require.NoError(t, err)
		der, err := x509.MarshalPKCS8PrivateKey(private)
		require.NoError(t, err)
		return key{hex.EncodeToString(public), base64.StdEncoding.EncodeToString(der)}
	}
	return key{"canary-" + name, "canary-" + name}
}

func checkAuthentication(t *testing.T, s source.Source, suite Suite) {
	c := New(t, s, suite.Keys)
	schemes := c.Schemes()
	require.NotEmpty(t, schemes, "how do its senders prove themselves?")
	require.NoError(t, c.Authenticate(nil, Payload(t, suite.Valid)), "without secrets everything is authentic")
	for i, scheme := range schemes {
		require.NoError(t, scheme.Validate(), "Schemes[%d]", i)
		t.Run(string(scheme.Kind)+" "+scheme.Header, func(t *testing.T) { checkScheme(t, c, scheme, suite) })
	}
	err := c.CheckSecrets([]string{"canary:secret", ""})
	require.ErrorContains(t, err, "secrets[", "an empty secret must be refused, with its place")
	require.NotContains(t, err.Error(), "canary")
}

// checkScheme tries each live secret, and what isn't one.
func checkScheme(t *testing.T, c source.Configured, scheme source.Scheme, suite Suite) {
	newer, older, wrong := newKey(t, scheme, "newer"), newKey(t, scheme, "older"), newKey(t, scheme, "wrong")
	live := []string{newer.configured, older.configured}
	sent := func(k key) source.Request {
		req := Payload(t, suite.Valid)
		require.NoError(t, scheme.Sign(&req, k.sender))
		return req
	}
	for _, k := range []key{newer, older} {
		require.NoError(t, c.Authenticate(live, sent(k)), "each live secret must do")
	}
	refused(t, c, live, Payload(t, suite.Valid))
	refused(t, c, live, sent(wrong))
	if scheme.Kind != source.PublicKey {
		refused(t, c, live, sent(key{}))
	}
	if scheme.Kind == source.HMAC || scheme.Kind == source.PublicKey {
		checkSignature(t, c, scheme, live, sent(newer))
	}
}

// checkSignature bends a signed message.
func checkSignature(t *testing.T, c source.Configured, scheme source.Scheme, live []string, good source.Request) {
	for name, bend := range map[string]func(*source.Request){
		"another body":                 func(req *source.Request) { req.Body = append(req.Body, ' ') },
		"no body":                      func(req *source.Request) { req.Body = nil },
		"a signature that was cut":     func(req *source.Request) { cut(req, scheme.Header) },
		"a weaker algorithm":           func(req *source.Request) { req.Header.Set(scheme.Header, "md5=d41d8cd98f00b204e9800998ecf8427e") },
		"an empty signature":           func(req *source.Request) { req.Header.Set(scheme.Header, scheme.Prefix) },
		"more after the signature":     func(req *source.Request) { req.Header.Set(scheme.Header, req.Header.Get(scheme.Header)+"00") },
		"what the signature isn't for": func(req *source.Request) { strip(req, scheme) },
	} {
		t.Run(name, func(t *testing.T) {
			req := clone(good)
			bend(&req)
			if req.Header.Get(scheme.Header) == good.Header.Get(scheme.Header) && string(req.Body) == string(good.Body) && scheme.ID == "" {
				require.NoError(t, c.Authenticate(live, req), "nothing that is signed was bent")
				return
			}
			refused(t, c, live, req)
		})
	}
	if scheme.Timestamp != "" || scheme.TimestampPrefix != "" {
		late := clone(good)
		late.ReceivedAt = late.ReceivedAt.Add(time.Hour)
		refused(t, c, live, late)
	}
}

func cut(req *source.Request, header string) {
	value := req.Header.Get(header)
	req.Header.Set(header, value[:len(value)-2])
}

// strip takes the signed id away.
func strip(req *source.Request, scheme source.Scheme) {
	if scheme.ID != "" {
		req.Header.Del(scheme.ID)
	}
}

func refused(t *testing.T, c source.Configured, secrets []string, req source.Request) {
	t.Helper()
	err := c.Authenticate(secrets, req)
	require.ErrorIs(t, err, source.ErrUnauthorized)
	require.NotContains(t, err.Error(), "canary", "an error must not repeat a secret")
	for _, secret := range secrets {
		require.False(t, strings.Contains(err.Error(), secret), "an error must not repeat a secret")
	}
}
