package app

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/cmd/shipwake/app/doctor"
)

// examined is what the doctor says: its report, and its exit code.
func examined(t *testing.T, args ...string) (doctor.Report, int) {
	t.Helper()
	code, stdout, stderr := shipwake(t, append([]string{"doctor", "--output", "json"}, args...)...)
	var r doctor.Report
	require.NoError(t, json.Unmarshal([]byte(stdout), &r), "%s%s", stdout, stderr)
	require.Empty(t, stderr)
	return r, code
}

// about are the findings of a check, as "state says".
func about(r doctor.Report, check string) (all []string) {
	for _, f := range r.Findings {
		if f.Check == check {
			all = append(all, string(f.State)+" "+f.Says)
		}
	}
	return all
}

func TestTheDoctorLooksAtAConfigurationWithoutADaemon(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "mine.yaml")
	require.NoError(t, os.WriteFile(file, []byte("extensions: {correlate: {data_dir: "+dir+", latenes: 1m, readers: {bearer_tokens: s3cret}}}"), 0o604))
	r, code := examined(t, "--offline", "--config", builtinDefault, "--config", file)
	require.Equal(t, 1, code)
	require.Equal(t, "builtin:default, "+file, r.Configuration)
	require.Empty(t, r.Daemon)
	require.Contains(t, about(r, "configuration")[0], "fail extensions::correlate::latenes: there is no such key in the configuration; known in its place are")
	require.Contains(t, about(r, "secrets")[0], "and has secrets in it: extensions::correlate::readers::bearer_tokens")
	require.Contains(t, about(r, "data directory")[0], " "+dir, "a key that is misspelled keeps nothing else from being looked at")
	require.Equal(t, []string{"skip there is none in " + dir + " yet"}, about(r, "ledger"))
	require.Equal(t, []string{"skip no daemon is asked"}, about(r, "names"))
	text, err := json.Marshal(r)
	require.NoError(t, err)
	require.NotContains(t, string(text), "s3cret")

	code, stdout, _ := shipwake(t, "doctor", "--offline", "--set=extensions.correlate.readers.bearer_tokens=s3cret", "--data-dir", dir)
	require.Zero(t, code, stdout)
	require.Contains(t, stdout, "Looked at builtin:default with --set on this machine; no daemon was asked.\n")
	require.NotContains(t, stdout, "s3cret")
}

// TestTheDoctorLooksAtADaemonThatRuns: on its machine by its configuration, and from elsewhere by its URL.
func TestTheDoctorLooksAtADaemonThatRuns(t *testing.T) {
	p := newProcess(t)
	p.start()
	p.report(map[string][2]int{"v1": {10, 0}})
	status, _ := p.post(change("checkout-1", "v2", time.Now()))
	require.Equal(t, http.StatusAccepted, status)
	status, _ = p.post(strings.Replace(change("till-1", "v2", time.Now()), "checkout", "checkuot", 1))
	require.Equal(t, http.StatusAccepted, status)
	require.Eventually(t, func() bool {
		r, _ := examined(t, "--api", "http://"+p.w)
		return strings.HasPrefix(about(r, "names")[0], "warn telemetry doesn't have 1 name of changes, so that they can't be judged: checkuot in production")
	}, 20*time.Second, 100*time.Millisecond, "a name that doesn't meet is told")

	r, code := examined(t, p.args()...)
	require.Zero(t, code, r)
	require.Equal(t, "http://"+p.w, r.Daemon, "the configuration says where it answers")
	require.Contains(t, about(r, "daemon")[0], "ok http://"+p.w+" is up and ready")
	require.Contains(t, about(r, "clock")[0], "ok that of the daemon is within 5s of this machine's")
	require.Regexp(t, `^ok .* schema \d+, 2 facts in 2 deliveries, every page is sound$`, about(r, "ledger")[0])
	require.Regexp(t, `^ok heard: generic \d+s ago$`, about(r, "senders")[0])
	require.Contains(t, about(r, "telemetry")[0], "ok complete up to ")
	taken := about(r, "ports")[0]
	require.Contains(t, taken, "ok taken by the daemon itself: ")
	for _, address := range []string{p.w, p.hooks, p.otlp} {
		require.Contains(t, taken, address)
	}

	r, code = examined(t, "--api", "http://"+p.w)
	require.Zero(t, code, r)
	require.Empty(t, r.Configuration)
	require.Contains(t, about(r, "ledger")[0], "skip only a daemon is asked")
	require.Regexp(t, `^ok heard: generic \d+s ago$`, about(r, "senders")[0], "by what it tells of changes")

	require.NoError(t, p.end(syscall.SIGTERM))
	r, code = examined(t, p.args()...)
	require.Equal(t, 1, code)
	require.Contains(t, about(r, "daemon")[0], "fail asking the daemon (is it running at http://"+p.w+"?)")
	require.Contains(t, about(r, "ports")[0], "ok free: ")
	require.Regexp(t, `^ok .* 2 facts`, about(r, "ledger")[0])
}

// TestPrometheusIsLookedAtByTheDoctor: a real one that scrapes a daemon, with the rules that are shipped, and then without.
func TestPrometheusIsLookedAtByTheDoctor(t *testing.T) {
	if prometheusBinary() == "" {
		t.Skip("SKIP: needs a Prometheus; make e2e-prometheus gets one")
	}
	manager := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/v2/status" {
			_, _ = w.Write([]byte(`{"config":{"original":"url: http://shipwake:8787/hooks/alertmanager"}}`))
		}
	}))
	defer manager.Close()
	p := newProcess(t)
	p.start()
	s := startPrometheus(t, p.w, strings.TrimPrefix(manager.URL, "http://"))
	args := append(p.args(), "--prometheus", s.url)
	require.Eventually(t, func() bool {
		r, _ := examined(t, args...)
		said := strings.Join(about(r, "prometheus"), "\n")
		return strings.Contains(said, "ok "+s.url+" scrapes "+p.w+" (job shipwake)") && strings.Contains(said, "rules and alerts of this release are loaded") &&
			strings.Contains(said, "ok "+manager.URL+" gets the alerts and tells shipwake of them")
	}, 30*time.Second, 500*time.Millisecond)

	require.NoError(t, p.end(syscall.SIGTERM))
	require.Eventually(t, func() bool {
		r, code := examined(t, args...)
		return code == 1 && strings.Contains(strings.Join(about(r, "prometheus"), "\n"), "fail "+s.url+" can't scrape "+p.w+" (job shipwake) any more: Get ")
	}, 30*time.Second, 500*time.Millisecond)

	bare := filepath.Join(t.TempDir(), "bare.yaml")
	require.NoError(t, os.WriteFile(bare, []byte("scrape_configs: []"), 0o600))
	s = runPrometheus(t, bare, t.TempDir())
	r, _ := examined(t, append(p.args(), "--prometheus", s.url)...)
	require.Equal(t, "fail "+s.url+" doesn't scrape shipwake", about(r, "prometheus")[0])
	require.Contains(t, about(r, "prometheus")[1], "warn none of the ")
	require.Contains(t, about(r, "prometheus")[2], "warn "+s.url+" has no Alertmanager")
}

// TestTheDoctorKnowsWhoIsSetUp: by a secret, by being asked, followed or watched; but not what stands in no pipeline.
func TestTheDoctorKnowsWhoIsSetUp(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mine.yaml")
	require.NoError(t, os.WriteFile(file, []byte(`
receivers:
  change_webhook: {sources: {github: {secret: s3cret}, gitlab: {secrets: []}}}
  change_kafka: {brokers: ["localhost:9092"], topics: [{topic: deploys}]}
  change_pull: {sources: {pagerduty: {secret: s3cret}}}
  change_kubernetes: {name: eu-1, kubeconfig: none}
  telemetry_prometheus: {servers: [{endpoint: "http://prometheus:9090"}]}
  change_webhook/unused: {endpoint: "127.0.0.1:1", sources: {harness: {secret: s3cret}}}
service:
  pipelines: {logs/changes: {receivers: [change_webhook, change_kafka, change_pull, change_kubernetes]}, metrics: {receivers: [otlp, telemetry_prometheus]}}
`), 0o600))
	d := &doctorCommand{}
	d.configs = []string{builtinDefault, file}
	c, err := d.configuration(t.Context())
	require.NoError(t, err)
	var setUp []string
	for _, s := range c.Sources {
		if s.Secret {
			setUp = append(setUp, s.Name+" by "+s.Receiver)
		}
	}
	require.Equal(t, []string{
		"cdevents by receivers::change_kafka", "eu-1 by receivers::change_kubernetes", "pagerduty by receivers::change_pull", "github by receivers::change_webhook",
	}, setUp)
	require.Equal(t, []doctor.Listener{
		{Key: "extensions::correlate::web::endpoint", Address: "127.0.0.1:8788"}, {Key: "receivers::change_webhook::endpoint", Address: "127.0.0.1:8787"},
		{Key: "receivers::otlp::protocols::grpc::endpoint", Address: "127.0.0.1:4317"}, {Key: "receivers::otlp::protocols::http::endpoint", Address: "127.0.0.1:4318"},
	}, c.Listeners)
	require.Equal(t, "http://127.0.0.1:8788", c.Web)
	require.Equal(t, "http://prometheus:9090", c.Servers[0].Client.Endpoint)
	require.Equal(t, []string{file}, c.Paths)
}
