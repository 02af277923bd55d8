package shop

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// scope is the instrumentation scope of all that the shop records.
const scope = "github.com/shipwake/shipwake/cmd/shipwake/app/shop"

// recorder writes down the requests of one instance by the semantic conventions for HTTP. The instrumentation libraries
// can't be used: they time requests by the machine's clock.
type recorder struct {
	tracer trace.Tracer
	logger log.Logger
	served metric.Float64Histogram
	called metric.Float64Histogram
}

// boundaries are the buckets that the conventions advise for durations of requests, in seconds.
var boundaries = []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}

func newRecorder(to *sdk) (*recorder, error) {
	meter := to.metrics.Meter(scope)
	r := &recorder{tracer: to.traces.Tracer(scope), logger: to.logs.Logger(scope)}
	var serr, cerr error
	r.served, serr = meter.Float64Histogram("http.server.request.duration", metric.WithUnit("s"),
		metric.WithDescription("Duration of HTTP server requests."), metric.WithExplicitBucketBoundaries(boundaries...))
	r.called, cerr = meter.Float64Histogram("http.client.request.duration", metric.WithUnit("s"),
		metric.WithDescription("Duration of HTTP client requests."), metric.WithExplicitBucketBoundaries(boundaries...))
	return r, errors.Join(serr, cerr)
}

// call is a request under way, at its server or at its client.
type call struct {
	began      time.Time
	span       trace.Span
	duration   metric.Float64Histogram
	attributes []attribute.KeyValue
}

// serving begins the record of a request that came in. Of the caller only its span context arrives, as over a network.
func (r *recorder) serving(from context.Context, route Route, at time.Time) (context.Context, *call) {
	ctx := trace.ContextWithRemoteSpanContext(context.Background(), trace.SpanContextFromContext(from))
	return r.begin(ctx, &call{began: at, duration: r.served, attributes: []attribute.KeyValue{
		attribute.String("http.request.method", route.Method),
		attribute.String("http.route", route.Path),
		attribute.String("url.scheme", "http"),
	}}, route.Method+" "+route.Path, trace.SpanKindServer)
}

// calling begins the record of a request that goes out.
func (r *recorder) calling(ctx context.Context, c Call, at time.Time) (context.Context, *call) {
	return r.begin(ctx, &call{began: at, duration: r.called, attributes: []attribute.KeyValue{
		attribute.String("http.request.method", c.Method),
		attribute.String("server.address", "127.0.0.1"),
		attribute.String("url.scheme", "http"),
	}}, c.Method, trace.SpanKindClient)
}

func (r *recorder) begin(ctx context.Context, c *call, name string, kind trace.SpanKind) (context.Context, *call) {
	ctx, c.span = r.tracer.Start(ctx, name, trace.WithTimestamp(c.began), trace.WithSpanKind(kind), trace.WithAttributes(c.attributes...))
	return ctx, c
}

// end records how the request ended.
func (c *call) end(ctx context.Context, got answer) {
	told := got.attributes()
	if got.err != nil {
		c.span.SetStatus(codes.Error, "")
	}
	c.span.SetAttributes(told...)
	c.span.End(trace.WithTimestamp(got.at))
	c.duration.Record(ctx, got.at.Sub(c.began).Seconds(), metric.WithAttributes(append(c.attributes, told...)...))
}

// attributes are the status, and what kind of error it was.
func (a answer) attributes() []attribute.KeyValue {
	switch {
	case a.status == 0 && a.err != nil:
		return []attribute.KeyValue{attribute.String("error.type", exceptionType(a.err))}
	case a.err != nil:
		return []attribute.KeyValue{attribute.Int("http.response.status_code", a.status), attribute.String("error.type", strconv.Itoa(a.status))}
	}
	return []attribute.KeyValue{attribute.Int("http.response.status_code", a.status)}
}

// exception records the error of a request at its server, on the span and as a log.
func (r *recorder) exception(ctx context.Context, got answer) {
	trace.SpanFromContext(ctx).RecordError(got.err, trace.WithTimestamp(got.at))
	r.log(ctx, got.at, log.SeverityError, got.err.Error(), attribute.String("exception.type", exceptionType(got.err)))
}

// log writes a record at a time of the shop's clock.
func (r *recorder) log(ctx context.Context, at time.Time, severity log.Severity, text string, attributes ...attribute.KeyValue) {
	var record log.Record
	record.SetTimestamp(at)
	record.SetSeverity(severity)
	record.SetSeverityText(severity.String())
	record.SetBody(attribute.StringValue(text))
	record.AddAttributes(attributes...)
	r.logger.Emit(ctx, record)
}

// exceptionType is the type of the innermost error, as recorders of exceptions name it.
func exceptionType(err error) string {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return fmt.Sprintf("%T", err)
}
