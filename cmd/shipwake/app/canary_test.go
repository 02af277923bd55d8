package app

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/source"
)

// canary begins every secret of these tests; it must not appear in anything that the program says.
const canary = "canary"

// secretive is a configuration with a secret in every place that takes one; %[1]s is the folder of its files.
const secretive = `
extensions:
  correlate:
    readers:
      bearer_tokens: [canary-token-one, canary-token-two]
      bearer_tokens_file: %[1]s/tokens
      basic_auth: ["reader:canary-password"]
    sinks:
      webhook:
        allow: [loopback]
        endpoints: {ci: {url: "http://%[3]s/hook?token=canary-url", secrets: whsec_canarycanarycanarycanarycanarycanarycana}}
      slack:
        allow: [loopback]
        targets: {ops: {pace: 1ms, settings: {url: "http://%[3]s", token: xoxb-canary-slack, channel: C1}}}
  zpages: {endpoint: %[2]s}
receivers:
  change_webhook:
    sources:
      generic: {secret: canary-generic, secret_file: %[1]s/generic}
      cdevents: {secrets: ["${env:CANARY_CDEVENTS}", canary-cdevents-two]}
      github: {secrets: "canary-github,canary-github-old"}
  change_kafka:
    brokers: ["127.0.0.1:1"]
    topics: [{topic: deploys}]
    sasl: {mechanism: PLAIN, username: shipwake, password: canary-kafka}
  change_pull:
    sources:
      github: {secret: canary-pull, repositories: [octo/shop], allow: [loopback], api_url: "http://%[3]s"}
      ours: {type: github, secret: canary-pull, repositories: [octo/shop], allow: [loopback], proxy_url: "http://u:canary-proxy@127.0.0.1:1"}
  change_kubernetes: {kubeconfig: %[1]s/kubeconfig}
exporters:
  otlp_http/out: # a server that answers everything with an error
    endpoint: http://%[3]s
    encoding: json
    headers: {authorization: "Bearer canary-header"}
  otlp_grpc/out:
    endpoint: 127.0.0.1:1
    headers: {authorization: "Bearer canary-header"}
    tls: {insecure: true}
service:
  extensions: [correlate, zpages]
  pipelines:
    traces: {exporters: [correlate, otlp_http/out, otlp_grpc/out]}
    logs/changes: {receivers: [change_webhook, change_kafka, change_pull, change_kubernetes]}
  telemetry: {logs: {level: debug}}
`

const kubeconfig = `
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "SERVER"}}]
users: [{name: u, user: {token: canary-token-of-a-cluster}}]
contexts: [{name: c, context: {cluster: c, user: u}}]
current-context: c
`

// secretFiles are the files that the configuration names; the cluster's API server is at an address.
func secretFiles(t *testing.T, dir, server string) {
	for name, text := range map[string]string{
		"tokens": "canary-filed\n", "generic": "canary-generic-filed\n",
		"kubeconfig": strings.ReplaceAll(kubeconfig, "SERVER", "http://u:canary-cluster@"+server),
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
}

func TestNoSecretIsEverSaid(t *testing.T) {
	p := newProcess(t)
	dir, zpages, refusing := t.TempDir(), freeAddress(t), freeAddress(t)
	secretFiles(t, dir, refusing)
	server := &http.Server{Addr: refusing, ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "refused", http.StatusBadRequest)
	})}
	go func() { _ = server.ListenAndServe() }()
	defer server.Close()
	daemonWith(t, p, fmt.Sprintf(secretive, dir, zpages, refusing), nil, "CANARY_CDEVENTS=canary-from-environment")

	said := map[string]string{}
	say := func(what, text string) {
		said[what] = text
		require.NotContains(t, text, canary, what)
	}
	call := func(method, url string, header map[string]string, body string) int {
		t.Helper()
		status, text, err := ask(t, http.DefaultClient, method, url, header, body)
		require.NoError(t, err)
		say(method+" "+url, text)
		return status
	}
	hooks, web := "http://"+p.hooks+"/hooks/", "http://"+p.w
	at := time.Now()
	require.Equal(t, 202, call("POST", hooks+"generic", map[string]string{"Authorization": "Bearer canary-generic"}, change("c-1", "v1", at)))
	require.Equal(t, 202, call("POST", hooks+"generic", map[string]string{"Authorization": "Bearer canary-generic-filed"}, change("c-2", "v2", at)))
	require.Equal(t, 202, call("POST", hooks+"cdevents", map[string]string{"Authorization": "Bearer canary-from-environment"}, "[]"))
	ping := `{"zen":"x"}`
	require.Equal(t, 202, call("POST", hooks+"github", map[string]string{"X-GitHub-Event": "ping", "X-Hub-Signature-256": hubSignature("canary-github-old", ping)}, ping))
	for name, header := range map[string]map[string]string{
		"a wrong token that is like one": {"Authorization": "Bearer canary-generic-"},
		"another source's":               {"Authorization": "Bearer canary-github"},
		"as Basic":                       {"Authorization": "Basic canary-generic"},
		"as a signature":                 {"X-Hub-Signature-256": "canary-github"},
		"as a standard one":              {"Webhook-Signature": "v1,canary-generic", "Webhook-Id": "canary", "Webhook-Timestamp": "canary"},
	} {
		require.Equal(t, 401, call("POST", hooks+"generic", header, "canary-generic"), name)
		require.Equal(t, 401, call("POST", hooks+"github", header, "canary-github"), name)
		require.Equal(t, 401, call("GET", web+"/api/v1/status?token=canary-token", header, ""), name)
	}
	require.Equal(t, 400, call("POST", hooks+"generic", map[string]string{"Authorization": "Bearer canary-generic"}, `{"change":"canary-body"}`))
	require.Equal(t, 401, call("GET", web+"/metrics", nil, ""))
	for name, authorization := range map[string]string{"token": "Bearer canary-token-two", "filed": "bearer canary-filed", "user": basicAuth("reader", "canary-password")} {
		for _, path := range []string{"/", "/metrics", "/api/v1/status", "/api/v1/changes", "/api/v1/incidents", "/api/v1/dora", "/api/v1/openapi.yaml"} {
			require.Equal(t, 200, call("GET", web+path, map[string]string{"Authorization": authorization}, ""), name)
		}
		require.Equal(t, 400, call("GET", web+"/api/v1/changes?since=canar", map[string]string{"Authorization": authorization}, ""))
	}
	ended := time.Now().UnixNano()
	spans := fmt.Sprintf(`{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"s"}}]},"scopeSpans":[{"spans":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","name":"x","kind":2,"startTimeUnixNano":"%d","endTimeUnixNano":"%d"}]}]}]}`, ended-1e6, ended)
	call("POST", "http://"+p.otlp+"/v1/traces", map[string]string{"Content-Type": "application/json"}, spans)
	call("POST", "http://"+p.otlp+"/v1/traces", map[string]string{"Content-Type": "application/json"}, "{")
	for _, page := range []string{"servicez", "pipelinez?zpipelinename=traces", "extensionz", "featurez", "tracez"} {
		call("GET", "http://"+zpages+"/debug/"+page, nil, "")
	}

	t.Setenv("SHIPWAKE_TOKEN", "canary-wrong")
	for _, args := range [][]string{
		{"dora", "--api", web}, {"verdict", "c-1", "--api", web}, {"dora", "--api", "http://reader:canary-wrong@" + p.w},
		{"dora", "--api", "http://reader:canary-wrong@127.0.0.1:1"}, {"dora", "--api", "reader:canary-wrong@" + p.w},
		{"dora", "--api", "http://reader:canary-%zz@" + p.w}, {"dora", "--api", web, "--token-file", filepath.Join(dir, "none")},
	} {
		code, stdout, stderr := shipwake(t, args...)
		require.NotZero(t, code)
		say(strings.Join(args, " "), stdout+stderr)
	}
	t.Setenv("SHIPWAKE_TOKEN", "canary-token-one")
	code, stdout, stderr := shipwake(t, "dora", "--api", web)
	require.Zero(t, code, stderr)
	say("dora", stdout+stderr)

	require.NoError(t, os.Remove(filepath.Join(dir, "tokens")))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "generic"), bytes.Repeat([]byte("canary"), 20_000), 0o600))
	call("GET", web+"/metrics", nil, "")
	require.Equal(t, 202, call("POST", hooks+"generic", map[string]string{"Authorization": "Bearer canary-generic"}, change("c-3", "v3", at)))
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGHUP), "the files can't be used, so the reload fails and the daemon ends")
	require.Error(t, p.cmd.Wait())
	require.Contains(t, p.said(), "secret_file: ", "why it ended")
	say("the log", p.said())
	require.Greater(t, len(said), 25)
}

func TestACrashSaysNoSecret(t *testing.T) {
	p := newProcess(t)
	dir := t.TempDir()
	secretFiles(t, dir, "127.0.0.1:1")
	daemonWith(t, p, fmt.Sprintf(secretive, dir, freeAddress(t), "127.0.0.1:1"), nil, "CANARY_CDEVENTS=canary-from-environment", "GOTRACEBACK=all")
	require.Error(t, p.end(syscall.SIGQUIT))
	require.Contains(t, p.said(), "goroutine")
	require.NotContains(t, p.said(), canary)
}

func basicAuth(user, password string) string {
	r := &http.Request{Header: http.Header{}}
	r.SetBasicAuth(user, password)
	return r.Header.Get("Authorization")
}

// A secret that a careless hand put into the wrong place or shape is in no error.
func TestNoErrorOfAConfigurationSaysASecret(t *testing.T) {
	places := []string{
		"extensions.correlate.readers.bearer_tokens", "extensions.correlate.readers.basic_auth", "extensions.correlate.readers.bearer_tokens_file",
		"extensions.correlate.readers", "extensions.correlate.web.tls.key_pem", "extensions.correlate.web.tls", "extensions.correlate.web.auth",
		"receivers.change_webhook.sources.github.secret", "receivers.change_webhook.sources.github.secrets", "receivers.change_webhook.sources.github",
		"receivers.change_webhook.sources", "receivers.change_webhook.tls.key_pem", "receivers.change_webhook.response_headers.x",
		"receivers.change_pull.sources.github.secret", "receivers.change_pull.sources.github", "receivers.change_pull.sources",
		"receivers.change_pull.sources.github.secret_file", "receivers.change_pull.sources.github.proxy_url",
		"receivers.change_pull.sources.github.tls.key_pem", "receivers.change_pull.sources.github.tls",
		"receivers.change_pull.sources.github.repositories", "receivers.change_pull.sources.github.api_url",
		"receivers.change_kafka.sasl.password", "receivers.change_kafka.sasl", "receivers.change_kafka.brokers",
		"receivers.otlp.protocols.http.tls.key_pem", "receivers.otlp.protocols.grpc.tls.key_pem", "receivers.otlp.protocols.http.tls",
		"exporters.otlp_http.headers", "exporters.otlp_http.headers.authorization", "exporters.otlp_grpc.headers", "exporters.otlp_grpc.tls.key_pem",
		"extensions.correlate.sinks", "extensions.correlate.sinks.webhook", "extensions.correlate.sinks.api.secret",
		"extensions.correlate.sinks.slack", "extensions.correlate.sinks.slack.proxy_url", "extensions.correlate.sinks.slack.targets",
		"extensions.correlate.sinks.slack.targets.ops", "extensions.correlate.sinks.slack.targets.ops.settings",
		"extensions.correlate.sinks.slack.targets.ops.settings.token", "extensions.correlate.sinks.slack.targets.ops.tls.key_pem",
	}
	for _, value := range []string{"canary-1", "[canary-1]", "{canary-2: canary-1}", "{a: {b: canary-1}}", "[[canary-1]]", "[{a: canary-1}]", "'canary-1: x'", "${env:CANARY}", "{a: canary-1"} {
		for _, place := range places {
			t.Run(place+"="+strings.ReplaceAll(value, canary, "…"), func(t *testing.T) {
				t.Setenv("CANARY", "{canary-1: [canary-1}")
				_, stdout, stderr := shipwake(t, "validate", "--set="+place+"="+value)
				require.NotContains(t, strings.ReplaceAll(stdout+stderr, "canary-2", ""), canary)
			})
		}
	}
	_, stdout, stderr := shipwake(t, "validate", "--set=receivers.change_webhook.sources.github.secret:canary-1")
	require.NotContains(t, stdout+stderr, canary)
	file := filepath.Join(t.TempDir(), "broken.yaml")
	for _, text := range []string{"receivers: {change_webhook: {sources: {github: {secret: canary-1", "a: b\n  secret: canary-1\n c: d", "secret: canary-1\nsecret: canary-1", "canary-1", "\tsecret: canary-1", "secret: *canary-1", "secret: !!int canary-1", "secret: \"canary-1\\q\""} {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		_, stdout, stderr := shipwake(t, "validate", "--config", file)
		require.NotContains(t, stdout+stderr, canary, text)
	}
}

// hubSignature is what GitHub puts into X-Hub-Signature-256.
func hubSignature(secret, body string) string {
	req := source.Request{Header: http.Header{}, Body: []byte(body)}
	if err := source.HubSignature().Sign(&req, secret); err != nil {
		return err.Error()
	}
	return req.Header.Get("X-Hub-Signature-256")
}
