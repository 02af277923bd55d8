package otlp

import (
	"context"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"go.opentelemetry.io/collector/receiver/receiverhelper"

	"github.com/shipwake/shipwake/collector/admission"
)

// signal is one kind of telemetry.
type signal struct {
	name    string // in metrics
	service string // of gRPC; its one method is Export
	path    func(*HTTPConfig) string
	request admission.Kind
	// decode returns how to hand the request on; nil when there is nothing in it.
	decode func(body []byte, json bool) (batch, error)
}

// batch hands a decoded request to what follows, and returns its error.
type batch func(context.Context, *receiverhelper.ObsReport) error

// unmarshaler is a request of pdata.
type unmarshaler interface {
	UnmarshalProto([]byte) error
	UnmarshalJSON([]byte) error
}

func unmarshal(r unmarshaler, body []byte, json bool) error {
	if json {
		return r.UnmarshalJSON(body)
	}
	return r.UnmarshalProto(body)
}

// format is what the Collector calls the encoding in its own metrics.
const format = "protobuf"

const (
	tracesName  = "traces"
	metricsName = "metrics"
	logsName    = "logs"
)

func traces(next consumer.Traces) *signal {
	decode := func(body []byte, json bool) (batch, error) {
		request := ptraceotlp.NewExportRequest()
		if err := unmarshal(request, body, json); err != nil {
			return nil, err
		}
		n := request.Traces().SpanCount()
		if n == 0 {
			return nil, nil
		}
		return func(ctx context.Context, report *receiverhelper.ObsReport) error {
			ctx = report.StartTracesOp(ctx)
			err := next.ConsumeTraces(ctx, request.Traces())
			report.EndTracesOp(ctx, format, n, err)
			return err
		}, nil
	}
	return &signal{
		name: tracesName, service: "opentelemetry.proto.collector.trace.v1.TraceService",
		path:    func(c *HTTPConfig) string { return string(c.TracesURLPath) },
		request: admission.TracesRequest, decode: decode,
	}
}

func metrics(next consumer.Metrics) *signal {
	decode := func(body []byte, json bool) (batch, error) {
		request := pmetricotlp.NewExportRequest()
		if err := unmarshal(request, body, json); err != nil {
			return nil, err
		}
		n := request.Metrics().DataPointCount()
		if n == 0 {
			return nil, nil
		}
		return func(ctx context.Context, report *receiverhelper.ObsReport) error {
			ctx = report.StartMetricsOp(ctx)
			err := next.ConsumeMetrics(ctx, request.Metrics())
			report.EndMetricsOp(ctx, format, n, err)
			return err
		}, nil
	}
	return &signal{
		name: metricsName, service: "opentelemetry.proto.collector.metrics.v1.MetricsService",
		path:    func(c *HTTPConfig) string { return string(c.MetricsURLPath) },
		request: admission.MetricsRequest, decode: decode,
	}
}

func logs(next consumer.Logs) *signal {
	decode := func(body []byte, json bool) (batch, error) {
		request := plogotlp.NewExportRequest()
		if err := unmarshal(request, body, json); err != nil {
			return nil, err
		}
		n := request.Logs().LogRecordCount()
		if n == 0 {
			return nil, nil
		}
		return func(ctx context.Context, report *receiverhelper.ObsReport) error {
			ctx = report.StartLogsOp(ctx)
			err := next.ConsumeLogs(ctx, request.Logs())
			report.EndLogsOp(ctx, format, n, err)
			return err
		}, nil
	}
	return &signal{
		name: logsName, service: "opentelemetry.proto.collector.logs.v1.LogsService",
		path:    func(c *HTTPConfig) string { return string(c.LogsURLPath) },
		request: admission.LogsRequest, decode: decode,
	}
}
