package app

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
)

// probed is a daemon of which only readiness is asked.
func probed(t *testing.T, handler http.HandlerFunc, secured bool) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /-/ready", handler)
	server := httptest.NewUnstartedServer(mux)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // who distrusts the certificate hangs up
	if secured {
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	return server.URL
}

func TestTheHealthCheckSaysInOneLineWhetherTheDaemonIsReady(t *testing.T) {
	ready := func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ready\n")) }
	starting := func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "not ready: starting or stopping", http.StatusServiceUnavailable)
	}
	page := func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }
	slow := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		secured bool
		args    []string
		says    string
	}{
		"one that is ready":                     {ready, false, nil, ""},
		"one that starts":                       {starting, false, nil, "not ready: starting or stopping"},
		"another program":                       {page, false, nil, "not as a daemon does"},
		"one that doesn't answer":               {slow, false, []string{"--timeout", "10ms"}, "context deadline exceeded"},
		"a certificate that nobody vouches for": {ready, true, nil, "certificate signed by unknown authority"},
		"a timeout of nothing":                  {ready, false, []string{"--timeout", "0s"}, "must be positive"},
	} {
		t.Run(name, func(t *testing.T) {
			url := probed(t, c.handler, c.secured)
			code, stdout, stderr := shipwake(t, append([]string{"healthcheck", "--url", url}, c.args...)...)
			if c.says == "" {
				require.Zero(t, code, stderr)
				require.Equal(t, "ready\n", stdout)
				return
			}
			require.Equal(t, 1, code)
			require.Empty(t, stdout)
			require.Contains(t, stderr, c.says)
			require.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
		})
	}
}

// TestTheHealthCheckAsksWhereTheConfigurationSays: in a container nobody gives it an address.
func TestTheHealthCheckAsksWhereTheConfigurationSays(t *testing.T) {
	for name, secured := range map[string]bool{"plain": false, "by TLS, whoever signed": true} {
		t.Run(name, func(t *testing.T) {
			url := probed(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ready\n")) }, secured)
			_, at, _ := strings.Cut(url, "://")
			_, port, _ := strings.Cut(at, ":")
			config := "extensions: {correlate: {web: {endpoint: \"0.0.0.0:" + port + "\""
			if secured {
				config += ", tls: {cert_file: none.pem, key_file: none-key.pem}"
			}
			file := filepath.Join(t.TempDir(), "config.yaml")
			require.NoError(t, os.WriteFile(file, []byte(config+"}}}\n"), 0o600))
			code, stdout, stderr := shipwake(t, "healthcheck", "--config", builtinDefault, "--config", file)
			require.Zero(t, code, stderr)
			require.Equal(t, "ready\n", stdout)
			t.Setenv("SHIPWAKE_URL", "http://127.0.0.1:1")
			code, _, stderr = shipwake(t, "healthcheck", "--config", file)
			require.Equal(t, 1, code)
			require.Contains(t, stderr, "is it running at http://127.0.0.1:1?", "the variable wins")
		})
	}
}

func TestTheOwnAddressIsThatOfTheConfiguredListener(t *testing.T) {
	for name, c := range map[string]struct {
		endpoint  string
		url, says string
	}{
		"on the loopback":    {"127.0.0.1:8788", "http://127.0.0.1:8788", ""},
		"by name":            {"localhost:8788", "http://localhost:8788", ""},
		"on every interface": {"0.0.0.0:8788", "http://127.0.0.1:8788", ""},
		"of every kind":      {"[::]:8788", "http://[::1]:8788", ""},
		"without an address": {":8788", "http://127.0.0.1:8788", ""},
		"none":               {"", "", "has no extensions::correlate::web::endpoint"},
		"not an address":     {"8788", "", "want host:port"},
		"a port by chance":   {"127.0.0.1:0", "", "another one at each start"},
	} {
		t.Run(name, func(t *testing.T) {
			url, err := ownURL(confmap.NewFromStringMap(map[string]any{
				"extensions": map[string]any{"correlate": map[string]any{"web": map[string]any{"endpoint": c.endpoint}}},
			}))
			require.Equal(t, c.url, url)
			if c.says != "" {
				require.ErrorContains(t, err, c.says)
			}
		})
	}
}

func TestVersionSaysWhatTheFlagSays(t *testing.T) {
	code, stdout, _ := shipwake(t, "version")
	require.Zero(t, code)
	require.Equal(t, versionLine()+"\n", stdout)
}
