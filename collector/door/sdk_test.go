package door_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/propagation"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/shipwake/shipwake/collector/admission"
	"github.com/shipwake/shipwake/collector/otlp"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/freeport"
)

// receive starts a real OTLP receiver before the doors and returns its gRPC and HTTP endpoints.
func receive(t *testing.T, tally *correlate.Tally, l *ledger) (grpc, http string) {
	t.Helper()
	traces, metrics, logs := doors(t, tally, l)
	grpc, http = freeAddress(t), freeAddress(t)
	factory := otlp.NewFactory(admission.NewBudget(admission.DefaultBudget), tally)
	cfg := factory.CreateDefaultConfig()
	require.NoError(t, confmap.NewFromStringMap(map[string]any{"protocols": map[string]any{
		"grpc": map[string]any{"endpoint": grpc}, "http": map[string]any{"endpoint": http},
	}}).Unmarshal(cfg))
	set := receivertest.NewNopSettings(factory.Type())
	tr, err := factory.CreateTraces(t.Context(), set, cfg, traces)
	require.NoError(t, err)
	_, err = factory.CreateMetrics(t.Context(), set, cfg, metrics)
	require.NoError(t, err)
	_, err = factory.CreateLogs(t.Context(), set, cfg, logs)
	require.NoError(t, err)
	require.NoError(t, tr.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() { require.NoError(t, tr.Shutdown(context.Background())) })
	return grpc, http
}

func freeAddress(t *testing.T) string {
	t.Helper()
	address, err := freeport.Address()
	require.NoError(t, err)
	return address
}

// app is an instrumented service.
type app struct {
	traces  *sdktrace.TracerProvider
	metrics *sdkmetric.MeterProvider
	logs    *sdklog.LoggerProvider
}

func newApp(t *testing.T, service, version string, grpc string, metrics sdkmetric.Exporter) app {
	t.Helper()
	self := resource.NewSchemaless(attribute.String("service.name", service), attribute.String("service.version", version))
	spans, err := otlptracegrpc.New(t.Context(), otlptracegrpc.WithEndpoint(grpc), otlptracegrpc.WithInsecure())
	require.NoError(t, err)
	records, err := otlploggrpc.New(t.Context(), otlploggrpc.WithEndpoint(grpc), otlploggrpc.WithInsecure())
	require.NoError(t, err)
	return app{
		traces:  sdktrace.NewTracerProvider(sdktrace.WithResource(self), sdktrace.WithBatcher(spans)),
		metrics: sdkmetric.NewMeterProvider(sdkmetric.WithResource(self), sdkmetric.WithReader(sdkmetric.NewPeriodicReader(metrics))),
		logs:    sdklog.NewLoggerProvider(sdklog.WithResource(self), sdklog.WithProcessor(sdklog.NewBatchProcessor(records))),
	}
}

func (a app) options() []otelhttp.Option {
	return []otelhttp.Option{
		otelhttp.WithTracerProvider(a.traces), otelhttp.WithMeterProvider(a.metrics),
		otelhttp.WithPropagators(propagation.TraceContext{}),
	}
}

func (a app) flush(t *testing.T) {
	t.Helper()
	require.NoError(t, errors.Join(
		a.traces.ForceFlush(t.Context()), a.metrics.ForceFlush(t.Context()), a.logs.ForceFlush(t.Context())))
}

func (a app) stop(t *testing.T) {
	t.Helper()
	a.flush(t)
	require.NoError(t, errors.Join(
		a.traces.Shutdown(t.Context()), a.metrics.Shutdown(t.Context()), a.logs.Shutdown(t.Context())))
}

// counted adds up requests and errors of one kind and origin, over buckets and versions.
func counted(drained []correlate.Measurement, service string, kind correlate.SignalKind, origin correlate.Origin) [2]int64 {
	var sum [2]int64
	for _, m := range drained {
		if m.Service == service && m.Kind == kind && m.Origin == origin {
			sum[0], sum[1] = sum[0]+m.Requests, sum[1]+m.Errors
		}
	}
	return sum
}

// Two instances of checkout and one of frontend, by the real SDK over the real receiver: every request is counted
// once, in each of its views. One checkout sends cumulative explicit histograms by gRPC, the other one delta
// exponential ones by HTTP; neither has an instance id.
func TestTheRealSDKIsCountedExactly(t *testing.T) {
	const rounds, requests = 3, 20 // of each instance; every fifth request fails
	tally, l := &correlate.Tally{}, &ledger{}
	grpc, httpAddress := receive(t, tally, l)

	cumulative, err := otlpmetricgrpc.New(t.Context(), otlpmetricgrpc.WithEndpoint(grpc), otlpmetricgrpc.WithInsecure())
	require.NoError(t, err)
	delta, err := otlpmetrichttp.New(t.Context(), otlpmetrichttp.WithEndpoint(httpAddress), otlpmetrichttp.WithInsecure(),
		otlpmetrichttp.WithTemporalitySelector(func(sdkmetric.InstrumentKind) metricdata.Temporality { return metricdata.DeltaTemporality }),
		otlpmetrichttp.WithAggregationSelector(func(k sdkmetric.InstrumentKind) sdkmetric.Aggregation {
			if k == sdkmetric.InstrumentKindHistogram {
				return sdkmetric.AggregationBase2ExponentialHistogram{MaxSize: 160, MaxScale: 20}
			}
			return sdkmetric.DefaultAggregationSelector(k)
		}))
	require.NoError(t, err)
	clientMetrics, err := otlpmetricgrpc.New(t.Context(), otlpmetricgrpc.WithEndpoint(grpc), otlpmetricgrpc.WithInsecure())
	require.NoError(t, err)

	frontend := newApp(t, "frontend", "v1", grpc, clientMetrics)
	client := &http.Client{Transport: otelhttp.NewTransport(&http.Transport{}, frontend.options()...)}
	defer client.CloseIdleConnections()
	instances := []app{newApp(t, "checkout", "v1", grpc, cumulative), newApp(t, "checkout", "v2", grpc, delta)}
	var drained []correlate.Measurement
	servers := make([]*httptest.Server, len(instances))
	for i, instance := range instances {
		servers[i] = httptest.NewServer(otelhttp.NewHandler(checkoutHandler(instance), "checkout", instance.options()...))
		defer servers[i].Close()
	}
	for range rounds {
		for i := range instances {
			for n := range requests {
				path := "/ok"
				if n%5 == 0 {
					path = "/fail"
				}
				get(t, client, servers[i].URL+path)
			}
			instances[i].flush(t)
		}
		frontend.flush(t)
		drained = append(drained, l.measurer.Drain()...)
	}
	for _, instance := range append(instances, frontend) {
		instance.stop(t)
	}
	drained = append(drained, l.measurer.Drain()...)

	const all, failed = rounds * requests * 2, rounds * requests * 2 / 5
	want := [2]int64{all, failed}
	require.Equal(t, want, counted(drained, "checkout", correlate.Traffic, correlate.OriginServerMetric))
	require.Equal(t, want, counted(drained, "checkout", correlate.Traffic, correlate.OriginSpan))
	require.Equal(t, want, counted(drained, "checkout", correlate.Log, correlate.OriginLog))
	require.Equal(t, [2]int64{0, failed}, counted(drained, "checkout", correlate.Exception, correlate.OriginLog))
	require.Equal(t, want, counted(drained, "frontend", correlate.Edge, correlate.OriginSpan))
	require.Equal(t, want, counted(drained, "frontend", correlate.Edge, correlate.OriginClientSpan))
	for _, m := range drained {
		if m.Kind == correlate.Traffic {
			require.Equal(t, m.Requests, m.Latency.Total())
			require.Contains(t, []string{"v1", "v2"}, m.Version)
		}
	}
	for _, v := range tally.Values() {
		if v.Result != "accepted" && v.Result != "ignored" {
			require.Zero(t, v.Value, v)
		}
	}
}

// checkoutHandler logs every request, the failing ones as an exception.
func checkoutHandler(a app) http.Handler {
	logger := a.logs.Logger("checkout")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var record log.Record
		record.SetTimestamp(time.Now())
		record.SetSeverity(log.SeverityInfo)
		if r.URL.Path == "/fail" {
			record.SetSeverity(log.SeverityError)
			record.AddAttributes(attribute.String("exception.type", "PaymentError"))
			w.WriteHeader(http.StatusInternalServerError)
		}
		logger.Emit(r.Context(), record)
	})
}

func get(t *testing.T, client *http.Client, url string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	response, err := client.Do(request)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
}
