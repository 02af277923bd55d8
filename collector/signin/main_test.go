package signin

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"io"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
	"golang.org/x/crypto/bcrypt"

	"github.com/shipwake/shipwake/collector/secret"
	"github.com/shipwake/shipwake/internal/access"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const annsPassword = "correct horse"

func hashOf(t *testing.T, password string, cost int) configopaque.String {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), cost)
	require.NoError(t, err)
	return configopaque.String(hash)
}

func live(t *testing.T, path string, secrets ...configopaque.String) *secret.Live {
	t.Helper()
	l, err := secret.NewLive(secrets, "k", path, zap.NewNop())
	require.NoError(t, err)
	return l
}

// settings know ann, an operator, and programs; and readers by a token and a pair.
func settings(t *testing.T) Settings {
	c := DefaultConfig()
	c.Users = map[string]UserConfig{"ann": {Roles: []access.Role{access.Operator}, PasswordHash: hashOf(t, annsPassword, bcrypt.MinCost)}}
	c.Tokens = map[string]TokenConfig{
		"ci":    {Roles: []access.Role{access.Sender}, Secrets: []configopaque.String{"ci-1", "ci-2"}},
		"robot": {Roles: []access.Role{access.Reader, access.Operator}, Secrets: []configopaque.String{"robot-1"}},
	}
	return Settings{Config: c, ReaderTokens: live(t, "", "reading"), ReaderPairs: live(t, "", "rob:robs"), Log: zap.NewNop()}
}

// world is a daemon with a page, a form and a hook, and what it logged.
type world struct {
	*httptest.Server
	t    *testing.T
	door *Door
	logs *observer.ObservedLogs
}

func serve(t *testing.T, s Settings) *world {
	t.Helper()
	core, logs := observer.New(zapcore.DebugLevel)
	s.Log = zap.New(core)
	door, err := New(s)
	require.NoError(t, err)
	mux := http.NewServeMux()
	for pattern, h := range door.Routes() {
		mux.Handle(pattern, h)
	}
	said := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who := access.Of(r.Context())
		fmt.Fprintf(w, "%s|%s|%v|%v %s", who.ID, who.Name, who.Roles, who.Session, who.CSRFField())
	})
	mux.Handle("GET /page", said)
	mux.Handle("POST /decide", access.Require(access.Operator, said))
	mux.Handle("POST /send", access.Require(access.Sender, said))
	server := httptest.NewServer(door.Enter(access.Mux(mux)))
	t.Cleanup(server.Close)
	return &world{server, t, door, logs}
}

// browser is one that keeps cookies and doesn't follow.
type browser struct {
	*world
	http.Client
	header map[string]string
}

func (w *world) browser() *browser {
	jar, err := cookiejar.New(nil)
	require.NoError(w.t, err)
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	b := &browser{w, http.Client{Jar: jar, CheckRedirect: stay, Transport: w.Client().Transport}, map[string]string{"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}}
	return b
}

type answer struct {
	*http.Response
	text string
}

func (b *browser) send(method, path string, form url.Values) answer {
	b.t.Helper()
	target := path
	if strings.HasPrefix(path, "/") {
		target = b.URL + path
	}
	r, err := http.NewRequestWithContext(b.t.Context(), method, target, strings.NewReader(form.Encode()))
	require.NoError(b.t, err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for k, v := range b.header {
		r.Header.Set(k, v)
	}
	got, err := b.Do(r)
	require.NoError(b.t, err)
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	require.NoError(b.t, err)
	return answer{got, string(body)}
}

var field = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// fields are those of the first form of a page, and what is typed.
func (b *browser) fields(path string, typed ...string) url.Values {
	b.t.Helper()
	found := field.FindStringSubmatch(b.send(http.MethodGet, path, nil).text)
	require.NotNil(b.t, found, "a form has the field")
	form := url.Values{"csrf": {found[1]}}
	for i := 0; i < len(typed); i += 2 {
		form.Set(typed[i], typed[i+1])
	}
	return form
}

func (b *browser) signIn(typed ...string) answer {
	b.t.Helper()
	return b.send(http.MethodPost, "/login", b.fields("/login", typed...))
}
