package client_test

import (
	"context"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/cmd/shipwake/app/client"
)

// file writes a file and returns its name.
func file(t *testing.T, text string) string {
	name := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	return name
}

func TestWhoAsksSaysWhoTheyAre(t *testing.T) {
	for name, c := range map[string]struct {
		user   string
		access client.Access
		want   string
	}{
		"nobody":                      {"", client.Access{}, ""},
		"a token":                     {"", client.Access{Token: " hush\n"}, "Bearer hush"},
		"a token in a file":           {"", client.Access{TokenFile: file(t, "hush\n")}, "Bearer hush"},
		"the first of several tokens": {"", client.Access{TokenFile: file(t, "\n\n  hush \nolder\n")}, "Bearer hush"},
		"the file before the token":   {"", client.Access{Token: "other", TokenFile: file(t, "hush")}, "Bearer hush"},
		"a user":                      {"ada:pw@", client.Access{}, "Basic YWRhOnB3"},
	} {
		t.Run(name, func(t *testing.T) {
			var got string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				got = r.Header.Get("Authorization")
				_, _ = w.Write([]byte("{}"))
			}))
			defer server.Close()
			asker, err := client.New(strings.Replace(server.URL, "http://", "http://"+c.user, 1), c.access)
			require.NoError(t, err)
			defer asker.Close()
			_, err = asker.Change(t.Context(), "x")
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestAccessThatCannotWorkIsAnErrorBeforeAnythingIsAsked(t *testing.T) {
	for name, c := range map[string]struct {
		base   string
		access client.Access
		want   string
	}{
		"no address":                {"localhost:8788", client.Access{}, "want one like http://127.0.0.1:8788"},
		"a token file without one":  {"http://d", client.Access{TokenFile: file(t, " \n\n")}, "holds no token"},
		"no such token file":        {"http://d", client.Access{TokenFile: "none"}, "the token: open none"},
		"no such authority":         {"http://d", client.Access{CAFile: "none"}, "open none"},
		"an authority that isn't":   {"http://d", client.Access{CAFile: file(t, "hello")}, "holds no certificate in PEM"},
		"a certificate, but no key": {"http://d", client.Access{CertFile: "c.pem"}, "two files"},
		"a key, but no certificate": {"http://d", client.Access{KeyFile: "k.pem"}, "two files"},
		"a certificate that isn't":  {"http://d", client.Access{CertFile: file(t, "x"), KeyFile: file(t, "y")}, "PEM"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.New(c.base, c.access)
			require.ErrorContains(t, err, c.want)
		})
	}
	_, err := client.New("ftp://ada:secret@d", client.Access{})
	require.Error(t, err)
	require.NotContains(t, err.Error(), "secret")
}

func TestTheDaemonsCertificateIsHeldAgainstItsAuthority(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) }))
	defer server.Close()
	authority := file(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	trusting, err := client.New(server.URL, client.Access{CAFile: authority})
	require.NoError(t, err)
	defer trusting.Close()
	_, err = trusting.Change(t.Context(), "x")
	require.NoError(t, err)
	stranger, err := client.New(server.URL, client.Access{})
	require.NoError(t, err)
	defer stranger.Close()
	_, err = stranger.Change(t.Context(), "x")
	require.ErrorContains(t, err, "certificate")
}

func TestEveryQuestionHasItsPathAndItsQuery(t *testing.T) {
	query := url.Values{"service": {"checkout"}}
	for want, ask := range map[string]func(context.Context, *client.Client) error{
		"/api/v1/changes/x":                          func(ctx context.Context, c *client.Client) error { _, err := c.ChangeText(ctx, "x"); return err },
		"/api/v1/changes?service=checkout":           func(ctx context.Context, c *client.Client) error { _, err := c.Changes(ctx, query); return err },
		"/api/v1/dora?service=checkout":              func(ctx context.Context, c *client.Client) error { _, err := c.DORA(ctx, query); return err },
		"/api/v1/dora/restatements?service=checkout": func(ctx context.Context, c *client.Client) error { _, err := c.Restatements(ctx, query); return err },
		"/api/v1/quarantine?service=checkout":        func(ctx context.Context, c *client.Client) error { _, err := c.Quarantine(ctx, query); return err },
	} {
		t.Run(want, func(t *testing.T) {
			var got string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				got = r.URL.String()
				_, _ = w.Write([]byte("{}"))
			}))
			defer server.Close()
			c, err := client.New(server.URL, client.Access{})
			require.NoError(t, err)
			defer c.Close()
			require.NoError(t, ask(t.Context(), c))
			require.Equal(t, want, got)
		})
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, "/api/v1/changes/x", r.URL.Path, "the token would go along")
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	}))
	defer server.Close()
	c, err := client.New(server.URL, client.Access{Token: "hush"})
	require.NoError(t, err)
	defer c.Close()
	_, err = c.Change(t.Context(), "x")
	require.ErrorContains(t, err, "answered 302 Found")
}
