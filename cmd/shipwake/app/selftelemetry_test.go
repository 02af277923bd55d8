package app

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
)

// ownTelemetry is where a daemon sends its own telemetry.
type ownTelemetry struct {
	mu            sync.Mutex
	metrics, logs map[string]bool // by name, by text
	services      map[string]bool
}

func (b *ownTelemetry) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch r.URL.Path {
	case "/v1/metrics":
		request := pmetricotlp.NewExportRequest()
		err = request.UnmarshalProto(body)
		for _, resource := range request.Metrics().ResourceMetrics().All() {
			name, _ := resource.Resource().Attributes().Get("service.name")
			b.services[name.AsString()] = true
			for _, scope := range resource.ScopeMetrics().All() {
				for _, metric := range scope.Metrics().All() {
					b.metrics[metric.Name()] = true
				}
			}
		}
	case "/v1/logs":
		request := plogotlp.NewExportRequest()
		err = request.UnmarshalProto(body)
		for _, resource := range request.Logs().ResourceLogs().All() {
			for _, scope := range resource.ScopeLogs().All() {
				for _, record := range scope.LogRecords().All() {
					b.logs[record.Body().AsString()] = true
				}
			}
		}
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

func (b *ownTelemetry) has(metric, log string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.metrics[metric] && b.logs[log]
}

// TestTheDaemonsOwnTelemetryGoesOutByOTLP: what docs/upgrade.md and default.yaml show, laid over the configuration.
func TestTheDaemonsOwnTelemetryGoesOutByOTLP(t *testing.T) {
	b := &ownTelemetry{metrics: map[string]bool{}, logs: map[string]bool{}, services: map[string]bool{}}
	server := httptest.NewServer(b)
	defer server.Close()
	p := newProcess(t)
	p.usual = true // the demo's log has warnings alone
	p.more = []string{
		"--set=service.telemetry.resource={attributes: [{name: service.name, value: shipwake-eu}]}",
		"--set=service.telemetry.metrics={level: normal, readers: [{periodic: {interval: 100, exporter: {otlp: {protocol: http/protobuf, endpoint: \"" + server.URL + "\"}}}}]}",
		"--set=service.telemetry.logs.processors=[{batch: {schedule_delay: 100, exporter: {otlp: {protocol: http/protobuf, endpoint: \"" + server.URL + "\"}}}}]",
	}
	p.start()
	p.report(map[string][2]int{"v1": {10, 0}})
	require.Eventually(t, func() bool { return b.has("otelcol_process_uptime", "serving answers") }, 20*time.Second, 50*time.Millisecond, "%v", b)
	require.Equal(t, map[string]bool{"shipwake-eu": true}, b.services)
}
