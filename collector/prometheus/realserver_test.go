package prometheus

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/internal/freeport"
)

// shop is a process that counts its requests as Go's promhttp does. It can be restarted, and is then at nothing again.
type shop struct {
	mu      sync.Mutex
	down    bool
	began   time.Time
	version string
	codes   map[string]int
}

func newShop(version string) *shop {
	return &shop{began: time.Now(), version: version, codes: map[string]int{}}
}

// serve counts requests that ended with a code, each of which took 30 ms.
func (s *shop) serve(code string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.codes[code] += n
}

// restart begins again at nothing, and is as good as down meanwhile.
func (s *shop) restart(version string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.began, s.version, s.codes = time.Now(), version, map[string]int{}
}

func (s *shop) setDown(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

// ServeHTTP exposes what was counted.
func (s *shop) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	fmt.Fprintf(w, "# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds %.3f\n", float64(s.began.UnixMilli())/1000)
	fmt.Fprintf(w, "# TYPE shop_build_info gauge\nshop_build_info{version=%q} 1\n", s.version)
	fmt.Fprintln(w, "# TYPE http_requests_total counter")
	all := 0
	for code, n := range s.codes {
		fmt.Fprintf(w, "http_requests_total{code=%q,handler=\"/buy\"} %d\n", code, n)
		all += n
	}
	fmt.Fprintln(w, "# TYPE http_request_duration_seconds histogram")
	for _, b := range []struct {
		le string
		n  int
	}{{"0.01", 0}, {"0.05", all}, {"1", all}, {"+Inf", all}} {
		fmt.Fprintf(w, "http_request_duration_seconds_bucket{le=%q} %d\n", b.le, b.n)
	}
	fmt.Fprintf(w, "http_request_duration_seconds_sum %g\nhttp_request_duration_seconds_count %d\n", 0.03*float64(all), all)
}

// startPrometheus runs a real one that scrapes the targets each second, until the test ends.
func startPrometheus(t *testing.T, more string, targets ...string) (endpoint string) {
	t.Helper()
	binary := os.Getenv("SHIPWAKE_TEST_PROMETHEUS")
	if binary == "" {
		t.Skip("SKIP: needs a Prometheus; make e2e-prometheus gets one")
	}
	address, err := freeport.Address()
	require.NoError(t, err)
	dir := t.TempDir()
	config := "global: {scrape_interval: 1s}\nscrape_configs: [{job_name: shop, static_configs: [{targets: ["
	for _, target := range targets {
		config += fmt.Sprintf("%q,", target)
	}
	config += "]}]}]\n" + more
	require.NoError(t, os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(config), 0o600))
	log, err := os.Create(filepath.Join(dir, "log"))
	require.NoError(t, err)
	defer log.Close()
	cmd := exec.Command(binary, "--config.file="+filepath.Join(dir, "config.yaml"), "--storage.tsdb.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+address, "--log.level=warn")
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _, _ = cmd.Process.Signal(syscall.SIGTERM), cmd.Wait() })
	endpoint = "http://" + address
	require.Eventually(t, func() bool { return ready(endpoint) }, 30*time.Second, 50*time.Millisecond, "see %s", log.Name())
	return endpoint
}

func ready(endpoint string) bool {
	answer, err := http.Get(endpoint + "/-/ready")
	defer http.DefaultClient.CloseIdleConnections()
	return err == nil && answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
}

// expose serves a shop until the test ends.
func expose(t *testing.T, s *shop) (address string) {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// TestARealPrometheusIsReadExactly: what the shop counted and what the cells come to is the same number, through a first
// error, a restart with a version of its own and an outage, whatever was counted before the receiver was there.
func TestARealPrometheusIsReadExactly(t *testing.T) {
	s := newShop("v1")
	s.began = time.Now().Add(-time.Hour)
	s.serve("200", 1000)
	w := newWorldWith(t, map[string]any{
		"endpoint": startPrometheus(t, "", expose(t, s)), "poll": "1s", "delay": "1s", "environment": "production",
	})
	w.waitFor(func() bool { return w.live() == 1 })
	w.settle()
	require.Empty(t, w.requests(), "what was counted before isn't known to be of now")

	s.serve("200", 300)
	s.serve("500", 7) // there was no such series
	w.expect(map[string][2]int64{"v1": {307, 7}})

	s.restart("v2")
	s.serve("200", 50)
	w.expect(map[string][2]int64{"v1": {307, 7}, "v2": {50, 0}})

	s.setDown(true)
	s.serve("200", 20)
	w.settle()
	s.setDown(false)
	w.expect(map[string][2]int64{"v1": {307, 7}, "v2": {70, 0}})
	require.EqualValues(t, 377, w.timed(), "each has its duration")
	require.Zero(t, w.lost())
}
