package promtest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/internal/freeport"
)

// Start runs a real Prometheus until the test ends, which scrapes shops each second under the job "shop". More is what else
// its configuration has, in YAML. The test is skipped where there is none.
func Start(t *testing.T, more string, shops ...http.Handler) (endpoint string) {
	t.Helper()
	return StartWith(t, t.TempDir(), more, shops...)
}

// StartWith is Start in a folder that may have blocks of samples, see Blocks. Native histograms are kept.
func StartWith(t *testing.T, dir, more string, shops ...http.Handler) (endpoint string) {
	t.Helper()
	binary := os.Getenv("SHIPWAKE_TEST_PROMETHEUS")
	if binary == "" {
		t.Skip("SKIP: needs a Prometheus; make e2e-prometheus gets one")
	}
	var targets []string
	for _, s := range shops {
		server := httptest.NewServer(s)
		t.Cleanup(server.Close)
		targets = append(targets, strconv.Quote(server.Listener.Addr().String()))
	}
	config := filepath.Join(dir, "prometheus.yaml")
	require.NoError(t, os.WriteFile(config, []byte(fmt.Sprintf(
		"global: {scrape_interval: 1s}\nscrape_configs: [{job_name: shop, static_configs: [{targets: [%s]}]}]\n%s",
		strings.Join(targets, ","), more)), 0o600))
	return run(t, binary, dir, config)
}

// data is where a Prometheus that is started in a folder keeps its samples.
func data(dir string) string { return filepath.Join(dir, "data") }

func run(t *testing.T, binary, dir, config string) (endpoint string) {
	t.Helper()
	address, err := freeport.Address()
	require.NoError(t, err)
	log, err := os.Create(filepath.Join(dir, "log"))
	require.NoError(t, err)
	defer log.Close()
	cmd := exec.Command(binary, "--config.file="+config, "--storage.tsdb.path="+data(dir),
		"--web.listen-address="+address, "--log.level=warn", "--enable-feature=native-histograms")
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _, _ = cmd.Process.Signal(syscall.SIGTERM), cmd.Wait() })
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	require.Eventually(t, func() bool {
		answer, err := client.Get("http://" + address + "/-/ready")
		return err == nil && answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
	}, 30*time.Second, 50*time.Millisecond, "see %s", log.Name())
	return "http://" + address
}
