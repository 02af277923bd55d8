package oidc

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
)

// program is what make e2e-oidc says: the daemon.
var program = os.Getenv("SHIPWAKE_TEST_PROGRAM")

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().String()
}

// daemon runs the program; its people sign in at the issuer, where a user's name stands for a group.
func daemon(t *testing.T, web, issuer string) {
	t.Helper()
	config := filepath.Join(t.TempDir(), "laid-over.yaml")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, `
extensions:
  correlate:
    access:
      tokens: {robot: {roles: [reader], secrets: "${env:ROBOT}"}}
      oidc:
        name: Example ID
        issuer: %s
        client_id: shipwake
        client_secret: ${env:CLIENT_SECRET}
        redirect_url: http://%s/login/callback
        scopes: [openid, profile, email]
        groups_claim: preferred_username
        roles: {operator: [test-user2]}
`, issuer, web), 0o600))
	args := []string{"--config", "builtin:default", "--config", config, "--data-dir", t.TempDir(), "--set=extensions.correlate.web.endpoint=" + web}
	for _, key := range []string{
		"receivers.otlp.protocols.grpc.endpoint", "receivers.otlp.protocols.http.endpoint", "receivers.change_webhook.endpoint",
	} {
		args = append(args, "--set="+key+"="+freeAddress(t))
	}
	run := exec.Command(program, args...)
	run.Env = append(os.Environ(), "ROBOT=robot-1", "CLIENT_SECRET=cl1ent")
	run.Stderr = os.Stderr
	require.NoError(t, run.Start())
	t.Cleanup(func() {
		_ = run.Process.Signal(os.Interrupt)
		_ = run.Wait()
	})
	require.Eventually(t, func() bool {
		answer, err := http.Get("http://" + web + "/-/ready")
		if err != nil {
			return false
		}
		_ = answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	}, time.Minute, 50*time.Millisecond)
}

// person is a browser that keeps cookies and follows.
type person struct {
	*testing.T
	http.Client
}

func newPerson(t *testing.T) *person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &person{t, http.Client{Jar: jar, Timeout: 30 * time.Second}}
}

func (p *person) send(method, target string, form url.Values) (*http.Response, string) {
	p.Helper()
	r, err := http.NewRequestWithContext(p.Context(), method, target, strings.NewReader(form.Encode()))
	require.NoError(p, err)
	r.Header.Set("Accept", "text/html")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	answer, err := p.Do(r)
	require.NoError(p, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(p, err)
	return answer, string(body)
}

var asked = regexp.MustCompile(`name="id" value="([^"]+)"`)

// signIn goes to a page, presses the button, and gives the provider a name and a password.
func (p *person) signIn(base, page, user string) (*http.Response, string) {
	p.Helper()
	at, text := p.send(http.MethodGet, base+page, nil)
	require.Equal(p, "/login", at.Request.URL.Path)
	require.Contains(p, text, "Sign in with Example ID")
	at, text = p.send(http.MethodGet, base+"/login/provider?"+at.Request.URL.RawQuery, nil)
	require.Equal(p, "/login/username", at.Request.URL.Path, text)
	id := asked.FindStringSubmatch(text)
	require.NotNil(p, id, text)
	return p.send(http.MethodPost, at.Request.URL.String(), url.Values{"id": {id[1]}, "username": {user}, "password": {"verysecure"}})
}

func TestPeopleSignInAtAProvider(t *testing.T) {
	if program == "" {
		t.Skip("SKIP: make e2e-oidc runs it")
	}
	web := freeAddress(t)
	_, port, err := net.SplitHostPort(freeAddress(t))
	require.NoError(t, err)
	issuer := "http://localhost:" + port
	daemon(t, web, issuer)
	base := "http://" + web

	// The provider isn't there yet: programs are answered, and people are told.
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/api/v1/status", http.NoBody)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer robot-1")
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusOK, answer.StatusCode)
	at, text := newPerson(t).send(http.MethodGet, base+"/login/provider", nil)
	require.Equal(t, http.StatusServiceUnavailable, at.StatusCode, text)

	storage.RegisterClients(storage.WebClient("shipwake", "cl1ent", base+"/login/callback"))
	provider := httptest.NewUnstartedServer(exampleop.SetupServer(issuer, storage.NewStorage(storage.NewUserStore(issuer)), slog.New(slog.DiscardHandler), false))
	require.NoError(t, provider.Listener.Close())
	provider.Listener, err = net.Listen("tcp", "localhost:"+port)
	require.NoError(t, err)
	provider.Start()
	t.Cleanup(provider.Close)

	operator := newPerson(t)
	at, text = operator.signIn(base, "/incidents?open=true", "test-user2")
	require.Equal(t, http.StatusOK, at.StatusCode, text)
	require.Equal(t, base+"/incidents?open=true", at.Request.URL.String(), "back where it began")
	require.Contains(t, text, "Sign out")
	require.Regexp(t, `<span>test-user2[^<]*</span>`, text, "who is signed in is shown")
	field := regexp.MustCompile(`name="csrf" value="([^"]+)"`).FindStringSubmatch(text)
	require.NotNil(t, field)
	at, _ = operator.send(http.MethodPost, base+"/logout", url.Values{})
	require.Equal(t, http.StatusForbidden, at.StatusCode, "without the form's field")
	at, _ = operator.send(http.MethodPost, base+"/logout", url.Values{"csrf": {field[1]}})
	require.Equal(t, "/login", at.Request.URL.Path)
	at, _ = operator.send(http.MethodGet, base+"/changes", nil)
	require.Equal(t, "/login", at.Request.URL.Path)

	nobody := newPerson(t)
	at, text = nobody.signIn(base, "/changes", "test-user@localhost")
	require.Equal(t, http.StatusForbidden, at.StatusCode, text)
	require.Contains(t, text, "none of your groups has a role here")
}
