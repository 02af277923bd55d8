package gate

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

// review is one that GitHub has taken.
type review struct{ Environment, State, Comment string }

// hub is GitHub, as far as a protection rule has to do with it. A job waits for each of its environments until it is
// approved or rejected; a review of one that doesn't wait is refused with 422.
type hub struct {
	*peer
	key     *rsa.PrivateKey
	mu      sync.Mutex
	reviews []review
	waiting map[string]bool
	tokens  map[string]time.Time // and when they end
}

var appKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func newHub(t *testing.T) *hub {
	h := &hub{key: appKey(), waiting: map[string]bool{"Production": true}, tokens: map[string]time.Time{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /app/installations/{id}/access_tokens", h.token)
	mux.HandleFunc("POST /repos/acme/cart/actions/runs/4711/deployment_protection_rule", h.review)
	mux.HandleFunc("GET /repos/acme/cart/actions/runs/4711/pending_deployments", h.pending)
	h.peer = newPeer(t, mux)
	return h
}

// token gives one to who shows a JWT of the App: RS256, and good for ten minutes at most.
func (h *hub) token(w http.ResponseWriter, r *http.Request) {
	text, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	claims := jwt.RegisteredClaims{}
	now := *h.now.Load()
	_, err := jwt.ParseWithClaims(text, &claims, func(*jwt.Token) (any, error) { return &h.key.PublicKey, nil },
		jwt.WithValidMethods([]string{"RS256"}), jwt.WithIssuer("123456"), jwt.WithTimeFunc(func() time.Time { return now }), jwt.WithIssuedAt(), jwt.WithExpirationRequired())
	if err != nil || claims.ExpiresAt.Sub(now) > 10*time.Minute || r.PathValue("id") != "42" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	fresh, ends := fmt.Sprintf("ghs_%d", len(h.tokens)), now.Add(time.Hour)
	h.tokens[fresh] = ends
	w.WriteHeader(http.StatusCreated)
	fmt.Fprintf(w, `{"token": %q, "expires_at": %q, "permissions": {"deployments": "write"}}`, fresh, ends.UTC().Format(time.RFC3339))
}

// known: h.mu is held.
func (h *hub) known(r *http.Request) bool {
	text, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return h.now.Load().Before(h.tokens[text]) && r.Header.Get("Accept") == "application/vnd.github+json"
}

func (h *hub) review(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.known(r) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	var body struct {
		Environment string `json:"environment_name"`
		State       string `json:"state"`
		Comment     string `json:"comment"`
	}
	comments := 0
	for _, v := range h.reviews {
		if v.State == "" {
			comments++
		}
	}
	err := json.NewDecoder(r.Body).Decode(&body)
	switch {
	case err != nil || !h.waiting[body.Environment], utf8.RuneCountInString(body.Comment) > 1024,
		body.State == "" && comments >= 10, body.State != "" && body.State != "approved" && body.State != "rejected":
		w.WriteHeader(http.StatusUnprocessableEntity)
		return
	}
	h.reviews = append(h.reviews, review(body))
	if body.State != "" {
		delete(h.waiting, body.Environment)
	}
	w.WriteHeader(http.StatusNoContent)
}

func (h *hub) pending(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.known(r) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	all := []map[string]any{}
	for name := range h.waiting {
		all = append(all, map[string]any{"environment": map[string]any{"id": 1, "name": name}, "wait_timer": 0, "current_user_can_approve": false})
	}
	_ = json.NewEncoder(w).Encode(all)
}

// states are those of the reviews so far, "" for a comment.
func (h *hub) states() (all []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, v := range h.reviews {
		all = append(all, v.State)
	}
	return all
}

func (h *hub) last() review {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.reviews[len(h.reviews)-1]
}

const githubSecret = "a secret of the GitHub App"

// settings are those of a gate that the hub asks.
func (h *hub) settings() map[string]any {
	private := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(h.key)})
	return map[string]any{
		"allow": []any{"loopback"}, "public_url": "https://shipwake.example",
		"github": map[string]any{
			"app_id": 123456, "private_key": string(private), "secrets": githubSecret, "api_url": h.URL,
			"after": map[string]any{"production": "staging"}, "tls": trusting(h.peer),
		},
	}
}

// trusting is the setting that takes a peer's certificate.
func trusting(p *peer) map[string]any {
	return map[string]any{"ca_pem": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.Certificate().Raw}))}
}

// asks is the webhook that GitHub sends for one deployment.
func (h *hub) asks(edit func(event map[string]any)) string {
	event := map[string]any{
		"action": "requested", "environment": "Production", "event": "push",
		"deployment_callback_url": h.URL + "/repos/acme/cart/actions/runs/4711/deployment_protection_rule",
		"deployment": map[string]any{
			"id": 987654321, "sha": commit, "ref": "main", "task": "deploy", "environment": "Production", "original_environment": "Production",
			"payload": map[string]any{}, "transient_environment": false, "production_environment": false, "created_at": "2026-03-01T12:00:00Z",
		},
		"pull_requests": []any{},
		"repository":    map[string]any{"id": 1, "name": "cart", "full_name": "acme/cart", "private": true},
		"organization":  map[string]any{"login": "acme"}, "installation": map[string]any{"id": 42}, "sender": map[string]any{"login": "mona"},
	}
	if edit != nil {
		edit(event)
	}
	text, err := json.Marshal(event)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func githubHeaders(body string) map[string]string {
	mac := hmac.New(sha256.New, []byte(githubSecret))
	mac.Write([]byte(body))
	return map[string]string{
		"X-GitHub-Event": "deployment_protection_rule", "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
		"X-Hub-Signature-256": "sha256=" + hex.EncodeToString(mac.Sum(nil)),
	}
}

// asked sends that webhook.
func (h *hub) asked(t *testing.T, l *life) {
	t.Helper()
	body := h.asks(nil)
	w := l.post("/gate/github", githubHeaders(body), body)
	require.Equal(t, http.StatusOK, w.Code, w.Body)
}

// inHub plays with a hub and a daemon in virtual time.
func inHub(t *testing.T, play func(t *testing.T, h *hub, d *daemon)) {
	h := newHub(t)
	h.inTime(t, func(t *testing.T) { play(t, h, newDaemon(t, h.settings())) })
}

func healthy(c *correlate.ChangeRecord) { judged(correlate.Healthy, correlate.ReasonWithinMargin)(c) }
func regressed(c *correlate.ChangeRecord) {
	judged(correlate.Regressed, correlate.ReasonErrorRatio)(c)
}

// TestGitHubIsAnsweredWhenThereIsAnAnswer: it is told first what is waited for, once for each reason.
func TestGitHubIsAnsweredWhenThereIsAnAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*correlate.ChangeRecord)
		want review
	}{
		"healthy":   {healthy, review{"Production", "approved", "Shipwake: proceed: cart v8 in staging is healthy"}},
		"regressed": {regressed, review{"Production", "rejected", "Shipwake: stop: cart v8 in staging regressed"}},
	} {
		t.Run(name, func(t *testing.T) {
			inHub(t, func(t *testing.T, h *hub, d *daemon) {
				d.live(t, func(l *life) {
					h.asked(t, l)
					time.Sleep(time.Minute)
					require.Equal(t, review{"Production", "", "Shipwake: wait: nobody has reported cart " + commit + " in staging"}, h.last())
					l.staged(nil)
					time.Sleep(time.Hour / 2)
					require.Contains(t, h.last().Comment, "cart v8 in staging is observed")
					l.staged(c.edit)
					time.Sleep(time.Second)
					require.Equal(t, []string{"", "", c.want.State}, h.states())
					require.Contains(t, h.last().Comment, c.want.Comment)
					require.Contains(t, h.last().Comment, "https://shipwake.example/changes/cart-8-staging")
					h.asked(t, l) // somebody redelivers the webhook
					time.Sleep(time.Hour)
					require.Len(t, h.states(), 3)
				})
			})
		})
	}
}

func TestGitHubIsAnsweredAtTheDeadline(t *testing.T) {
	for undecided, state := range map[string]string{"": "rejected", "proceed": "approved"} {
		inHub(t, func(t *testing.T, h *hub, d *daemon) {
			d.settings["github"].(map[string]any)["wait"] = "3h"
			if undecided != "" {
				d.settings["github"].(map[string]any)["on_undecided"] = undecided
			}
			d.live(t, func(l *life) {
				h.asked(t, l)
				time.Sleep(3*time.Hour - time.Minute)
				require.Equal(t, []string{""}, h.states())
				time.Sleep(2 * time.Minute)
				require.Equal(t, []string{"", state}, h.states())
				require.Contains(t, h.last().Comment, "by the deadline")
			})
		})
	}
}

// TestAnAskOutlivesTheDaemon: it ends before there is an answer, and before the answer has arrived.
func TestAnAskOutlivesTheDaemon(t *testing.T) {
	inHub(t, func(t *testing.T, h *hub, d *daemon) {
		d.live(t, func(l *life) { h.asked(t, l) })
		h.begin(saying(503), saying(503), saying(503), saying(503), saying(503))
		d.live(t, func(l *life) {
			time.Sleep(time.Second)
			l.staged(healthy)
			time.Sleep(time.Second)
		})
		require.NotContains(t, h.states(), "approved")
		h.begin()
		d.live(t, func(*life) { time.Sleep(time.Minute) })
		require.Equal(t, "approved", h.last().State)
		answers := h.states()
		d.live(t, func(*life) { time.Sleep(time.Hour) })
		require.Equal(t, answers, h.states(), "once")
	})
}

// TestGitHubFails in the ways that it documents; it gets its answer all the same, and once.
func TestGitHubFails(t *testing.T) {
	for name, c := range map[string]struct {
		first []http.HandlerFunc // the token is the first request
		after time.Duration      // when the answer arrives at the latest
		not   time.Duration      // and not before
	}{
		"it is down":                      {[]http.HandlerFunc{saying(502), saying(503), saying(500)}, time.Minute, 0},
		"too many requests":               {[]http.HandlerFunc{saying(429, "Retry-After", "120")}, 4 * time.Minute, 2 * time.Minute},
		"a secondary limit":               {[]http.HandlerFunc{saying(403, "Retry-After", "60")}, 3 * time.Minute, time.Minute},
		"the limit of the hour":           {[]http.HandlerFunc{saying(403, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", fmt.Sprint(946684800+1800))}, 40 * time.Minute, 29 * time.Minute},
		"the answer to the token is lost": {[]http.HandlerFunc{nil}, time.Minute, 0},
		"the token is refused": {[]http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte(`{"token": "stale", "expires_at": "2100-01-01T00:00:00Z"}`))
		}}, time.Minute, 0},
		"a token that isn't one":               {[]http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(`[]`)) }}, time.Minute, 0},
		"GitHub never says that it has got it": {[]http.HandlerFunc{instead(nil), nil}, time.Minute, 0},
	} {
		t.Run(name, func(t *testing.T) {
			inHub(t, func(t *testing.T, h *hub, d *daemon) {
				d.live(t, func(l *life) {
					l.staged(healthy)
					if name == "GitHub never says that it has got it" {
						c.first = []http.HandlerFunc{h.token, nil}
					}
					h.begin(c.first...)
					h.asked(t, l)
					time.Sleep(c.not)
					if c.not > 0 {
						require.Empty(t, h.states())
					}
					time.Sleep(c.after - c.not)
					require.Equal(t, []string{"approved"}, h.states())
					tries := h.peer.asked()
					time.Sleep(2 * time.Hour)
					require.Equal(t, tries, h.peer.asked(), "it is settled")
				})
			})
		})
	}
}

// instead is a placeholder for what only the play knows.
func instead(h http.HandlerFunc) http.HandlerFunc { return h }

func TestATokenIsAskedForOnceAnHour(t *testing.T) {
	inHub(t, func(t *testing.T, h *hub, d *daemon) {
		d.live(t, func(l *life) {
			for n := range 3 {
				body := h.asks(func(e map[string]any) { e["deployment"].(map[string]any)["id"] = n + 1 })
				h.mu.Lock()
				h.waiting["Production"] = true
				h.mu.Unlock()
				l.staged(healthy)
				require.Equal(t, http.StatusOK, l.post("/gate/github", githubHeaders(body), body).Code)
				time.Sleep(50 * time.Minute)
			}
			require.Equal(t, []string{"approved", "approved", "approved"}, h.states())
			require.Len(t, h.tokens, 2)
		})
	})
}

func TestWhatGitHubIsNotAllowedToAsk(t *testing.T) {
	set := func(path string, value any) func(map[string]any) {
		return func(e map[string]any) {
			keys := strings.Split(path, ".")
			for _, k := range keys[:len(keys)-1] {
				e = e[k].(map[string]any)
			}
			e[keys[len(keys)-1]] = value
		}
	}
	const run = "/repos/acme/cart/actions/runs/4711/deployment_protection_rule"
	for name, c := range map[string]struct {
		edit   func(map[string]any)
		header map[string]string
		status int
		says   string
	}{
		"another signature":       {nil, map[string]string{"X-Hub-Signature-256": "sha256=" + strings.Repeat("00", 32)}, 401, "signature"},
		"no signature":            {nil, map[string]string{"X-Hub-Signature-256": ""}, 401, "signature"},
		"half a signature":        {nil, map[string]string{"X-Hub-Signature-256": "sha256=zz"}, 401, "signature"},
		"another event":           {nil, map[string]string{"X-GitHub-Event": "ping"}, 200, "ignored"},
		"another action":          {set("action", "dismissed"), nil, 200, "ignored"},
		"a form":                  {nil, map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, 415, "application/json"},
		"no App":                  {set("installation", nil), nil, 400, "installation.id"},
		"no environment":          {set("environment", ""), nil, 400, "environment"},
		"no commit":               {set("deployment.sha", ""), nil, 400, "deployment.sha"},
		"another type":            {set("deployment", "x"), nil, 400, "the JSON that GitHub posts"},
		"a callback to elsewhere": {set("deployment_callback_url", "https://169.254.169.254"+run), nil, 400, "api_url"},
		"a callback to a friend":  {set("deployment_callback_url", "https://api.github.com.example"+run), nil, 400, "api_url"},
		"a callback in the clear": {set("deployment_callback_url", "http://127.0.0.1"+run), nil, 400, "api_url"},
		"a callback to something": {set("deployment_callback_url", "%s/repos/acme/cart/actions/secrets"), nil, 400, "api_url"},
		"a callback that climbs":  {set("deployment_callback_url", "%s/repos/../x/actions/runs/1/deployment_protection_rule"), nil, 400, "api_url"},
		"a callback with a query": {set("deployment_callback_url", "%s"+run+"?x=y"), nil, 400, "api_url"},
		"a callback as somebody":  {set("deployment_callback_url", "https://a:b@127.0.0.1"+run), nil, 400, "api_url"},
		"too much":                {set("deployment.payload", strings.Repeat("x", mostAskedBody)), nil, 413, "larger"},
	} {
		t.Run(name, func(t *testing.T) {
			inHub(t, func(t *testing.T, h *hub, d *daemon) {
				d.live(t, func(l *life) {
					body := h.asks(func(e map[string]any) {
						if c.edit != nil {
							c.edit(e)
						}
						if text, is := e["deployment_callback_url"].(string); is {
							e["deployment_callback_url"] = strings.ReplaceAll(text, "%s", h.URL)
						}
					})
					header := githubHeaders(body)
					for name, value := range c.header {
						header[name] = value
					}
					w := l.post("/gate/github", header, body)
					require.Equal(t, c.status, w.Code, w.Body)
					require.Contains(t, w.Body.String(), c.says)
					require.NotContains(t, w.Body.String(), githubSecret)
					time.Sleep(time.Hour)
					require.Zero(t, h.peer.asked())
				})
			})
		})
	}
}

// TestWhichReleaseGitHubAsksAbout: by the names that its deployment has once it is told.
func TestWhichReleaseGitHubAsksAbout(t *testing.T) {
	deployment := func(key string, value any) func(map[string]any) {
		return func(e map[string]any) { e["deployment"].(map[string]any)[key] = value }
	}
	for name, c := range map[string]struct {
		edit func(map[string]any)
		says string
	}{
		"the repository and the commit":  {nil, "cart " + commit + " in staging"},
		"a tag":                          {deployment("ref", "v1.2.3"), "cart v1.2.3 in staging"},
		"a branch that has a number":     {deployment("ref", "release/1.2"), "cart " + commit},
		"what the payload says":          {deployment("payload", map[string]any{"service": "Till", "version": "v9"}), "till v9 in staging"},
		"what the payload says as text":  {deployment("payload", `{"service": "till"}`), "till " + commit},
		"a payload that says nothing":    {deployment("payload", []any{1}), "cart " + commit},
		"production by another name":     {func(e map[string]any) { deployment("production_environment", true)(e); e["environment"] = "Live" }, "in staging"},
		"an environment without another": {func(e map[string]any) { e["environment"] = "Review" }, "nothing is open"},
		"a rollback isn't held":          {deployment("task", "rollback"), "nothing is open"},
	} {
		t.Run(name, func(t *testing.T) {
			inHub(t, func(t *testing.T, h *hub, d *daemon) {
				d.live(t, func(l *life) {
					h.mu.Lock()
					h.waiting["Live"], h.waiting["Review"] = true, true
					h.mu.Unlock()
					body := h.asks(c.edit)
					require.Equal(t, http.StatusOK, l.post("/gate/github", githubHeaders(body), body).Code)
					time.Sleep(time.Minute)
					require.Contains(t, h.last().Comment, c.says)
				})
			})
		})
	}
}

func TestGitHubSettingsAreChecked(t *testing.T) {
	h := newHub(t)
	for want, edit := range map[string]func(map[string]any){
		"github::secrets: one is required":                 func(s map[string]any) { delete(s, "secrets") },
		"github::secrets is empty":                         func(s map[string]any) { s["secrets"] = "" },
		"github::secrets[0]: it must have at least 16":     func(s map[string]any) { s["secrets"] = "hush" },
		"github::app_id: required":                         func(s map[string]any) { delete(s, "app_id") },
		"github::private_key_file: give the file":          func(s map[string]any) { delete(s, "private_key") },
		"github::private_key: it must be an RSA key":       func(s map[string]any) { s["private_key"] = "hush" },
		"github::private_key: must be text":                func(s map[string]any) { s["private_key"] = 4711 },
		"github::private_key_file: open":                   func(s map[string]any) { delete(s, "private_key"); s["private_key_file"] = "/nowhere" },
		"github::api_url: it must begin with https":        func(s map[string]any) { s["api_url"] = "github" },
		"github::wait: 721h0m0s: must be between 1m":       func(s map[string]any) { s["wait"] = "721h" },
		`github::on_undecided: "wait" is unknown`:          func(s map[string]any) { s["on_undecided"] = "wait" },
		"github::after::production: must name another":     func(s map[string]any) { s["after"] = map[string]any{"production": "production"} },
		`github::secret: there is no such key`:             func(s map[string]any) { s["secret"] = "hush" },
		"github::secret_file: open /nowhere: no such file": func(s map[string]any) { s["secret_file"] = "/nowhere" },
	} {
		settings := h.settings()
		edit(settings["github"].(map[string]any))
		err := Factory().Check(settings)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "hush")
	}
	require.NoError(t, Factory().Check(h.settings()))
	require.ErrorContains(t, Factory().Check(map[string]any{"github": "hush"}), "github: must be the keys of the caller")
}
