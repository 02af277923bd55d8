package host

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"
	"go.uber.org/zap"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/access"
)

func configured(values map[string]any) (*Config, error) {
	cfg := createDefaultConfig().(*Config)
	if err := confmap.NewFromStringMap(values).Unmarshal(cfg); err != nil {
		return nil, err
	}
	return cfg, confmap.Validate(cfg)
}

func web(endpoint string, more map[string]any) map[string]any {
	m := map[string]any{"endpoint": endpoint}
	for k, v := range more {
		m[k] = v
	}
	return m
}

func TestWhoMayReadMustBeSaidBeyondLoopback(t *testing.T) {
	everywhere := web("0.0.0.0:8788", nil)
	ca := web("0.0.0.0:8788", map[string]any{"tls": map[string]any{"cert_file": "c", "key_file": "k", "client_ca_file": "ca"}})
	tls := web("0.0.0.0:8788", map[string]any{"tls": map[string]any{"cert_file": "c", "key_file": "k"}})
	for name, c := range map[string]struct {
		values map[string]any
		want   string
	}{
		"the default":                     {map[string]any{}, ""},
		"nobody says":                     {map[string]any{"web": everywhere}, "web::endpoint: 0.0.0.0:8788 can be reached from other machines, so say who may read"},
		"TLS alone says nothing of it":    {map[string]any{"web": tls}, "can be reached from other machines"},
		"an empty list of tokens":         {map[string]any{"web": everywhere, "readers": map[string]any{"bearer_tokens": []any{}}}, "can be reached from other machines"},
		"a token":                         {map[string]any{"web": everywhere, "readers": map[string]any{"bearer_tokens": "s3cret"}}, ""},
		"a file of tokens":                {map[string]any{"web": everywhere, "readers": map[string]any{"bearer_tokens_file": "/f"}}, ""},
		"a user":                          {map[string]any{"web": everywhere, "readers": map[string]any{"basic_auth": []any{"a:s3cret"}}}, ""},
		"client certificates":             {map[string]any{"web": ca}, ""},
		"everybody, and that is meant":    {map[string]any{"web": everywhere, "readers": map[string]any{"allow_anonymous": true}}, ""},
		"an unset token":                  {map[string]any{"readers": map[string]any{"bearer_tokens": ""}}, "bearer_tokens is empty"},
		"an empty one among the tokens":   {map[string]any{"readers": map[string]any{"bearer_tokens": "s3cret,"}}, "readers::bearer_tokens[1]: is empty"},
		"an unset file":                   {map[string]any{"readers": map[string]any{"bearer_tokens_file": ""}}, "bearer_tokens_file is empty"},
		"a number for a token":            {map[string]any{"readers": map[string]any{"bearer_tokens": 81726354}}, "bearer_tokens: must be texts; put each in quotes"},
		"a map for a token":               {map[string]any{"readers": map[string]any{"bearer_tokens": map[string]any{"a": "s3cret"}}}, "bearer_tokens: must be texts"},
		"a user without a password":       {map[string]any{"readers": map[string]any{"basic_auth": "s3cret"}}, "readers::basic_auth[0]: must be user:password"},
		"no connections":                  {map[string]any{"readers": map[string]any{"max_connections": 0}}, "readers::max_connections: must be at least 1"},
		"a misspelled key":                {map[string]any{"readers": map[string]any{"bearer_token": "s3cret"}}, "bearer_token"},
		"a token where the keys ought be": {map[string]any{"readers": "s3cret"}, "readers"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := configured(c.values)
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "8172")
		})
	}
}

// guardOf is what stands before the pages, with 200 for whatever passes.
func guardOf(t *testing.T, cfg *Config) *readers {
	t.Helper()
	require.NoError(t, confmap.Validate(cfg))
	mux, fine := http.NewServeMux(), http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	mux.Handle("/", fine)
	mux.Handle("POST /operate", access.Require(access.Operator, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, access.Of(r.Context()).Name)
	})))
	mux.Handle("/-/healthy", access.Public(fine))
	mux.Handle("/-/ready", access.Public(fine))
	g, err := newReaders(cfg, mux, zap.NewNop())
	require.NoError(t, err)
	return g
}

func ask(g http.Handler, path, host, authorization string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "http://"+host+path, nil)
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	return w
}

func basic(user, password string) string {
	r, _ := http.NewRequestWithContext(context.Background(), http.MethodGet, "/", http.NoBody)
	r.SetBasicAuth(user, password)
	return r.Header.Get("Authorization")
}

func TestReadersSayWhoTheyAre(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tokens")
	require.NoError(t, os.WriteFile(file, []byte("filed\n\n older \n"), 0o600))
	cfg := createDefaultConfig().(*Config)
	cfg.Web.NetAddr.Endpoint = "0.0.0.0:8788"
	cfg.Readers.BearerTokens = []configopaque.String{"one", "two"}
	cfg.Readers.BearerTokensFile = file
	cfg.Readers.BasicAuth = []configopaque.String{"ann:pw:with:colons", "ann:new"}
	for name, c := range map[string]struct {
		authorization string
		want          int
	}{
		"nothing":                        {"", 401},
		"a token":                        {"Bearer one", 200},
		"the other":                      {"bearer two", 200},
		"one of the file":                {"Bearer filed", 200},
		"another of the file":            {"Bearer older", 200},
		"no token":                       {"Bearer", 401},
		"an empty token":                 {"Bearer ", 401},
		"a beginning of a token":         {"Bearer on", 401},
		"a token and more":               {"Bearer one,two", 401},
		"two lines of the file":          {"Bearer filed\nolder", 401},
		"a pair as a token":              {"Bearer ann:new", 401},
		"a user":                         {basic("ann", "pw:with:colons"), 200},
		"the user's other password":      {basic("ann", "new"), 200},
		"the colon elsewhere, same text": {basic("ann:pw", "with:colons"), 200},
		"a wrong password":               {basic("ann", "old"), 401},
		"no password":                    {basic("ann", ""), 401},
		"another user":                   {basic("bob", "new"), 401},
		"a token as a password":          {basic("", "one"), 401},
		"no Base64":                      {"Basic !", 401},
		"another scheme":                 {"Digest one", 401},
	} {
		t.Run(name, func(t *testing.T) {
			g := guardOf(t, cfg)
			w := ask(g, "/api/v1/changes", "shipwake.example", c.authorization)
			require.Equal(t, c.want, w.Code)
			require.Equal(t, c.want == 401, w.Header().Get("WWW-Authenticate") != "")
			require.Equal(t, c.want, ask(g, "/metrics", "shipwake.example", c.authorization).Code)
			require.Equal(t, 200, ask(g, "/-/healthy", "shipwake.example", c.authorization).Code, "a probe has no token")
			require.Equal(t, 200, ask(g, "/-/ready", "10.0.0.7:8788", c.authorization).Code)
			for _, near := range []string{"/-/healthy/../../metrics", "//-/healthy"} {
				w := ask(guardOf(t, cfg), near, "x", c.authorization)
				require.Equal(t, c.want == 401, w.Code == 401, "only the very paths are open: %s", near)
			}
		})
	}
	g := guardOf(t, cfg)
	require.NoError(t, os.WriteFile(file, []byte("newest\n"), 0o600))
	require.Equal(t, 401, ask(g, "/metrics", "x", "Bearer filed").Code, "a token that was taken out of the file")
	require.Equal(t, 200, ask(g, "/metrics", "x", "Bearer newest").Code)
	require.NoError(t, os.Remove(file))
	require.Equal(t, 200, ask(g, "/metrics", "x", "Bearer newest").Code, "the last ones stay valid")
}

func TestNoWebPageReadsAlong(t *testing.T) {
	g := guardOf(t, createDefaultConfig().(*Config))
	for host, want := range map[string]int{
		"127.0.0.1:8788": 200, "localhost:8788": 200, "[::1]:8788": 200,
		"rebound.evil.example:8788": 403, "evil.example": 403, "127.0.0.1.nip.io:8788": 403,
	} {
		require.Equal(t, want, ask(g, "/api/v1/changes", host, "").Code, host)
	}
	anonymous := createDefaultConfig().(*Config)
	anonymous.Readers.AllowAnonymous = true
	require.Equal(t, 200, ask(guardOf(t, anonymous), "/metrics", "shipwake.example", "").Code, "behind a proxy")
}

func operate(g http.Handler, header map[string]string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:8788/operate", http.NoBody)
	for k, v := range header {
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	return w
}

func TestWhoeverRunsProgramsHereOperatesUntilItIsSaidWhoMay(t *testing.T) {
	local := guardOf(t, createDefaultConfig().(*Config))
	w := operate(local, map[string]string{"Content-Type": "application/json"})
	require.Equal(t, 200, w.Code, w.Body)
	require.Equal(t, "local", w.Body.String())
	require.Equal(t, 403, operate(local, map[string]string{"Sec-Fetch-Site": "cross-site"}).Code)
	require.Equal(t, 403, operate(local, map[string]string{"Content-Type": "text/plain"}).Code)

	anonymous := createDefaultConfig().(*Config)
	anonymous.Readers.AllowAnonymous = true
	require.Equal(t, 401, operate(guardOf(t, anonymous), nil).Code, "whom a proxy lets in may read")

	tokens := createDefaultConfig().(*Config)
	tokens.Readers.BearerTokens = []configopaque.String{"one"}
	w = operate(guardOf(t, tokens), map[string]string{"Authorization": "Bearer one"})
	require.Equal(t, 403, w.Code)
	require.Contains(t, w.Body.String(), "this needs the role operator; a token of readers has reader")
	require.Equal(t, 401, operate(guardOf(t, tokens), nil).Code)
}

func TestATokenOfItsOwnSaysWhoDecides(t *testing.T) {
	cfg, err := configured(map[string]any{
		"web":    web("0.0.0.0:8788", nil),
		"access": map[string]any{"tokens": map[string]any{"robot": map[string]any{"roles": []any{"operator"}, "secrets": "robot-1"}}},
	})
	require.NoError(t, err, "it says who may read, too")
	w := operate(guardOf(t, cfg), map[string]string{"Authorization": "Bearer robot-1"})
	require.Equal(t, 200, w.Code, w.Body)
	require.Equal(t, "robot", w.Body.String())
	require.Equal(t, 401, ask(guardOf(t, cfg), "/metrics", "x", "").Code)

	cfg.Readers.AllowAnonymous = true
	require.Equal(t, 200, ask(guardOf(t, cfg), "/metrics", "x", "").Code, "everybody reads")
	require.Equal(t, 401, operate(guardOf(t, cfg), nil).Code, "and only who is known decides")

	_, err = configured(map[string]any{"access": map[string]any{"tokens": map[string]any{"robot": map[string]any{"roles": []any{"root"}, "secrets": "robot-1"}}}})
	require.ErrorContains(t, err, `access::tokens::robot::roles: "root" is no role; there are reader, sender, operator`)
	require.NotContains(t, err.Error(), "robot-1")
}

func TestAProbeIsAnsweredWhateverItBrings(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.Readers.BasicAuth = []configopaque.String{"ann:new"}
	g := guardOf(t, cfg)
	for range 20 {
		require.Equal(t, 200, ask(g, "/-/ready", "x", basic("ann", "old")).Code)
	}
	require.Equal(t, 429, ask(g, "/metrics", "x", basic("ann", "old")).Code)
	require.Equal(t, 200, ask(g, "/metrics", "x", basic("ann", "new")).Code, "a scraper's password is compared, not guessed")
}

func TestWhoReadsMetricsAgainAndAgainIsCounted(t *testing.T) {
	tally := &correlate.Tally{}
	served := 0
	handler := scraped(tally, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served++ }))
	for _, agent := range []string{"Prometheus/3.5.0", "Prometheus/2.45.1", "vm_promscrape", "Alloy/v1.9", "curl/8.5.0", "", "not Prometheus/3"} {
		request := httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody)
		request.Header.Set("User-Agent", agent)
		handler.ServeHTTP(httptest.NewRecorder(), request)
	}
	require.Equal(t, 7, served, "everybody is answered")
	require.Equal(t, []correlate.CountValue{
		{Count: correlate.Count{What: "scraped", Source: "alloy", Result: "served"}, Value: 1},
		{Count: correlate.Count{What: "scraped", Source: "prometheus", Result: "served"}, Value: 2},
		{Count: correlate.Count{What: "scraped", Source: "vmagent", Result: "served"}, Value: 1},
	}, tally.Values())
}
