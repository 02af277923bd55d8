package app

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
)

const backends = "../../../deploy/collector"

func TestVerdictsNeedSomebodyWhoDecides(t *testing.T) {
	file := filepath.Join(t.TempDir(), "alone.yaml")
	require.NoError(t, os.WriteFile(file, []byte(`
receivers: {verdicts: }
exporters: {nop: }
service:
  telemetry: {metrics: {level: none}, logs: {level: error}}
  pipelines: {logs: {receivers: [verdicts], exporters: [nop]}}
`), 0o600))
	code, _, stderr := shipwake(t, "--config", file)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "list the extension correlate under service::extensions")
}

// backend is an OTLP/HTTP server that keeps the log records it takes, by log.record.uid.
type backend struct {
	mu      sync.Mutex
	records map[string]plog.LogRecord
	paths   map[string]bool
}

// tellBackend lays the example of Loki over the configuration of a daemon, with a server of the test in Loki's place.
func (p *process) tellBackend(t *testing.T) *backend {
	b := &backend{records: map[string]plog.LogRecord{}, paths: map[string]bool{}}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	t.Setenv("LOKI_OTLP_ENDPOINT", server.URL+"/otlp")
	p.more = append(p.more, "--config", filepath.Join(backends, "loki.yaml"))
	return b
}

func (b *backend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	logs, err := logsOf(r)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.paths[r.URL.Path] = true
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				uid, _ := record.Attributes().Get("log.record.uid")
				b.records[uid.Str()] = record
			}
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

func logsOf(r *http.Request) (plog.Logs, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return plog.Logs{}, err
	}
	if r.Header.Get("Content-Encoding") == "gzip" {
		plain, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return plog.Logs{}, err
		}
		if body, err = io.ReadAll(plain); err != nil {
			return plog.Logs{}, err
		}
	}
	request := plogotlp.NewExportRequest()
	err = request.UnmarshalProto(body)
	return request.Logs(), err
}

// told are the outcomes of the verdicts on a change that have arrived, and whether a regression has.
func (b *backend) told(change string) (outcomes map[string]bool, regression bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	outcomes = map[string]bool{}
	for uid, record := range b.records {
		regression = regression || record.EventName() == "shipwake.regression" && uid != ""
		id, _ := record.Attributes().Get("deployment.id")
		outcome, ok := record.Attributes().Get("shipwake.verdict.outcome")
		if ok && id.Str() == change {
			outcomes[outcome.Str()] = uid != ""
		}
	}
	return outcomes, regression
}
