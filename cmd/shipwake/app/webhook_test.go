package app

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// tell makes the daemon post regressions to a receiver, whose first message comes over the channel.
func (p *process) tell(t *testing.T) <-chan string {
	told := make(chan string, 1)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		select {
		case told <- string(body):
		default:
		}
	}))
	t.Cleanup(receiver.Close)
	t.Setenv("SHIPWAKE_TEST_WEBHOOK_SECRET", "whsec_"+strings.Repeat("aGFy", 8)+",whsec_"+strings.Repeat("YmVu", 8))
	p.more = append(p.more, fmt.Sprintf(`--set=extensions.correlate.sinks.webhook={allow: [loopback], endpoints: {ci: {url: %q,
		secrets: "${env:SHIPWAKE_TEST_WEBHOOK_SECRET}", only: [regressed]}}}`, receiver.URL))
	return told
}

func TestAWebhookThatWouldNotWorkIsNamedByValidate(t *testing.T) {
	validate := func(webhook string) (int, string) {
		code, _, stderr := shipwake(t, "validate", "--config", builtinDefault, "--set=extensions.correlate.sinks.webhook="+webhook)
		return code, stderr
	}
	secret := "whsec_" + strings.Repeat("aGFy", 8)
	code, stderr := validate(`{endpoints: {ci: {url: "https://ci.example.com", secrets: ` + secret + `}}}`)
	require.Zero(t, code, stderr)
	t.Setenv("SHIPWAKE_TEST_TOKEN", "0123")
	code, stderr = validate(`{endpoints: {ci: {url: "https://ci.example.com", secrets: [` + secret + `], headers: {X-Token: "${env:SHIPWAKE_TEST_TOKEN}"}}}}`)
	require.Zero(t, code, stderr)
	code, stderr = validate(`{endpoints: {ci: {url: "http://10.0.0.1/token-word", secrets: ` + secret + `}}}`)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, `sinks::webhook: endpoints::ci::url: the address 10.0.0.1 is refused (private network): to allow it, list "private" or 10.0.0.1 under sinks::webhook::allow`)
	require.NotContains(t, stderr, "token-word")
	require.NotContains(t, stderr, secret)
	code, stderr = validate(`{endpoints: {ci: {url: "https://ci.example.com", secrets: "${env:SHIPWAKE_TEST_UNSET}"}}}`)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "secrets is empty: set it (is an environment variable unset?)")
}
