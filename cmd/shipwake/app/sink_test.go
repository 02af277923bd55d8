package app

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestASinkIsTriedWithAnExample(t *testing.T) {
	var mu sync.Mutex
	var got []string
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		got = append(got, r.URL.Path+" "+string(body))
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"ok": true, "channel": "C1", "ts": "1.2"}`)
	}))
	defer server.Close()
	test := func(want int, args ...string) string {
		t.Helper()
		set := `--set=extensions.correlate.sinks.slack={allow: [loopback], targets: {ops: {services: [cart], settings: {token: xoxb-canary, channel: C1, url: "` + server.URL + `"}}}}`
		code, stdout, stderr := shipwake(t, append([]string{"sink", "test", "slack", "--config", builtinDefault, set}, args...)...)
		require.Equal(t, want, code, stderr)
		require.NotContains(t, stdout+stderr, "canary")
		return stdout + stderr
	}
	require.Contains(t, test(0, "--print"), "ops\n# create\nPOST "+server.URL+"/chat.postMessage\nAuthorization: Bearer [REDACTED]\n")
	require.Empty(t, got)
	require.Contains(t, test(0, "--kind", "healthy"), `ops: delivered, remembered: {"said":"healthy","kept":{"channel":"C1","ts":"1.2"}}`)
	require.Len(t, got, 1)
	require.Contains(t, got[0], "shipwake-test v2.8.0 in production: healthy")
	mu.Lock()
	status = http.StatusForbidden
	mu.Unlock()
	require.Contains(t, test(1), "ops: the receiver answered 403")
	require.Contains(t, test(1, "--kind", "bad"), "--kind bad: want one of [regressed")
	require.Contains(t, test(1, "--target", "none"), "its targets are ops")

	for name, want := range map[string]string{
		"slak": `there is no sink "slak"`, "grafana": "extensions::correlate::sinks::grafana isn't configured", "api": "sink api sends nothing by itself",
	} {
		code, _, stderr := shipwake(t, "sink", "test", name)
		require.Equal(t, 1, code)
		require.Contains(t, stderr, want)
	}
	code, stdout, _ := shipwake(t, "sink")
	require.Zero(t, code)
	require.Regexp(t, `(?m)^slack +a template$`, stdout)

	webhook := `--set=extensions.correlate.sinks.webhook={endpoints: {ci: {url: "https://hook.example", services: [cart], secrets: whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=}}}`
	code, stdout, stderr := shipwake(t, "sink", "test", "webhook", "--print", webhook)
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, `"type": "verdict.regressed"`)
}
