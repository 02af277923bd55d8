package app

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// answer is a document of the API, nil when there is none.
func (p *process) answer(path string) (doc map[string]any) {
	p.t.Helper()
	answer, err := http.Get("http://" + p.w + path)
	require.NoError(p.t, err)
	body, err := io.ReadAll(answer.Body)
	require.NoError(p.t, err)
	require.NoError(p.t, answer.Body.Close())
	if answer.StatusCode == http.StatusOK {
		require.NoError(p.t, json.Unmarshal(body, &doc))
	}
	return doc
}

// naming has the daemon read names by rules from its next start on.
func (p *process) naming(rules string) {
	p.t.Helper()
	path := filepath.Join(p.t.TempDir(), "names.yaml")
	require.NoError(p.t, os.WriteFile(path, []byte(rules), 0o600))
	p.more = []string{"--config", path}
}

// What was told yesterday is read by the rules of today: an alias moves a change to its service, a rule that leaves an
// environment out takes the change back, and without the rule it counts again.
func TestARuleOfTodayMendsWhatWasToldYesterday(t *testing.T) {
	p := newProcess(t)
	p.start()
	status, _ := p.post(change("checkout-1", "v2", time.Now()))
	require.Equal(t, http.StatusAccepted, status)
	is := func(member, want string) {
		t.Helper()
		require.Eventually(t, func() bool {
			doc := p.answer("/api/v1/changes/checkout-1")
			record, ok := doc["change"].(map[string]any)
			return ok && record[member] == want
		}, 20*time.Second, 50*time.Millisecond, "%s: %s\n%s", member, want, p.said())
	}
	is("service", "checkout")
	require.NoError(t, p.end(syscall.SIGTERM), p.said())

	p.naming("extensions: {correlate: {names: {services: [{is: [checkout], name: shop-checkout}]}}}\n")
	p.start()
	is("service", "shop-checkout")
	is("phase", "observing")
	require.NoError(t, p.end(syscall.SIGTERM), p.said())

	p.naming("extensions: {correlate: {names: {environments: [{is: [production], tier: preview}]}}}\n")
	p.start()
	is("phase", "retracted")
	code, stdout, stderr := shipwake(t, "verdict", "checkout-1", "--api", "http://"+p.w)
	require.Equal(t, exitUnknown, code, stderr)
	require.Contains(t, stdout, "nobody reports it any more")
	require.Error(t, p.end(syscall.SIGKILL), "the next start finds what a kill leaves")

	p.more = nil
	p.start()
	is("phase", "observing")
	is("service", "checkout")
	require.NoError(t, p.end(syscall.SIGTERM), p.said())
}
