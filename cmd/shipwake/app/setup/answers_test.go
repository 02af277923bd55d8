package setup

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAWrongAnswerIsNamedWithWhatWouldBeRight(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Answers)
		want   string
	}{
		"nobody tells of changes":             {func(a *Answers) { a.Changes = nil }, "--changes: nobody would tell of changes"},
		"a source that there isn't":           {func(a *Answers) { a.Changes = []string{"githob"} }, `--changes: there is no source "githob"; want some of argo-rollouts, argocd`},
		"one that tells of something else":    {func(a *Answers) { a.Incidents = []string{"argocd"} }, `--incidents: there is no source "argocd"; want some of alertmanager`},
		"one that is set up by hand":          {func(a *Answers) { a.Incidents = []string{"statuspage"} }, "statuspage is set up by hand: its webhooks carry no secret"},
		"another way of telemetry":            {func(a *Answers) { a.Telemetry = "statsd" }, `--telemetry: "statsd": want one of otlp, collector, prometheus, remote-write`},
		"a Prometheus without an address":     {func(a *Answers) { a.Telemetry = Prometheus }, "--prometheus-url"},
		"another place for messages":          {func(a *Answers) { a.Messages = "irc" }, `--messages: "irc": want one of slack, teams, webhook, none`},
		"messages to nowhere":                 {func(a *Answers) { a.Messages = "slack" }, "$SHIPWAKE_MESSAGES_URL"},
		"a host without a scheme":             {func(a *Answers) { a.URL = "shipwake.example.com" }, "--url: want where others reach the daemon"},
		"a proxy for this machine alone":      {func(a *Answers) { a.URL = "http://localhost:8788" }, "say http://localhost; --listen chooses other ports"},
		"a path":                              {func(a *Answers) { a.URL = "https://example.com/shipwake" }, "want no path"},
		"a password in the address":           {func(a *Answers) { a.URL = "https://ann:hush@example.com" }, "--url: want where"},
		"a listener that there isn't":         {func(a *Answers) { a.Listen = map[string]string{"pages": "127.0.0.1:1"} }, `there is no listener "pages"; want some of hooks, otlp, otlp-grpc, remote-write, web`},
		"an address without a port":           {func(a *Answers) { a.Listen = map[string]string{"web": "127.0.0.1"} }, `--listen web: "127.0.0.1": want host:port, such as 127.0.0.1:8788`},
		"a port that the system would choose": {func(a *Answers) { a.Listen = map[string]string{"web": "127.0.0.1:0"} }, "want host:port"},
	} {
		t.Run(name, func(t *testing.T) {
			a := Defaults()
			c.change(&a)
			err := a.Check()
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "hush")
		})
	}
	require.NoError(t, Defaults().Check())
}

func TestWhereOthersReachItSaysWhereItListens(t *testing.T) {
	for name, c := range map[string]struct {
		url, hooks, listens, pages string
		guarded                    bool
	}{
		"this machine alone":      {"http://localhost", "http://127.0.0.1:8787", "127.0.0.1:8787", "http://127.0.0.1:8788/", false},
		"directly":                {"http://10.0.0.5", "http://10.0.0.5:8787", "0.0.0.0:8787", "http://10.0.0.5:8788/", true},
		"a proxy with TLS":        {"https://shipwake.example.com", "https://shipwake.example.com", "127.0.0.1:8787", "https://shipwake.example.com/", true},
		"a proxy on another port": {"http://shipwake.lan:8080/", "http://shipwake.lan:8080", "127.0.0.1:8787", "http://shipwake.lan:8080/", true},
		"directly, over IPv6":     {"http://[2001:db8::5]", "http://[2001:db8::5]:8787", "[::]:8787", "http://[2001:db8::5]:8788/", true},
		"this machine, over IPv6": {"http://[::1]", "http://127.0.0.1:8787", "127.0.0.1:8787", "http://127.0.0.1:8788/", false},
	} {
		t.Run(name, func(t *testing.T) {
			a := Defaults()
			a.URL = c.url
			p, err := Prepare(a, t.TempDir()+"/shipwake.yaml")
			require.NoError(t, err)
			require.Equal(t, c.hooks, p.at(hooks))
			require.Equal(t, c.listens, p.listen(hooks))
			require.Equal(t, c.pages, p.Pages())
			require.Equal(t, c.guarded, p.Guarded)
			require.Equal(t, "http://127.0.0.1:8788", p.API())
		})
	}
}
