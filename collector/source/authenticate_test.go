package source

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var now = time.Unix(1614265330, 0)

// with is a source with some schemes.
func with(schemes ...Scheme) Configured {
	return Configured{name: "test", source: Source{Name: "test", Schemes: schemes}}
}

func bearer() Scheme { return Scheme{Kind: Bearer} }

// Vectors that the systems themselves, or their libraries, document.
func TestTheDocumentedVectorsVerify(t *testing.T) {
	for name, c := range map[string]struct {
		scheme               Scheme
		secret, body, header string
		more                 map[string]string
	}{
		"GitHub": {
			HubSignature(), "It's a Secret to Everybody", "Hello, World!",
			"sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17", nil,
		},
		"CircleCI": {
			Scheme{Kind: HMAC, Header: "Circleci-Signature", Prefix: "v1=", Separator: ","}, "another-secret", "lalala",
			"v1=daa220016c8f29a8b214fbfc3671aeec2145cfb1e6790184ffb38b6d0425fa00,v2=another", nil,
		},
		"Standard Webhooks": {
			StandardWebhooks(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", `{"test": 2432232314}`,
			"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
			map[string]string{"webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330"},
		},
		"Slack": {
			Scheme{Kind: HMAC, Header: "X-Slack-Signature", Prefix: "v0=", Content: "v0:{timestamp}:{body}",
				Timestamp: "X-Slack-Request-Timestamp", Tolerance: 10 * 365 * 24 * time.Hour},
			"8f742231b10e8888abcd99yyyzzz85a5",
			"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
			"v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
			map[string]string{"X-Slack-Request-Timestamp": "1531420618"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, c.scheme.Validate())
			req := Request{Header: http.Header{}, Body: []byte(c.body), ReceivedAt: now}
			req.Header.Set(c.scheme.Header, c.header)
			for k, v := range c.more {
				req.Header.Set(k, v)
			}
			require.NoError(t, with(c.scheme).Authenticate([]string{"another", c.secret}, req))
			requireAuth(t, with(c.scheme).Authenticate([]string{"another"}, req), "fits none of the configured secrets")
		})
	}
}

// hub is the value of X-Hub-Signature-256.
func hub(secret string, body []byte) string {
	return HubSignature().Prefix + hex.EncodeToString(HubSignature().mac(body, secret))
}

func TestSignatures(t *testing.T) {
	body := []byte(`{"a":1}`)
	for name, c := range map[string]struct {
		header  string
		secrets []string
		want    string
	}{
		"no secrets, no signature":            {"", nil, ""},
		"the only secret":                     {hub("one", body), []string{"one"}, ""},
		"the older of two secrets":            {hub("one", body), []string{"two", "one"}, ""},
		"no signature":                        {"", []string{"one"}, "the header X-Hub-Signature-256 is missing"},
		"another secret":                      {hub("three", body), []string{"two", "one"}, "fits none of the configured secrets"},
		"another body":                        {hub("one", []byte("{}")), []string{"one"}, "fits none of the configured secrets"},
		"a weaker algorithm":                  {"sha1=00", []string{"one"}, "must be sha256= and a signature in hex digits"},
		"not hex":                             {"sha256=zz", []string{"one"}, "a signature in hex digits"},
		"a prefix of the right signature":     {hub("one", body)[:20], []string{"one"}, "a signature in hex digits"},
		"an even prefix of it":                {hub("one", body)[:27], []string{"one"}, "fits none of the configured secrets"},
		"the right signature with more after": {hub("one", body) + "00", []string{"one"}, "fits none of the configured secrets"},
	} {
		t.Run(name, func(t *testing.T) {
			req := Request{Header: http.Header{}, Body: body}
			if c.header != "" {
				req.Header.Set("X-Hub-Signature-256", c.header)
			}
			requireAuth(t, with(HubSignature()).Authenticate(c.secrets, req), c.want)
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
		"no token":                 {"", []string{"one"}, "the header Authorization: Bearer … is missing"},
		"another scheme":           {"Basic b25l", []string{"one"}, "must be Authorization: Bearer …"},
		"another token":            {"Bearer three", []string{"one", "two"}, "is none of the configured secrets"},
		"an empty token":           {"Bearer", []string{"one"}, "is none of the configured secrets"},
	} {
		t.Run(name, func(t *testing.T) {
			req := Request{Header: http.Header{}}
			if c.header != "" {
				req.Header.Set("Authorization", c.header)
			}
			requireAuth(t, with(bearer()).Authenticate(c.secrets, req), c.want)
		})
	}
}

func TestBasicAuthorization(t *testing.T) {
	encoded := func(text string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(text)) }
	for name, c := range map[string]struct{ header, want string }{
		"the only user":       {encoded("ci:one"), ""},
		"in lower case":       {"basic " + encoded("ci:one")[6:], ""},
		"another password":    {encoded("ci:two"), "is none of the configured secrets"},
		"not Base64":          {"Basic ci:one", "user:password in Base64"},
		"a token":             {"Bearer one", "the header must be Authorization: Basic …"},
		"nothing":             {"", "the header Authorization: Basic … is missing"},
		"loosely written":     {encoded("ci:one") + "=", "user:password in Base64"},
		"the password is all": {encoded("one"), "is none of the configured secrets"},
	} {
		t.Run(name, func(t *testing.T) {
			req := Request{Header: http.Header{}}
			if c.header != "" {
				req.Header.Set("Authorization", c.header)
			}
			requireAuth(t, with(Scheme{Kind: Basic}).Authenticate([]string{"ci:one"}, req), c.want)
		})
	}
}

func TestTheFirstSchemeThatAMessageUsesDecides(t *testing.T) {
	c := with(HubSignature(), Scheme{Kind: Basic}, bearer())
	req := func(header map[string]string) Request {
		r := Request{Header: http.Header{}, Body: []byte("{}")}
		for k, v := range header {
			r.Header.Set(k, v)
		}
		return r
	}
	live := []string{"one"}
	requireAuth(t, c.Authenticate(live, req(map[string]string{"Authorization": "Bearer one"})), "")
	requireAuth(t, c.Authenticate(live, req(map[string]string{"Authorization": "Basic b25l"})), "")
	requireAuth(t, c.Authenticate(live, req(map[string]string{"Authorization": "Digest one"})), "must be Authorization: Bearer …")
	requireAuth(t, c.Authenticate(live, req(nil)), "X-Hub-Signature-256 or Authorization: Basic … or Authorization: Bearer … is missing")
	requireAuth(t, c.Authenticate(live, req(map[string]string{"Authorization": "Bearer one", "X-Hub-Signature-256": "sha256=00"})), "fits none")
}

func TestStandardWebhooks(t *testing.T) {
	body := []byte(`{"a":1}`)
	c := with(StandardWebhooks(), bearer())
	for name, k := range map[string]struct {
		edit func(http.Header)
		at   time.Time
		want string
	}{
		"as it was sent":                     {nil, now, ""},
		"five minutes late":                  {nil, now.Add(5 * time.Minute), ""},
		"later":                              {nil, now.Add(5*time.Minute + time.Second), "the timestamp in Webhook-Timestamp must be within 5m0s"},
		"earlier than ever":                  {nil, now.Add(-6 * time.Minute), "the timestamp in Webhook-Timestamp must be within 5m0s"},
		"one of several signatures":          {func(h http.Header) { h.Set("Webhook-Signature", "v1a,xx v1,AA== "+h.Get("Webhook-Signature")) }, now, ""},
		"another id":                         {func(h http.Header) { h.Set("Webhook-Id", "msg_2") }, now, "fits none of the configured secrets"},
		"another time":                       {func(h http.Header) { h.Set("Webhook-Timestamp", "1614265331") }, now, "fits none of the configured secrets"},
		"a dot moved":                        {func(h http.Header) { h.Set("Webhook-Id", "msg_1.1614265330") }, now, `Webhook-Id must not hold "."`},
		"no id":                              {func(h http.Header) { h.Del("Webhook-Id") }, now, "comes with an id in Webhook-Id"},
		"no time":                            {func(h http.Header) { h.Del("Webhook-Timestamp") }, now, "comes with a timestamp in Webhook-Timestamp"},
		"a time with a sign":                 {func(h http.Header) { h.Set("Webhook-Timestamp", "+1614265330") }, now, "must be Unix seconds"},
		"a time that isn't":                  {func(h http.Header) { h.Set("Webhook-Timestamp", "soon") }, now, "must be Unix seconds"},
		"a time beyond all time":             {func(h http.Header) { h.Set("Webhook-Timestamp", "9223372036854775807") }, now, "within 5m0s"},
		"another version":                    {func(h http.Header) { h.Set("Webhook-Signature", "v2"+h.Get("Webhook-Signature")[2:]) }, now, "must be v1, and a signature in Base64"},
		"with a line break":                  {func(h http.Header) { h.Set("Webhook-Signature", h.Get("Webhook-Signature")+"\n") }, now, ""},
		"a line break within":                {func(h http.Header) { h.Set("Webhook-Signature", "v1,\n"+h.Get("Webhook-Signature")[3:]) }, now, "must be v1, and a signature in Base64"},
		"no signature, and no token instead": {func(h http.Header) { h.Del("Webhook-Signature") }, now, "Webhook-Signature or Authorization: Bearer … is missing"},
		"a wrong one isn't saved by a token": {func(h http.Header) { h.Set("Webhook-Signature", "v1,AA=="); h.Set("Authorization", "Bearer two") }, now, "fits none of the configured secrets"},
	} {
		t.Run(name, func(t *testing.T) {
			req := Request{Header: http.Header{"Webhook-Id": {"msg_1"}}, Body: body, ReceivedAt: now}
			require.NoError(t, StandardWebhooks().Sign(&req, "one"))
			req.ReceivedAt = k.at
			if k.edit != nil {
				k.edit(req.Header)
			}
			requireAuth(t, c.Authenticate([]string{"two", "one"}, req), k.want)
		})
	}
}

func TestATimestampAmongTheSignatures(t *testing.T) {
	scheme := Scheme{Kind: HMAC, Header: "X-Rootly-Signature", Prefix: "v1=", Separator: ",", Content: "{timestamp}{body}", TimestampPrefix: "t="}
	require.NoError(t, scheme.Validate())
	for name, c := range map[string]struct {
		edit func(value string) string
		late time.Duration
		want string
	}{
		"as it was sent":     {func(v string) string { return v }, 0, ""},
		"the other way":      {func(v string) string { return v[len("t=1614265330,"):] + ", t=1614265330" }, 0, ""},
		"later":              {func(v string) string { return v }, 6 * time.Minute, "the timestamp in X-Rootly-Signature (t=…) must be within 5m0s"},
		"another time":       {func(v string) string { return "t=1614265331" + v[len("t=1614265330"):] }, 0, "fits none"},
		"without the time":   {func(v string) string { return v[len("t=1614265330,"):] }, 0, "comes with a timestamp in X-Rootly-Signature (t=…)"},
		"without signatures": {func(string) string { return "t=1614265330" }, 0, "must be v1= and a signature in hex digits"},
	} {
		t.Run(name, func(t *testing.T) {
			req := Request{Header: http.Header{}, Body: []byte("{}"), ReceivedAt: now}
			require.NoError(t, scheme.Sign(&req, "one"))
			req.Header.Set(scheme.Header, c.edit(req.Header.Get(scheme.Header)))
			req.ReceivedAt = now.Add(c.late)
			requireAuth(t, with(scheme).Authenticate([]string{"one"}, req), c.want)
		})
	}
}

// What is moved from the body to the id, or from the id to the body, is signed as before.
func TestASignedIDDoesNotTakeFromItsNeighbours(t *testing.T) {
	scheme := Scheme{Kind: HMAC, Header: "X-Signature", Content: "{body}/{id}.", ID: "X-Id"}
	require.NoError(t, scheme.Validate())
	req := Request{Header: http.Header{"X-Id": {"d"}}, Body: []byte("a/b/c"), ReceivedAt: now}
	require.NoError(t, scheme.Sign(&req, "one"))
	require.NoError(t, with(scheme).Authenticate([]string{"one"}, req))
	req.Body = []byte("a/b")
	req.Header.Set("X-Id", "c/d")
	requireAuth(t, with(scheme).Authenticate([]string{"one"}, req), `the header X-Id must not hold "/"`)
	req.Header.Set("X-Id", "d.")
	requireAuth(t, with(scheme).Authenticate([]string{"one"}, req), `the header X-Id must not hold "."`)
}

func TestPublicKeys(t *testing.T) {
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	rs, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	for name, key := range map[string]crypto.Signer{"Ed25519": ed, "ECDSA": ec, "RSA": rs} {
		t.Run(name, func(t *testing.T) {
			private, err := x509.MarshalPKCS8PrivateKey(key)
			require.NoError(t, err)
			public, err := x509.MarshalPKIXPublicKey(key.Public())
			require.NoError(t, err)
			for _, scheme := range []Scheme{{Kind: PublicKey, Header: "X-Signature"}, {Kind: PublicKey, Header: "X-Signature", Hash: "sha512", Encoding: "base64"}} {
				c := with(scheme)
				req := Request{Header: http.Header{}, Body: []byte("{}"), ReceivedAt: now}
				require.NoError(t, scheme.Sign(&req, base64.StdEncoding.EncodeToString(private)))
				line, block := base64.StdEncoding.EncodeToString(public), string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))
				require.NoError(t, c.CheckSecrets([]string{line, block}))
				require.NoError(t, c.Authenticate([]string{line}, req))
				require.NoError(t, c.Authenticate([]string{block}, req))
				req.Body = []byte("{ }")
				requireAuth(t, c.Authenticate([]string{line}, req), "fits none of the configured secrets")
			}
		})
	}
	require.ErrorContains(t, (Scheme{Kind: PublicKey, Header: "X"}).Sign(&Request{Header: http.Header{}}, "x"), "must be a private key")
}

func TestASourceWithoutSchemesTakesNothing(t *testing.T) {
	requireAuth(t, with().Authenticate([]string{"one"}, Request{Header: http.Header{"Authorization": {"Bearer one"}}}), "the source test has no way to prove")
}

func TestASecretThatCannotBeUsedIsRefused(t *testing.T) {
	require.NoError(t, with(bearer()).CheckSecrets(nil))
	require.NoError(t, with(bearer()).CheckSecrets([]string{"a"}))
	require.NoError(t, with(Scheme{Kind: Basic}, bearer()).CheckSecrets([]string{"a"}), "for the bearer token")
	require.ErrorContains(t, with(bearer()).CheckSecrets([]string{"a", ""}), "secrets[1] is empty")
	require.EqualError(t, with(Scheme{Kind: Basic}).CheckSecrets([]string{"u:p", "canary"}), "secrets[1] must be user:password")
	require.ErrorContains(t, with(Scheme{Kind: PublicKey}).CheckSecrets([]string{"canary"}), "secrets[0] must be a public key")
}

func TestAWrongSchemeNamesTheField(t *testing.T) {
	for name, c := range map[string]struct {
		scheme Scheme
		want   string
	}{
		"no kind":                       {Scheme{Header: "X"}, `kind: "" is unknown; use one of [hmac public_key token bearer basic field]`},
		"no header":                     {Scheme{Kind: HMAC}, "header: required"},
		"another encoding":              {Scheme{Kind: HMAC, Header: "X", Encoding: "base32"}, `encoding: "base32" is unknown; use hex or base64`},
		"a broken hash":                 {Scheme{Kind: HMAC, Header: "X", Hash: "md5"}, `hash: "md5" is unknown; use sha1, sha256 or sha512`},
		"a signature of nothing":        {Scheme{Kind: HMAC, Header: "X", Content: "{timestamp}", Timestamp: "T"}, "content: must hold {body}"},
		"a timestamp from nowhere":      {Scheme{Kind: HMAC, Header: "X", Content: "{timestamp}{body}"}, "timestamp: where the timestamp is"},
		"a timestamp that isn't signed": {Scheme{Kind: HMAC, Header: "X", Timestamp: "T"}, "timestamp: where the timestamp is"},
		"an id that isn't signed":       {Scheme{Kind: HMAC, Header: "X", ID: "I"}, "id: the header of the id"},
		"an id beside the body":         {Scheme{Kind: HMAC, Header: "X", Content: "{body}{id}", ID: "I"}, "content: {id} must be set apart"},
		"an id before the body":         {Scheme{Kind: HMAC, Header: "X", Content: "{id}{body}", ID: "I"}, "content: {id} must be set apart"},
		"no patience":                   {Scheme{Kind: HMAC, Header: "X", Tolerance: -1}, "tolerance: must not be negative"},
	} {
		t.Run(name, func(t *testing.T) { require.ErrorContains(t, c.scheme.Validate(), c.want) })
	}
	for _, right := range []Scheme{HubSignature(), StandardWebhooks(), bearer(), {Kind: Basic}, {Kind: Token, Header: "X-Gitlab-Token"}} {
		require.NoError(t, right.Validate())
	}
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

// FuzzAuthenticate: whatever the headers are, nothing is accepted that wasn't signed.
func FuzzAuthenticate(f *testing.F) {
	f.Add("sha256=00", "", "", "", "", []byte("{}"))
	f.Add("", "v1,AA== v1a,x", "msg_1", "1614265330", "Bearer x", []byte("{}"))
	f.Add("sha256=", "t=1614265330,v1=00", "", "-1", "bearer", []byte{})
	all := []Scheme{HubSignature(), StandardWebhooks(), bearer(), {Kind: Basic}, {Kind: Token, Header: "X-Gitlab-Token"},
		{Kind: HMAC, Header: "Webhook-Signature", Prefix: "v1=", Separator: ",", Content: "{timestamp}.{body}", TimestampPrefix: "t="}}
	f.Fuzz(func(t *testing.T, hub, signature, id, at, authorization string, body []byte) {
		header := http.Header{}
		for key, value := range map[string]string{"X-Hub-Signature-256": hub, "Webhook-Signature": signature, "Webhook-Id": id,
			"Webhook-Timestamp": at, "Authorization": authorization, "X-Gitlab-Token": id} {
			header.Set(key, value)
		}
		for _, scheme := range all {
			err := with(scheme).Authenticate([]string{"a secret that no fuzzer finds", "whsec_bm9yIHRoaXM="}, Request{Header: header, Body: body, ReceivedAt: now})
			require.ErrorIs(t, err, ErrUnauthorized)
		}
	})
}
