package deploy_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/internal/freeport"
)

// TestABuiltCollectorJudgesChanges runs the Collector that `make test-builder` makes of builder/manifest.yaml.
func TestABuiltCollectorJudgesChanges(t *testing.T) {
	binary := os.Getenv("SHIPWAKE_TEST_COLLECTOR")
	if binary == "" {
		t.Skip("SKIP: needs a Collector; make test-builder builds it")
	}
	listed, err := exec.Command(binary, "components").Output()
	require.NoError(t, err)
	for _, name := range []string{
		"correlate", "otlp", "change_webhook", "change_kafka", "change_pull", "change_kubernetes", "telemetry_prometheus",
		"telemetry_remote_write", "verdicts", "otlp_http",
	} {
		require.Contains(t, string(listed), "name: "+name+"\n")
	}
	web, hooks, otlp := address(t), address(t), address(t)
	var log output
	command := exec.Command(binary, "--config", "builder/collector.yaml")
	command.Env = append(os.Environ(), "SHIPWAKE_WEB="+web, "SHIPWAKE_HOOKS="+hooks, "SHIPWAKE_OTLP="+otlp, "SHIPWAKE_DATA_DIR="+t.TempDir())
	command.Stdout, command.Stderr = &log, &log
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		if command.ProcessState == nil {
			_, _ = command.Process.Kill(), command.Wait()
		}
	})
	answers := func(url string, status int) func() bool {
		return func() bool { return get(url) == status }
	}
	require.Eventually(t, answers("http://"+web+"/-/ready", http.StatusOK), time.Minute, 50*time.Millisecond, "it is ready")
	answer, err := http.Post("http://"+hooks+"/hooks/generic", "application/json",
		strings.NewReader(`{"id":"c1","service":"cart","version":"v2","status":"succeeded","finished_at":"`+time.Now().UTC().Format(time.RFC3339)+`"}`))
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusAccepted, answer.StatusCode)
	require.Eventually(t, answers("http://"+web+"/api/v1/changes/c1", http.StatusOK), time.Minute, 50*time.Millisecond, "the change is known")
	answer, err = http.Post("http://"+otlp+"/v1/traces", "application/json", strings.NewReader(`{"resourceSpans":[]}`))
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.NoError(t, command.Process.Signal(syscall.SIGTERM))
	require.NoError(t, command.Wait(), log.String())
}

func address(t *testing.T) string {
	t.Helper()
	free, err := freeport.Address()
	require.NoError(t, err)
	return free
}

// get is the status of an answer, 0 when there is none.
func get(url string) int {
	answer, err := http.Get(url)
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return 0
	}
	return answer.StatusCode
}

// output is what a process prints.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}
