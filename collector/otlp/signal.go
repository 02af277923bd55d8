package otlp

import (
	"context"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"go.opentelemetry.io/collector/pipeline"
	"go.opentelemetry.io/collector/receiver/receiverhelper"

	"github.com/shipwake/shipwake/collector/admission"
	"github.com/shipwake/shipwake/collector/direct"
)

// signal is one kind of telemetry.
type signal struct {
	of      pipeline.Signal // its name is that in metrics
	service string          // of gRPC; its one method is Export
	path    func(*HTTPConfig) string
	request admission.Kind
	end     direct.End // where requests go that need no decoding; nil when all do
	decode  func(body []byte, json bool) (decoded, error)
	// begin and done tell the Collector's own metrics of a request.
	begin func(*receiverhelper.ObsReport, context.Context) context.Context
	done  func(report *receiverhelper.ObsReport, ctx context.Context, format string, records int, err error)
}

func (s *signal) name() string { return s.of.String() }

// decoded is a request of so many records, and how to hand it on.
type decoded struct {
	records int
	hand    func(context.Context) error
}

// batch hands a request to what follows, and returns its error.
type batch func(context.Context, *receiverhelper.ObsReport) error

// batch is how to hand on what was decoded; nil when there is nothing.
func (s *signal) batch(d decoded) batch {
	if d.records == 0 {
		return nil
	}
	return func(ctx context.Context, report *receiverhelper.ObsReport) error {
		ctx = s.begin(report, ctx)
		err := d.hand(ctx)
		s.done(report, ctx, format, d.records, err)
		return err
	}
}

// walk is how to hand on the records of a request that needs no decoding; not ok when it does.
func (s *signal) walk(body []byte, room direct.Room) (next batch, ok bool, err error) {
	records, err := s.end.Walk(s.of, body, room)
	if err != nil || records == nil {
		return nil, false, err
	}
	next = s.batch(decoded{records.Len(), func(ctx context.Context) error {
		defer records.Release()
		return records.Hand(ctx)
	}})
	if next == nil {
		records.Release()
	}
	return next, true, nil
}

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

func traces(next consumer.Traces) *signal {
	return &signal{
		of: pipeline.SignalTraces, service: "opentelemetry.proto.collector.trace.v1.TraceService",
		path:    func(c *HTTPConfig) string { return string(c.TracesURLPath) },
		request: admission.TracesRequest,
		decode: func(body []byte, json bool) (decoded, error) {
			request := ptraceotlp.NewExportRequest()
			err := unmarshal(request, body, json)
			hand := func(ctx context.Context) error { return next.ConsumeTraces(ctx, request.Traces()) }
			return decoded{request.Traces().SpanCount(), hand}, err
		},
		begin: (*receiverhelper.ObsReport).StartTracesOp, done: (*receiverhelper.ObsReport).EndTracesOp,
	}
}

func metrics(next consumer.Metrics) *signal {
	return &signal{
		of: pipeline.SignalMetrics, service: "opentelemetry.proto.collector.metrics.v1.MetricsService",
		path:    func(c *HTTPConfig) string { return string(c.MetricsURLPath) },
		request: admission.MetricsRequest,
		decode: func(body []byte, json bool) (decoded, error) {
			request := pmetricotlp.NewExportRequest()
			err := unmarshal(request, body, json)
			hand := func(ctx context.Context) error { return next.ConsumeMetrics(ctx, request.Metrics()) }
			return decoded{request.Metrics().DataPointCount(), hand}, err
		},
		begin: (*receiverhelper.ObsReport).StartMetricsOp, done: (*receiverhelper.ObsReport).EndMetricsOp,
	}
}

func logs(next consumer.Logs) *signal {
	return &signal{
		of: pipeline.SignalLogs, service: "opentelemetry.proto.collector.logs.v1.LogsService",
		path:    func(c *HTTPConfig) string { return string(c.LogsURLPath) },
		request: admission.LogsRequest,
		decode: func(body []byte, json bool) (decoded, error) {
			request := plogotlp.NewExportRequest()
			err := unmarshal(request, body, json)
			hand := func(ctx context.Context) error { return next.ConsumeLogs(ctx, request.Logs()) }
			return decoded{request.Logs().LogRecordCount(), hand}, err
		},
		begin: (*receiverhelper.ObsReport).StartLogsOp, done: (*receiverhelper.ObsReport).EndLogsOp,
	}
}
