package load

import (
	"fmt"
	"math/rand/v2"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

// Traces is a round of so many traces: requests that come in at one of the first services and fan out.
func (s Shape) Traces(traces int) (*Load, error) {
	t := newTracer(s)
	for range traces {
		t.trace()
	}
	l := &Load{Method: tracesMethod}
	for _, batch := range t.batches {
		body, err := ptraceotlp.NewExportRequestFromTraces(batch).MarshalProto()
		if err != nil {
			return nil, fmt.Errorf("encoding traces: %w", err)
		}
		request, err := newRequest(body, exportTraces)
		if err != nil {
			return nil, err
		}
		l.Requests = append(l.Requests, request)
		l.Items += batch.SpanCount()
	}
	l.Counted = t.calls
	return l, nil
}

// tracer makes spans and puts each into the batch of its instance.
type tracer struct {
	shape    Shape
	random   *rand.Rand
	services []Service
	batches  []ptrace.Traces
	spans    [][]ptrace.SpanSlice // by service and instance
	id       pcommon.TraceID
	calls    uint64
}

func newTracer(s Shape) *tracer {
	t := &tracer{shape: s, random: seeded(), services: s.List()}
	for range s.requests() {
		t.batches = append(t.batches, ptrace.NewTraces())
	}
	for i, of := range t.services {
		t.spans = append(t.spans, nil)
		for n := range s.Instances {
			resource := t.batches[s.bundled(i, n)].ResourceSpans().AppendEmpty()
			identify(resource.Resource(), of, s.versionOf(of, n), n)
			scope := resource.ScopeSpans().AppendEmpty()
			scope.Scope().SetName("go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp")
			scope.Scope().SetVersion("0.70.0")
			t.spans[i] = append(t.spans[i], scope.Spans())
		}
	}
	return t
}

// call is what a span is part of: whose it is, under whom, when and how it ends.
type call struct {
	service, instance int
	parent            pcommon.SpanID
	start             time.Time
	duration          time.Duration
	failed            bool
}

const depth = 4 // of a trace, in services

// trace makes one trace that ended up to a second before its round. One in a hundred fails, all the way down one path.
func (t *tracer) trace() {
	for i := range t.id {
		t.id[i] = byte(t.random.Uint32())
	}
	duration := time.Duration((5 + t.random.ExpFloat64()*60) * float64(time.Millisecond))
	t.serve(call{
		service: t.random.IntN(max(1, len(t.services)/5)), duration: duration,
		start:  origin.Add(-duration - time.Duration(t.random.Int64N(int64(time.Second)))),
		failed: t.random.IntN(100) == 0,
	}, depth)
}

// serve makes the server span of a call and what happens beneath it: some work inside, a query at the leaves, calls to
// other services, and now and then a message that somebody consumes.
func (t *tracer) serve(c call, depth int) {
	c.instance = t.random.IntN(t.shape.Instances)
	of := t.services[c.service]
	route := of.routes[t.random.IntN(len(of.routes))]
	server := t.span(c, ptrace.SpanKindServer, "GET "+route)
	describeServer(server, of, route, c.failed)

	inside := c.within(server.SpanID(), 0.9)
	t.span(inside, ptrace.SpanKindInternal, "handle")
	if depth == 0 || len(of.callees) == 0 {
		t.query(inside)
		return
	}
	for i, callee := range of.callees[:1+t.random.IntN(len(of.callees))] {
		below := inside
		below.failed = c.failed && i == 0
		client := t.span(below, ptrace.SpanKindClient, "GET")
		describeClient(client, t.services[callee], below.failed)
		below = below.within(client.SpanID(), 0.8)
		below.service = callee
		t.serve(below, depth-1)
	}
	if t.random.IntN(20) == 0 {
		t.publish(inside, of.callees[0])
	}
}

// within is a part of a call.
func (c call) within(parent pcommon.SpanID, share float64) call {
	c.parent = parent
	shorter := time.Duration(float64(c.duration) * share)
	c.start = c.start.Add((c.duration - shorter) / 2)
	c.duration = shorter
	return c
}

func (t *tracer) query(c call) {
	query := t.span(c, ptrace.SpanKindClient, "SELECT shop.items")
	attributes := query.Attributes()
	attributes.PutStr("db.system.name", "postgresql")
	attributes.PutStr("db.namespace", "shop")
	attributes.PutStr("db.query.text", "SELECT id, name, price FROM items WHERE id = $1")
	attributes.PutStr("db.operation.name", "SELECT")
	attributes.PutStr("server.address", "postgres.shop.svc.cluster.local")
	attributes.PutInt("server.port", 5432)
}

func (t *tracer) publish(c call, consumer int) {
	producer := t.span(c, ptrace.SpanKindProducer, "send shop-events")
	describeMessage(producer, "send")
	c = c.within(producer.SpanID(), 0.5)
	c.service, c.instance, c.failed = consumer, t.random.IntN(t.shape.Instances), false
	describeMessage(t.span(c, ptrace.SpanKindConsumer, "process shop-events"), "process")
}

// span adds a span of a call to the batch of its instance.
func (t *tracer) span(c call, kind ptrace.SpanKind, name string) ptrace.Span {
	var id pcommon.SpanID
	for i := range id {
		id[i] = byte(t.random.Uint32())
	}
	if kind == ptrace.SpanKindClient || kind == ptrace.SpanKindProducer {
		t.calls++
	}
	span := t.spans[c.service][c.instance].AppendEmpty()
	span.SetTraceID(t.id)
	span.SetSpanID(id)
	span.SetParentSpanID(c.parent)
	span.SetKind(kind)
	span.SetName(name)
	span.SetStartTimestamp(pcommon.NewTimestampFromTime(c.start))
	span.SetEndTimestamp(pcommon.NewTimestampFromTime(c.start.Add(c.duration)))
	if c.failed {
		span.Status().SetCode(ptrace.StatusCodeError)
		event := span.Events().AppendEmpty()
		event.SetName("exception")
		event.SetTimestamp(span.EndTimestamp())
		event.Attributes().PutStr("exception.type", "*net.OpError")
		event.Attributes().PutStr("exception.message", "dial tcp: connection refused")
	}
	return span
}

func statusCode(failed bool) int64 {
	if failed {
		return 500
	}
	return 200
}

func describeServer(span ptrace.Span, of Service, route string, failed bool) {
	attributes := span.Attributes()
	attributes.PutStr("http.request.method", "GET")
	attributes.PutStr("http.route", route)
	attributes.PutInt("http.response.status_code", statusCode(failed))
	attributes.PutStr("url.path", "/api/v1/items/4711/part")
	attributes.PutStr("url.scheme", "http")
	attributes.PutStr("server.address", of.Name)
	attributes.PutInt("server.port", 8080)
	attributes.PutStr("client.address", "192.0.2.17")
	attributes.PutStr("network.protocol.version", "1.1")
	attributes.PutStr("user_agent.original", "Go-http-client/1.1")
}

func describeClient(span ptrace.Span, callee Service, failed bool) {
	attributes := span.Attributes()
	attributes.PutStr("http.request.method", "GET")
	attributes.PutInt("http.response.status_code", statusCode(failed))
	attributes.PutStr("server.address", callee.Name)
	attributes.PutInt("server.port", 8080)
	attributes.PutStr("url.full", "http://"+callee.Name+":8080/api/v1/items/4711/part")
	attributes.PutStr("network.protocol.version", "1.1")
}

func describeMessage(span ptrace.Span, operation string) {
	attributes := span.Attributes()
	attributes.PutStr("messaging.system", "kafka")
	attributes.PutStr("messaging.operation.name", operation)
	attributes.PutStr("messaging.destination.name", "shop-events")
	attributes.PutStr("server.address", "kafka.shop.svc.cluster.local")
}
