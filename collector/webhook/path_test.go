package webhook

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configopaque"
)

const changeEvent = `{"routing_key":"canary-key","payload":{"summary":"Deployed checkout","source":"ci","custom_details":{"service":"checkout","version":"v1"}}}`

// TestAPathBelowAHook: a source that looks at it takes it, so that only the host of a URL needs to change; to others there is no
// such path.
func TestAPathBelowAHook(t *testing.T) {
	r := start(t, nil)
	for name, c := range map[string]struct {
		path, header string
		status       int
		kept         string // the path that is kept with the delivery
	}{
		"the sender's own path":    {"/hooks/pagerduty-change/v2/change/enqueue", "", 202, "v2/change/enqueue"},
		"with slashes at its ends": {"/hooks/pagerduty-change//v2/change/enqueue/", "", 202, "v2/change/enqueue"},
		"the hook itself":          {"/hooks/pagerduty-change", "", 202, ""},
		"one that a sender claims": {"/hooks/pagerduty-change", "v2/enqueue", 202, ""},
		"a path that is too long":  {"/hooks/pagerduty-change/" + strings.Repeat("a", maxPath+1), "", 404, ""},
		"a source that takes none": {"/hooks/generic/v2", "", 404, ""},
		"no source":                {"/hooks/nobody/v2", "", 404, ""},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(r.intake.Entries())
			status, _, answer := r.send(t, http.MethodPost, c.path, map[string]string{"Shipwake-Path": c.header}, []byte(strings.Replace(changeEvent, "Deployed", name, 1)))
			require.Equal(t, c.status, status, answer)
			if entries := r.intake.Entries()[before:]; c.status == 202 {
				require.Equal(t, c.kept, entries[0].Header["Shipwake-Path"])
			}
		})
	}
}

// TestASecretInABodyIsComparedAndNotKept: the key by which PagerDuty tells senders apart is their secret here.
func TestASecretInABodyIsComparedAndNotKept(t *testing.T) {
	r := start(t, func(c *Config) {
		c.Sources = map[string]SourceConfig{"pagerduty-change": {Secrets: []configopaque.String{"canary-key"}}}
	})
	for body, status := range map[string]int{
		changeEvent: 202,
		strings.Replace(changeEvent, "canary-key", "canary-other", 1): 401,
		`{"payload":{}}`: 401,
	} {
		got, _, answer := r.send(t, http.MethodPost, "/hooks/pagerduty-change/v2/change/enqueue", nil, []byte(body))
		require.Equal(t, status, got, answer)
		require.NotContains(t, answer, "canary")
	}
	entries := r.intake.Entries()
	require.Len(t, entries, 1)
	require.NotContains(t, string(entries[0].Body), "canary")
	require.Equal(t, "checkout", entries[0].Facts[0].Change.Service)
}
