package shop

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Endpoints is where telemetry goes, each as host:port, without TLS.
type Endpoints struct{ GRPC, HTTP string }

// identity is what an instance says of itself in its resource.
type identity struct{ service, version, instance, environment string }

// sdk is one instance's own OpenTelemetry SDK.
type sdk struct {
	traces  *sdktrace.TracerProvider
	metrics *sdkmetric.MeterProvider
	logs    *sdklog.LoggerProvider
}

// exporters is the three exporters of an instance.
type exporters struct {
	traces  *otlptrace.Exporter
	metrics sdkmetric.Exporter
	logs    sdklog.Exporter
}

// newSDK makes the providers of one instance, which export every interval. The pacer counts the spans that arrived.
func newSDK(ctx context.Context, who identity, how Exporter, to Endpoints, every time.Duration, arrived *pacer) (*sdk, error) {
	out, err := newExporters(ctx, how, to)
	if err != nil {
		return nil, fmt.Errorf("telemetry of %s: %w", who.instance, err)
	}
	self := resource.NewSchemaless(
		attribute.String("service.name", who.service),
		attribute.String("service.version", who.version),
		attribute.String("service.instance.id", who.instance),
		attribute.String("deployment.environment.name", who.environment),
	)
	return &sdk{
		traces: sdktrace.NewTracerProvider(sdktrace.WithResource(self),
			sdktrace.WithBatcher(timed{out.traces, arrived}, sdktrace.WithBatchTimeout(every))),
		metrics: sdkmetric.NewMeterProvider(sdkmetric.WithResource(self),
			sdkmetric.WithReader(sdkmetric.NewPeriodicReader(out.metrics, sdkmetric.WithInterval(every)))),
		logs: sdklog.NewLoggerProvider(sdklog.WithResource(self),
			sdklog.WithProcessor(sdklog.NewBatchProcessor(out.logs, sdklog.WithExportInterval(every)))),
	}, nil
}

// Shutdown sends what is left and stops. The flush comes first because stopping a meter provider cancels an export
// that is under way, and with delta temporality its counts would be lost.
func (s *sdk) Shutdown(ctx context.Context) error {
	return errors.Join(s.metrics.ForceFlush(ctx), s.stop(ctx))
}

func (s *sdk) stop(ctx context.Context) error {
	return errors.Join(s.traces.Shutdown(ctx), s.metrics.Shutdown(ctx), s.logs.Shutdown(ctx))
}

func newExporters(ctx context.Context, how Exporter, to Endpoints) (exporters, error) {
	if how == HTTP {
		return httpExporters(ctx, to.HTTP)
	}
	return grpcExporters(ctx, to.GRPC)
}

func grpcExporters(ctx context.Context, endpoint string) (exporters, error) {
	traces, terr := otlptracegrpc.New(ctx, otlptracegrpc.WithEndpoint(endpoint), otlptracegrpc.WithInsecure())
	metrics, merr := otlpmetricgrpc.New(ctx, otlpmetricgrpc.WithEndpoint(endpoint), otlpmetricgrpc.WithInsecure())
	logs, lerr := otlploggrpc.New(ctx, otlploggrpc.WithEndpoint(endpoint), otlploggrpc.WithInsecure())
	return exporters{traces, metrics, logs}, errors.Join(terr, merr, lerr)
}

func httpExporters(ctx context.Context, endpoint string) (exporters, error) {
	traces, terr := otlptracehttp.New(ctx, otlptracehttp.WithEndpoint(endpoint), otlptracehttp.WithInsecure())
	metrics, merr := otlpmetrichttp.New(ctx, otlpmetrichttp.WithEndpoint(endpoint), otlpmetrichttp.WithInsecure(),
		otlpmetrichttp.WithTemporalitySelector(deltaTemporality),
		otlpmetrichttp.WithAggregationSelector(exponentialHistograms))
	logs, lerr := otlploghttp.New(ctx, otlploghttp.WithEndpoint(endpoint), otlploghttp.WithInsecure())
	return exporters{traces, metrics, logs}, errors.Join(terr, merr, lerr)
}

func deltaTemporality(kind sdkmetric.InstrumentKind) metricdata.Temporality {
	if kind == sdkmetric.InstrumentKindUpDownCounter || kind == sdkmetric.InstrumentKindObservableUpDownCounter {
		return metricdata.CumulativeTemporality
	}
	return metricdata.DeltaTemporality
}

func exponentialHistograms(kind sdkmetric.InstrumentKind) sdkmetric.Aggregation {
	if kind == sdkmetric.InstrumentKindHistogram {
		return sdkmetric.AggregationBase2ExponentialHistogram{MaxSize: 160, MaxScale: 20}
	}
	return sdkmetric.DefaultAggregationSelector(kind)
}
