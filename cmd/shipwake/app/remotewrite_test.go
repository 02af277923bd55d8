package app

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/prometheus/promtest"
)

// takesRemoteWrite makes a daemon take what a Prometheus pushes instead of OTLP.
func (p *process) takesRemoteWrite() (endpoint string) {
	p.t.Helper()
	address, file := freeAddress(p.t), filepath.Join(p.t.TempDir(), "remotewrite.yaml")
	require.NoError(p.t, os.WriteFile(file, []byte(fmt.Sprintf(`receivers:
  telemetry_remote_write: {endpoint: %q, hold: 2s, environment: production}
service:
  pipelines:
    metrics: {receivers: [telemetry_remote_write]}
`, address)), 0o600))
	p.more = append(p.more, "--config", file)
	return "http://" + address + "/api/v1/write"
}

// TestPrometheusByRemoteWriteConvictsABadDeploy: a real Prometheus pushes, and nobody sends OTLP.
func TestPrometheusByRemoteWriteConvictsABadDeploy(t *testing.T) {
	t.Parallel()
	shop := newShopping("v1")
	p := newProcess(t)
	endpoint := p.takesRemoteWrite()
	p.start()
	promtest.Start(t, "remote_write: [{url: "+endpoint+", queue_config: {batch_send_deadline: 500ms}}]\n", shop.stays, shop.changes)
	ctx, stop := context.WithCancel(t.Context())
	stopped := shop.run(ctx)
	defer func() { stop(); <-stopped }()
	time.Sleep(10 * time.Second) // a time before the change: telemetry is judged by the clock of the real world

	status, _ := p.post(strings.Replace(change("shop-1", "v2", time.Now()), "checkout", "shop", 1))
	require.Equal(t, http.StatusAccepted, status)
	shop.changes.Deploy("v2")
	time.Sleep(5 * time.Second) // both versions are known to serve before one fails
	shop.bad.Store(10)
	code, stdout, stderr := shipwake(t, "verdict", "shop-1", "--wait", "2m", "--api", "http://"+p.w)
	require.Equal(t, exitRegressed, code, "%s%s\n%s", stdout, stderr, p.said())
	require.Contains(t, stdout, "(grade A)")
}
