package webhook

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/shipwake/shipwake/collector/source/all"
	"github.com/shipwake/shipwake/collector/source/sourcetest"
	"github.com/shipwake/shipwake/correlate"
)

// FuzzRequest looks for a request that is kept without the secret, that is answered in no documented way, or that
// doesn't give its bytes back.
func FuzzRequest(f *testing.F) {
	f.Add("github", "", "sha256=00", "ping", []byte("{}"))
	f.Add("generic", "gzip", "", "", zipped(change))
	f.Add("cdevents", "deflate", signature("guess", nil), "x", deflated("[]"))
	factory := NewFactory(all.Sources(), &correlate.Tally{})
	cfg := factory.CreateDefaultConfig().(*Config)
	cfg.MaxBodySize = 10_000
	cfg.Sources = map[string]SourceConfig{}
	for _, s := range all.Sources() {
		cfg.Sources[s.Name] = SourceConfig{Secret: "a secret: that no fuzzer finds"}
	}
	kept := &sourcetest.Intake{}
	logs, err := factory.CreateLogs(context.Background(), receivertest.NewNopSettings(Type()), cfg, consumertest.NewNop())
	require.NoError(f, err)
	h := logs.(*webhook).handler
	h.intake = kept
	documented := []int{http.StatusUnauthorized, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusNotFound}
	f.Fuzz(func(t *testing.T, name, encoding, signature, event string, body []byte) {
		r := httptest.NewRequest(http.MethodPost, prefix, bytes.NewReader(body))
		r.URL.Path = prefix + name
		r.Header.Set("Content-Encoding", encoding)
		r.Header.Set("X-Hub-Signature-256", signature)
		r.Header.Set("Authorization", "Bearer "+signature)
		r.Header.Set("X-GitHub-Event", event)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		require.True(t, slices.Contains(documented, w.Code), w.Code)
		require.Empty(t, kept.Entries())
		require.Zero(t, h.budget.Used())
	})
}
