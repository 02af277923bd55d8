package host

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.uber.org/zap"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/api"
)

func TestASteppedHostLivesByTheTimeItIsTold(t *testing.T) {
	now := time.Date(2020, 2, 3, 4, 0, 0, 0, time.UTC)
	cfg := *createDefaultConfig().(*Config)
	cfg.DataDir, cfg.Sinks = t.TempDir(), map[string]map[string]any{api.Factory().Name: nil}
	h, err := OpenStepped(t.Context(), component.TelemetrySettings{Logger: zap.NewNop()}, cfg, Options{
		Sinks: []sinks.Factory{api.Factory()}, Now: func() time.Time { return now }, Unsynced: true,
	})
	require.NoError(t, err)
	defer func() { require.NoError(t, h.Shutdown(t.Context())) }()
	change := correlate.Change{
		ID: "d1", Kind: correlate.KindDeployment, Status: correlate.StatusSucceeded, Service: "cart", Environment: "production",
		Version: "2", StartedAt: now, FinishedAt: now,
	}
	_, err = h.Commit(t.Context(), []correlate.Entry{{
		Raw:        correlate.Raw{Source: "generic", ID: "1", ReceivedAt: now, Body: []byte("{}")},
		Projection: correlate.Projection{Digest: "d", Facts: []correlate.Fact{{Change: &change}}},
	}}, nil)
	require.NoError(t, err)
	for end := now.Add(2 * time.Hour); now.Before(end); now = now.Add(30 * time.Second) {
		require.NoError(t, h.Step(t.Context()))
	}
	found, _, err := h.ledger.Change(t.Context(), "d1")
	require.NoError(t, err)
	require.NotNil(t, found.Verdict, "its window is over")
	require.Equal(t, correlate.Inconclusive, found.Verdict.Outcome)
	require.Equal(t, 2020, found.Verdict.DecidedAt.Year())
	revisions, err := h.ledger.ChangeRevisions(t.Context(), "d1", time.Time{}, 10)
	require.NoError(t, err)
	require.Equal(t, 2020, revisions[0].RecordedAt.Year())
	_, err = h.ledger.Changes(t.Context(), ledger.ChangeFilter{})
	require.NoError(t, err)

	answer := httptest.NewRecorder()
	h.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/api/v1/changes", http.NoBody))
	require.Contains(t, answer.Body.String(), `"d1"`)
}
