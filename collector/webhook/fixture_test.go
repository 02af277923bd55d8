package webhook

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/shipwake/shipwake/collector/changelog"
	"github.com/shipwake/shipwake/collector/source/all"
	"github.com/shipwake/shipwake/correlate"
)

const change = `{"change":{"id":"c-1","service":"checkout","started_at":"2026-03-01T10:00:00Z"}}`

// next is the consumer after the receiver: it keeps what comes, or refuses it.
type next struct {
	mu   sync.Mutex
	err  error
	kept []correlate.Delivery
	wait chan struct{} // when set, a delivery is kept only after it is closed
}

func (n *next) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (n *next) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	if n.wait != nil {
		<-n.wait
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if n.err != nil {
		return n.err
	}
	if !changelog.IsFromReceiver(ctx) {
		return errors.New("the receiver must say that it is one of ours")
	}
	found := changelog.FromLogs(logs)
	n.kept = append(n.kept, found.Deliveries...)
	return found.Why
}

func (n *next) deliveries() []correlate.Delivery {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.kept
}

// running is a started receiver on a free port.
type running struct {
	*webhook
	next  *next
	tally *correlate.Tally
	logs  *observer.ObservedLogs
}

func start(t *testing.T, edit func(*Config)) *running {
	t.Helper()
	core, logs := observer.New(zap.DebugLevel)
	r := &running{next: &next{}, tally: &correlate.Tally{}, logs: logs}
	factory := NewFactory(all.Factories(), r.tally)
	cfg := factory.CreateDefaultConfig().(*Config)
	cfg.ServerConfig.NetAddr.Endpoint = "127.0.0.1:0"
	if edit != nil {
		edit(cfg)
	}
	require.NoError(t, cfg.Validate())
	set := receivertest.NewNopSettings(Type())
	set.Logger = zap.New(core)
	logsReceiver, err := factory.CreateLogs(t.Context(), set, cfg, r.next)
	require.NoError(t, err)
	r.webhook = logsReceiver.(*webhook)
	require.NoError(t, r.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() {
		require.NoError(t, r.Shutdown(context.Background()))
		http.DefaultClient.CloseIdleConnections()
	})
	return r
}

// send posts a body, and returns status, header and body of the answer.
func (r *running) send(t *testing.T, method, path string, header map[string]string, body []byte) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+r.addr.String()+path, bytes.NewReader(body))
	require.NoError(t, err)
	for k, v := range header {
		req.Header.Set(k, v)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, res.Header, string(answer)
}

// counted are the counters of a source that aren't zero.
func (r *running) counted(name string) map[string]int64 {
	all := map[string]int64{}
	for _, v := range r.tally.Values() {
		if v.Source == name && v.Value != 0 {
			all[v.Result] = v.Value
		}
	}
	return all
}
