package signin

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/internal/access"
)

// issuer is an identity provider that signs in one person at once. What it says can be made wrong.
type issuer struct {
	*httptest.Server
	t      *testing.T
	key    *ecdsa.PrivateKey
	signer *ecdsa.PrivateKey // the key unless it is forged
	claims map[string]any    // of the ID token, over the right ones
	info   map[string]any    // what userinfo says
	asked  map[string]url.Values
	away   bool
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	i := &issuer{t: t, key: key, signer: key, claims: map[string]any{}, asked: map[string]url.Values{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		i.write(w, map[string]any{
			"issuer": i.URL, "authorization_endpoint": i.URL + "/authorize", "token_endpoint": i.URL + "/token", "jwks_uri": i.URL + "/keys",
			"userinfo_endpoint": i.URL + "/info", "id_token_signing_alg_values_supported": []string{"ES256"},
		})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		i.write(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: i.key.Public(), KeyID: "k", Algorithm: "ES256", Use: "sig"}}})
	})
	mux.HandleFunc("GET /info", func(w http.ResponseWriter, _ *http.Request) { i.write(w, i.info) })
	mux.HandleFunc("GET /authorize", i.authorize)
	mux.HandleFunc("POST /token", i.token)
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if i.away {
			http.Error(w, "away", http.StatusServiceUnavailable)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(i.Close)
	return i
}

func (i *issuer) write(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value)
}

func (i *issuer) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	i.asked["code-1"] = q
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+url.Values{"code": {"code-1"}, "state": {q.Get("state")}}.Encode(), http.StatusFound)
}

// token gives an ID token for a code, once, to who has the verifier and the secret.
func (i *issuer) token(w http.ResponseWriter, r *http.Request) {
	asked, known := i.asked[r.FormValue("code")]
	delete(i.asked, r.FormValue("code"))
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	id, secret, basic := r.BasicAuth()
	if !known || !basic || id != "shipwake" || secret != "cl1ent" || asked.Get("code_challenge_method") != "S256" ||
		asked.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]) || r.FormValue("redirect_uri") != asked.Get("redirect_uri") {
		w.WriteHeader(http.StatusBadRequest)
		i.write(w, map[string]any{"error": "invalid_grant"})
		return
	}
	claims := map[string]any{
		"iss": i.URL, "sub": "u-1", "aud": "shipwake", "iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(), "nonce": asked.Get("nonce"),
	}
	for k, v := range i.claims {
		claims[k] = v
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: i.signer, KeyID: "k"}}, nil)
	require.NoError(i.t, err)
	body, err := json.Marshal(claims)
	require.NoError(i.t, err)
	signed, err := signer.Sign(body)
	require.NoError(i.t, err)
	raw, err := signed.CompactSerialize()
	require.NoError(i.t, err)
	i.write(w, map[string]any{"access_token": "acc3ss", "token_type": "Bearer", "id_token": raw})
}

// withProvider is a daemon whose people sign in at the issuer.
func withProvider(t *testing.T, i *issuer) *world {
	t.Helper()
	s := settings(t)
	s.OIDC = &OIDCConfig{
		Name: "Example ID", Issuer: i.URL, ClientID: "shipwake", ClientSecret: "cl1ent", Scopes: []string{"openid", "groups"}, GroupsClaim: "groups",
		RedirectURL: "http://127.0.0.1" + callbackPath, Roles: map[access.Role][]string{access.Operator: {"sre"}, access.Reader: {"staff", "sre"}},
	}
	w := serve(t, s)
	w.door.provider.RedirectURL = w.URL + callbackPath
	return w
}

// follow goes from the button to the provider and back, and returns the last answer of the daemon.
func (b *browser) follow(next string) answer {
	b.t.Helper()
	to := b.send(http.MethodGet, providerPath+"?next="+url.QueryEscape(next), nil)
	require.Equal(b.t, http.StatusSeeOther, to.StatusCode, to.text)
	b.header["Sec-Fetch-Site"] = "cross-site"
	defer func() { b.header["Sec-Fetch-Site"] = "same-origin" }()
	back := b.send(http.MethodGet, to.Header.Get("Location"), nil)
	require.Equal(b.t, http.StatusFound, back.StatusCode)
	return b.send(http.MethodGet, back.Header.Get("Location"), nil)
}

func TestSomebodySignsInAtAProvider(t *testing.T) {
	i := newIssuer(t)
	i.claims = map[string]any{"email": "ann@example.com", "email_verified": true, "groups": []string{"sre"}}
	w := withProvider(t, i)
	b := w.browser()
	require.Contains(t, b.send(http.MethodGet, "/login?next=/page", nil).text, `href="/login/provider?next=%2fpage">Sign in with Example ID`)
	in := b.follow("/page?a=b")
	require.Equal(t, http.StatusSeeOther, in.StatusCode, in.text)
	require.Equal(t, "/page?a=b", in.Header.Get("Location"))
	require.Contains(t, b.send(http.MethodGet, "/page", nil).text, "oidc:u-1|ann@example.com|[reader operator]|true")
	require.Equal(t, 200, b.send(http.MethodPost, "/decide", b.fields("/page")).StatusCode)
	require.Equal(t, 303, b.send(http.MethodPost, "/logout", b.fields("/page")).StatusCode)
	require.Equal(t, 303, b.send(http.MethodGet, "/page", nil).StatusCode)
	require.Equal(t, "/", b.follow("https://evil.example").Header.Get("Location"))
}

func TestGroupsMakeRoles(t *testing.T) {
	for name, c := range map[string]struct {
		claims, info map[string]any
		status       int
		says         string
	}{
		"a list":                       {map[string]any{"groups": []string{"x", "staff"}}, nil, 200, "|u-1|[reader]|"},
		"one":                          {map[string]any{"groups": "sre", "preferred_username": "an\u0007n"}, nil, 200, "|ann|[reader operator]|"},
		"only when asked":              {nil, map[string]any{"sub": "u-1", "groups": []string{"sre"}}, 200, "|u-1|[reader operator]|"},
		"an email that isn't verified": {map[string]any{"groups": "sre", "email": "boss@example.com"}, nil, 200, "|u-1|"},
		"none":                         {map[string]any{"groups": []string{"x"}}, nil, 403, "none of your groups has a role here"},
		"not a text":                   {map[string]any{"groups": 7}, nil, 403, "none of your groups has a role here"},
		"somebody else's":              {nil, map[string]any{"sub": "u-2", "groups": []string{"sre"}}, 502, "confirm who you are"},
	} {
		t.Run(name, func(t *testing.T) {
			i := newIssuer(t)
			i.claims, i.info = c.claims, c.info
			b := withProvider(t, i).browser()
			got := b.follow("/page")
			if c.status == 200 {
				got = b.send(http.MethodGet, "/page", nil)
			}
			require.Equal(t, c.status, got.StatusCode, got.text)
			require.Contains(t, got.text, c.says)
		})
	}
}

func TestWhatAProviderSaysIsChecked(t *testing.T) {
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	for name, edit := range map[string]func(*issuer){
		"another nonce":      func(i *issuer) { i.claims["nonce"] = "x" },
		"no nonce":           func(i *issuer) { i.claims["nonce"] = "" },
		"for another client": func(i *issuer) { i.claims["aud"] = "grafana" },
		"another issuer":     func(i *issuer) { i.claims["iss"] = "https://evil.example" },
		"too old":            func(i *issuer) { i.claims["exp"] = time.Now().Add(-time.Hour).Unix() },
		"another key":        func(i *issuer) { i.signer = other },
	} {
		t.Run(name, func(t *testing.T) {
			i := newIssuer(t)
			i.claims["groups"] = "sre"
			edit(i)
			w := withProvider(t, i)
			b := w.browser()
			require.Equal(t, http.StatusBadGateway, b.follow("/page").StatusCode)
			require.Equal(t, http.StatusSeeOther, b.send(http.MethodGet, "/page", nil).StatusCode)
			said := w.logs.All()
			require.NotEmpty(t, said)
			for _, entry := range said {
				for _, hidden := range []string{"cl1ent", "acc3ss", "code-1", "eyJ"} {
					require.NotContains(t, entry.Message+strings.Join(texts(entry.ContextMap()), " "), hidden)
				}
			}
		})
	}
}

func TestOnlyTheBrowserThatBeganArrives(t *testing.T) {
	i := newIssuer(t)
	i.claims["groups"] = "sre"
	w := withProvider(t, i)
	mine, victim := w.browser(), w.browser()
	to := mine.send(http.MethodGet, providerPath, nil).Header.Get("Location")
	back := mine.send(http.MethodGet, to, nil).Header.Get("Location")
	require.Equal(t, 400, victim.send(http.MethodGet, back, nil).StatusCode, "a link that was planted")
	require.Equal(t, 303, victim.send(http.MethodGet, providerPath, nil).StatusCode)
	require.Equal(t, 400, victim.send(http.MethodGet, back, nil).StatusCode, "also when one of its own is under way")
	got := mine.send(http.MethodGet, back, nil)
	require.Equal(t, "/", got.Header.Get("Location"), got.text)
	require.Equal(t, 400, mine.send(http.MethodGet, back, nil).StatusCode, "once")

	to = mine.send(http.MethodGet, providerPath, nil).Header.Get("Location")
	asked := must(url.Parse(to)).Query()
	require.Equal(t, "S256", asked.Get("code_challenge_method"))
	for _, c := range mine.Jar.Cookies(must(url.Parse(w.URL))) {
		require.NotContains(t, c.Value, asked.Get("nonce"))
	}
	refused := mine.send(http.MethodGet, callbackPath+"?error=access_denied%3Cb%3E&state="+url.QueryEscape(asked.Get("state")), nil)
	require.Equal(t, 403, refused.StatusCode)
	require.Contains(t, refused.text, "Example ID refused: access_denied&lt;b&gt;")
}

func TestWithoutItsProviderTheDaemonServesTokens(t *testing.T) {
	i := newIssuer(t)
	i.claims["groups"] = "sre"
	i.away = true
	w := withProvider(t, i)
	b := w.browser()
	got := b.send(http.MethodGet, providerPath, nil)
	require.Equal(t, 503, got.StatusCode)
	require.Contains(t, got.text, "Example ID can&#39;t be reached now")
	require.Equal(t, 303, b.signIn("token", "robot-1").StatusCode)
	require.Equal(t, 200, b.send(http.MethodGet, "/page", nil).StatusCode)
	i.away = false
	require.Equal(t, "/page", b.follow("/page").Header.Get("Location"), "it is asked again")
}

func TestAProvidersConfiguration(t *testing.T) {
	right := "issuer: 'https://id.example.com', client_id: shipwake, client_secret: s3cret, redirect_url: 'https://s.example.com/login/callback'"
	for name, c := range map[string]struct{ yaml, want string }{
		"right":                   {right + ", roles: {operator: [sre], reader: ['*']}", ""},
		"no role":                 {right, "access::oidc::roles: give at least one of reader, sender, operator"},
		"an unknown role":         {right + ", roles: {admin: [sre]}", `access::oidc::roles: "admin" is no role`},
		"a role of nobody":        {right + ", roles: {reader: []}", "access::oidc::roles::reader: give the groups that have it"},
		"an address nobody knows": {right + ", roles: {reader: ['*']}, allow: ['10.0.0.0/99']", "access::oidc::allow[0]: "},
		"no openid":               {right + ", roles: {reader: ['*']}, scopes: [email]", "access::oidc::scopes: must have openid"},
		"no issuer":               {"client_id: x", "access::oidc::issuer: must be an address"},
		"an issuer in the clear":  {"issuer: 'http://id.example.com'", "access::oidc::issuer: must be https"},
		"no client":               {"issuer: 'http://localhost:5556'", "access::oidc::client_id: required"},
		"elsewhere":               {"issuer: 'https://id.example.com', client_id: x, redirect_url: 'https://s.example.com/callback'", "access::oidc::redirect_url: must end in /login/callback"},
		"a number for a secret":   {"client_secret: 8172", "client_secret: must be text"},
		"an unset secret":         {"client_secret: ''", "client_secret is empty"},
		"a misspelled key":        {right + ", role: {reader: ['*']}", "role"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := configured(t, "{oidc: {"+c.yaml+"}}")
			if c.want == "" {
				require.NoError(t, err)
				require.Equal(t, []access.Role{access.Reader, access.Operator}, got.OIDC.rolesOf([]string{"sre"}))
				require.Equal(t, []access.Role{access.Reader}, got.OIDC.rolesOf(nil))
				return
			}
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "s3cret")
			require.NotContains(t, err.Error(), "8172")
		})
	}
	_, err := configured(t, "{oidc: s3cret}")
	require.ErrorContains(t, err, "oidc: must be a map")
	require.NotContains(t, err.Error(), "s3cret")
	s := settings(t)
	s.OIDC = &OIDCConfig{CAFile: "/nowhere"}
	_, err = New(s)
	require.ErrorContains(t, err, "access::oidc::ca_file: open /nowhere")
}
