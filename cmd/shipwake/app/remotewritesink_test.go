package app

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/remotewrite/wire"
)

// written sums up what is written by remote write, by metric.
type written struct {
	mu   sync.Mutex
	sums map[string]float64
}

func (w *written) ServeHTTP(answer http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err == nil {
		body, err = snappy.Decode(nil, body)
	}
	if err == nil {
		err = wire.V1(body, func(s *wire.Series) {
			for _, one := range s.Samples {
				w.sums[string(s.Labels[0].Value)] += one.Value
			}
		})
	}
	if err != nil {
		answer.WriteHeader(http.StatusBadRequest)
	}
}

func (w *written) is(metric string, sum float64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sums["shipwake_event_"+metric] == sum
}

// A daemon writes what it counts by remote write, takes back what is corrected, and goes on after a restart where it was.
func TestADaemonWritesWhatItCounts(t *testing.T) {
	p := newProcess(t)
	w := &written{sums: map[string]float64{}}
	receiver := httptest.NewServer(w)
	defer receiver.Close()
	config := filepath.Join(t.TempDir(), "remotewrite.yaml")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil,
		"extensions: {correlate: {sinks: {remotewrite: {url: %q, allow: [loopback], window: 3h}}}}\n", receiver.URL), 0o600))
	p.more = []string{"--config", config}
	p.start()
	now := time.Now().UTC()
	told := func(id, service string, ago time.Duration) {
		t.Helper()
		status, answer := p.post(fmt.Sprintf(`{"change": {"id": %q, "service": %q, "version": %q, "started_at": %q, "finished_at": %[4]q}}`,
			id, service, id, now.Add(-ago).Format(time.RFC3339)))
		require.Equal(t, http.StatusAccepted, status, answer)
	}
	outage := func(id, more string, ago time.Duration) {
		t.Helper()
		status, answer := p.post(fmt.Sprintf(`{"incident": {"id": %q, "service": "cart", "opened_at": %q%s}}`,
			id, now.Add(-ago).Format(time.RFC3339), more))
		require.Equal(t, http.StatusAccepted, status, answer)
	}
	sums := func(deployments, failures, incidents float64) {
		t.Helper()
		require.Eventually(t, func() bool {
			return w.is("deployments", deployments) && w.is("change_failures", failures) && w.is("incidents", incidents)
		}, 30*time.Second, 50*time.Millisecond, "%v\n%s", w, p.said())
	}
	told("c1", "cart", 140*time.Minute)
	outage("i1", "", 130*time.Minute)
	sums(1, 1, 1)
	require.NoError(t, p.end(syscall.SIGTERM), p.said())
	p.start()
	told("c2", "pay", 150*time.Minute) // late
	outage("i1", `, "caused_by": "none"`, 130*time.Minute)
	sums(2, 0, 1)
	require.NoError(t, p.end(syscall.SIGTERM), p.said())
}
