package webhook

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configopaque"
)

func TestASourceWithoutASecretIsClosedWhereOthersReachIt(t *testing.T) {
	r := start(t, func(c *Config) {
		c.ServerConfig.NetAddr.Endpoint = "0.0.0.0:0"
		c.Sources = map[string]SourceConfig{"generic": {Secret: "hush"}, "github": {Secrets: []configopaque.String{}}}
	})
	status, _, answer := r.send(t, "POST", "/hooks/github", nil, []byte("{}"))
	require.Equal(t, 403, status)
	require.Contains(t, answer, "this source is closed: it has no secret")
	status, _, _ = r.send(t, "POST", "/hooks/generic", map[string]string{"Authorization": "Bearer hush"}, []byte(change))
	require.Equal(t, 202, status)
	_, _, answer = r.send(t, "GET", "/hooks/", nil, nil)
	require.Contains(t, answer, `"name":"github","path":"/hooks/github","authentication":["hmac in X-Hub-Signature-256"],"authenticated":false,"closed":true`)
	require.Equal(t, []string{"generic"}, r.handler.open())
}

func TestNoSourceMayBeOpenWhereOthersReachIt(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"one whose secret isn't said":  {"endpoint: 0.0.0.0:8787\nsources: {generic: {secret: hush}, github: {}}", "sources::github::secret: the endpoint 0.0.0.0:8787 can be reached"},
		"none that has a secret":       {"endpoint: 0.0.0.0:8787\nsources: {generic: {secrets: []}, github: {secrets: []}}", "no source has a secret, so that all are closed"},
		"one with and one without any": {"endpoint: 0.0.0.0:8787\nsources: {generic: {secrets: []}, github: {secret: hush}}", ""},
	} {
		_, err := loadYAML(t, c.text)
		if c.want == "" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorContains(t, err, c.want, name)
	}
}

func TestASourceWithoutASecretIsClosedBehindAProxyOnTheSameMachine(t *testing.T) {
	r := start(t, func(c *Config) {
		c.RequireSecrets = true
		c.Sources = map[string]SourceConfig{"generic": {Secret: "hush"}, "github": {}}
	})
	status, _, answer := r.send(t, "POST", "/hooks/github", nil, []byte("{}"))
	require.Equal(t, 403, status)
	require.Contains(t, answer, "this source is closed: it has no secret")
	status, _, _ = r.send(t, "POST", "/hooks/generic", map[string]string{"Authorization": "Bearer hush"}, []byte(change))
	require.Equal(t, 202, status)
	_, err := loadYAML(t, "require_secrets: true\nallow_unauthenticated: true")
	require.ErrorContains(t, err, "require_secrets: says the opposite of allow_unauthenticated")
}
