package webhook

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/shipwake/shipwake/collector/source/all"
	"github.com/shipwake/shipwake/collector/source/sourcetest"
	"github.com/shipwake/shipwake/correlate"
)

// BenchmarkDelivery is one change from the handler to the intake, without the network.
func BenchmarkDelivery(b *testing.B) {
	factory := NewFactory(all.Sources(), &correlate.Tally{})
	logs, err := factory.CreateLogs(context.Background(), receivertest.NewNopSettings(Type()), factory.CreateDefaultConfig(), consumertest.NewNop())
	require.NoError(b, err)
	handler := logs.(*webhook).handler
	handler.intake = &sourcetest.Intake{}
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "http://localhost/hooks/generic", strings.NewReader(change)))
		if w.Code != http.StatusAccepted {
			b.Fatal(w.Code)
		}
	}
}
