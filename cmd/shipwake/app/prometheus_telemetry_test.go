package app

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// pod is a process of checkout that counts its requests for a Prometheus, and knows nothing of Shipwake.
type pod struct {
	mu      sync.Mutex
	began   time.Time
	version string // "" when it doesn't tell
	ok, bad int
}

func (p *pod) serve(ok, bad int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ok, p.bad = p.ok+ok, p.bad+bad
}

// deploy replaces the process by one of another version.
func (p *pod) deploy(version string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.began, p.version, p.ok, p.bad = time.Now(), version, 0, 0
}

// ServeHTTP is its /metrics.
func (p *pod) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(w, "process_start_time_seconds %.2f\n", float64(p.began.UnixMilli())/1000)
	if p.version != "" {
		fmt.Fprintf(w, "checkout_build_info{version=%q} 1\n", p.version)
	}
	fmt.Fprintf(w, "http_requests_total{code=\"200\"} %d\n", p.ok)
	if p.bad > 0 {
		fmt.Fprintf(w, "http_requests_total{code=\"500\"} %d\n", p.bad)
	}
	for _, le := range []string{"0.1", "1", "+Inf"} {
		fmt.Fprintf(w, "http_request_duration_seconds_bucket{le=%q} %d\n", le, p.ok+p.bad)
	}
	fmt.Fprintf(w, "http_request_duration_seconds_count %d\nhttp_request_duration_seconds_sum %g\n", p.ok+p.bad, 0.05*float64(p.ok+p.bad))
}

// scrapePods runs a real Prometheus that scrapes pods each second until the test ends.
func scrapePods(t *testing.T, pods ...*pod) (endpoint string) {
	t.Helper()
	var targets []string
	for _, p := range pods {
		server := httptest.NewServer(p)
		t.Cleanup(server.Close)
		targets = append(targets, strconv.Quote(server.Listener.Addr().String()))
	}
	config := filepath.Join(t.TempDir(), "prometheus.yaml")
	require.NoError(t, os.WriteFile(config, []byte(fmt.Sprintf(
		"global: {scrape_interval: 1s}\nscrape_configs: [{job_name: checkout, static_configs: [{targets: [%s]}]}]\n",
		strings.Join(targets, ","))), 0o600))
	return runPrometheus(t, config).url
}

// asksPrometheus makes a daemon ask a Prometheus instead of taking OTLP.
func (p *process) asksPrometheus(endpoint string) {
	p.t.Helper()
	file := filepath.Join(p.t.TempDir(), "prometheus.yaml")
	require.NoError(p.t, os.WriteFile(file, []byte(fmt.Sprintf(`receivers:
  telemetry_prometheus:
    servers: [{endpoint: %q, poll: 1s, delay: 1s, environment: production}]
service:
  pipelines:
    metrics: {receivers: [telemetry_prometheus]}
`, endpoint)), 0o600))
	p.more = append(p.more, "--config", file)
}

// shopping is requests to two pods, of which one may fail some.
type shopping struct {
	stays, changes *pod
	bad            atomic.Int64 // of each 25 requests to the one that changes
}

// run serves requests four times a second until the context ends.
func (s *shopping) run(ctx context.Context) (stopped <-chan struct{}) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			bad := int(s.bad.Load())
			s.stays.serve(25, 0)
			s.changes.serve(25-bad, bad)
			select {
			case <-ctx.Done():
				return
			case <-time.After(250 * time.Millisecond):
			}
		}
	}()
	return done
}

// TestPrometheusAloneConvictsABadDeploy: nobody sends OTLP. One of two processes is replaced by one that fails.
func TestPrometheusAloneConvictsABadDeploy(t *testing.T) {
	if prometheusBinary() == "" {
		t.Skip("SKIP: needs a Prometheus; make e2e-prometheus gets one")
	}
	for name, test := range map[string]struct {
		before, after string // the versions that they tell
		want          string
	}{
		"processes that tell their versions are compared side by side":          {"v1", "v2", "(grade A)"},
		"processes that tell none are compared with the time before the change": {"", "", "(grade D)"},
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now().Add(-time.Hour)
			shop := &shopping{
				stays:   &pod{began: began, version: test.before, ok: 1000},
				changes: &pod{began: began, version: test.before, ok: 1000},
			}
			p := newProcess(t)
			p.asksPrometheus(scrapePods(t, shop.stays, shop.changes))
			p.start()
			ctx, stop := context.WithCancel(t.Context())
			stopped := shop.run(ctx)
			defer func() { stop(); <-stopped }()
			time.Sleep(10 * time.Second) // a time before the change: telemetry is judged by the clock of the real world

			status, _ := p.post(change("checkout-1", "v2", time.Now()))
			require.Equal(t, http.StatusAccepted, status)
			shop.changes.deploy(test.after)
			shop.bad.Store(10)
			code, stdout, stderr := shipwake(t, "verdict", "checkout-1", "--wait", "60s", "--api", "http://"+p.w)
			require.Equal(t, exitRegressed, code, "%s%s\n%s", stdout, stderr, p.said())
			require.Contains(t, stdout, "checkout v2 in production: REGRESSED")
			require.Contains(t, stdout, test.want)
		})
	}
}
