package webhook

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/shipwake/shipwake/collector/source/all"
	"github.com/shipwake/shipwake/collector/source/sourcetest"
	"github.com/shipwake/shipwake/correlate"
)

const change = `{"change":{"id":"c-1","service":"checkout","started_at":"2026-03-01T10:00:00Z"}}`

// running is a started receiver on a free port.
type running struct {
	*webhook
	intake *sourcetest.Intake
	tally  *correlate.Tally
	logs   *observer.ObservedLogs
}

// fail makes the intake refuse everything.
func (r *running) fail(err error) {
	r.intake.FailWith(func([]correlate.Entry, *correlate.Move) error { return err })
}

// hold makes the intake wait until the returned function is called.
func (r *running) hold() (release func()) {
	wait := make(chan struct{})
	r.intake.FailWith(func([]correlate.Entry, *correlate.Move) error { <-wait; return nil })
	return func() { close(wait) }
}

func start(t *testing.T, edit func(*Config)) *running {
	t.Helper()
	core, logs := observer.New(zap.DebugLevel)
	r := &running{intake: &sourcetest.Intake{}, tally: &correlate.Tally{}, logs: logs}
	factory := NewFactory(all.Sources(), r.tally)
	cfg := factory.CreateDefaultConfig().(*Config)
	cfg.ServerConfig.NetAddr.Endpoint = "127.0.0.1:0"
	if edit != nil {
		edit(cfg)
	}
	require.NoError(t, cfg.Validate())
	set := receivertest.NewNopSettings(Type())
	set.Logger = zap.New(core)
	logsReceiver, err := factory.CreateLogs(t.Context(), set, cfg, consumertest.NewErr(errors.New("the pipeline gets nothing")))
	require.NoError(t, err)
	r.webhook = logsReceiver.(*webhook)
	require.NoError(t, r.Start(t.Context(), sourcetest.NewHost(r.intake)))
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
