package shop_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/goleak"

	"github.com/shipwake/shipwake/cmd/shipwake/app/shop"
	"github.com/shipwake/shipwake/collector/admission"
	"github.com/shipwake/shipwake/collector/otlp"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/freeport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sinks is what an OTLP receiver was sent.
type sinks struct {
	traces  consumertest.TracesSink
	metrics consumertest.MetricsSink
	logs    consumertest.LogsSink
}

// receive starts the OTLP receiver on free ports until the test ends.
func receive(t *testing.T) (*sinks, shop.Endpoints) {
	to := shop.Endpoints{GRPC: freeAddress(t), HTTP: freeAddress(t)}
	factory := otlp.NewFactory(admission.NewBudget(admission.DefaultBudget), &correlate.Tally{})
	config := factory.CreateDefaultConfig().(*otlp.Config)
	config.Protocols.GRPC.GetOrInsertDefault().NetAddr.Endpoint = to.GRPC
	config.Protocols.HTTP.GetOrInsertDefault().ServerConfig.NetAddr.Endpoint = to.HTTP
	set := receivertest.NewNopSettings(factory.Type())
	got := &sinks{}
	traces, err := factory.CreateTraces(t.Context(), set, config, &got.traces)
	require.NoError(t, err)
	_, err = factory.CreateMetrics(t.Context(), set, config, &got.metrics)
	require.NoError(t, err)
	_, err = factory.CreateLogs(t.Context(), set, config, &got.logs)
	require.NoError(t, err)
	require.NoError(t, traces.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() { require.NoError(t, traces.Shutdown(context.Background())) })
	return got, to
}

func freeAddress(t *testing.T) string {
	t.Helper()
	address, err := freeport.Address()
	require.NoError(t, err)
	return address
}

// tally counts server spans by service and version, those that failed apart.
type tally struct{ served, failed map[string]int }

func count(traces []ptrace.Traces) tally {
	n := tally{map[string]int{}, map[string]int{}}
	for _, batch := range traces {
		for _, rs := range batch.ResourceSpans().All() {
			who := attribute(rs.Resource(), "service.name") + "@" + attribute(rs.Resource(), "service.version")
			for _, ss := range rs.ScopeSpans().All() {
				for _, span := range ss.Spans().All() {
					if span.Kind() != ptrace.SpanKindServer {
						continue
					}
					n.served[who]++
					if span.Status().Code() == ptrace.StatusCodeError {
						n.failed[who]++
					}
				}
			}
		}
	}
	return n
}

func attribute(r pcommon.Resource, key string) string {
	v, _ := r.Attributes().Get(key)
	return v.Str()
}

func TestEveryRequestBecomesTelemetry(t *testing.T) {
	got, to := receive(t)
	s, err := shop.Open(t.Context(), shop.Options{
		OTLP: to, Environment: "production", Version: "v1", Rate: 100, ExportEvery: 100 * time.Millisecond,
		Services: shop.Services(), Visits: shop.Visits(),
	})
	require.NoError(t, err)
	visited := func(n int64) {
		require.Eventually(t, func() bool { sent, _ := s.Visited(); return sent >= n }, 10*time.Second, 10*time.Millisecond)
	}

	visited(50)
	require.Equal(t, map[string]int{"v1": 4}, s.Versions("payment"))
	require.NoError(t, s.Roll(t.Context(), "payment", shop.Release{Version: "v2", Errors: 0.5}, 50*time.Millisecond))
	require.Equal(t, map[string]int{"v2": 4}, s.Versions("payment"))
	require.Equal(t, 22, s.Instances())
	sent, _ := s.Visited()
	visited(sent + 100)
	require.NoError(t, s.Close())
	sent, failed := s.Visited()

	n := count(got.traces.AllTraces())
	require.EqualValues(t, sent, n.served["frontend@v1"]+n.served["search@v1"]+n.served["checkout@v1"],
		"every visit is a server span of who was visited")
	require.Equal(t, n.served["checkout@v1"], n.served["payment@v1"]+n.served["payment@v2"])
	require.Zero(t, n.failed["payment@v1"])
	require.InDelta(t, 0.5, float64(n.failed["payment@v2"])/float64(n.served["payment@v2"]), 0.1)
	require.Equal(t, n.failed["payment@v2"], n.failed["checkout@v1"], "a failed payment fails the order")
	require.EqualValues(t, failed, n.failed["checkout@v1"])
	require.NotZero(t, got.metrics.DataPointCount())
	require.NotZero(t, got.logs.LogRecordCount())
}

func TestAServiceThatDoesNotExistCannotBeRolled(t *testing.T) {
	s, err := shop.Open(t.Context(), shop.Options{Rate: 1, ExportEvery: time.Hour, Services: nil})
	require.NoError(t, err)
	require.ErrorContains(t, s.Roll(t.Context(), "cart", shop.Release{Version: "v2"}, 0), `no service "cart"`)
	require.NoError(t, s.Close())
}
