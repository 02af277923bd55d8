package wire_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/shipwake/shipwake/collector/reduce"
	"github.com/shipwake/shipwake/collector/reduce/wire"
)

const (
	instances  = 100
	perRequest = 260
)

// marker is the last half of the trace ids in encoded requests, by which they are found again.
var marker = []byte("trace id")

// instance is a request of a service that answers calls, makes calls and works inside, in an instance of an old or a new version.
func instance(b *testing.B, n int) []byte {
	traces := ptrace.NewTraces()
	resource := traces.ResourceSpans().AppendEmpty()
	attributes := resource.Resource().Attributes()
	for key, text := range map[string]string{
		"service.name": fmt.Sprintf("service-%02d", n/2), "service.version": fmt.Sprintf("1.%d.0", n%20/19),
		"service.instance.id": fmt.Sprintf("pod-%03d", n), "deployment.environment.name": "production", "telemetry.sdk.language": "go",
	} {
		attributes.PutStr(key, text)
	}
	spans := resource.ScopeSpans().AppendEmpty().Spans()
	for i := range perRequest {
		one := spans.AppendEmpty()
		one.SetTraceID(pcommon.TraceID(append([]byte{7: byte(i / 4)}, marker...)))
		one.SetSpanID([8]byte{byte(n), byte(i)})
		one.SetParentSpanID([8]byte{byte(n + 2), byte(i + 1)})
		one.SetEndTimestamp(pcommon.NewTimestampFromTime(now))
		one.SetStartTimestamp(one.EndTimestamp() - pcommon.Timestamp(i+1)*1e6)
		fill(one, i)
	}
	body, err := ptraceotlp.NewExportRequestFromTraces(traces).MarshalProto()
	require.NoError(b, err)
	return body
}

func fill(span ptrace.Span, i int) {
	attributes := span.Attributes()
	switch i % 3 {
	case 0:
		span.SetKind(ptrace.SpanKindServer)
		attributes.PutStr("http.route", fmt.Sprintf("/api/v1/orders/{id}/part-%d", i%8))
		attributes.PutStr("url.path", "/api/v1/orders/4711/part")
		attributes.PutStr("client.address", "192.0.2.17")
		attributes.PutStr("user_agent.original", "Go-http-client/1.1")
	case 1:
		span.SetKind(ptrace.SpanKindClient)
		attributes.PutStr("server.address", fmt.Sprintf("service-%02d", i%50))
		attributes.PutStr("url.full", "http://orders-009:8080/api/v1/orders/4711/part")
	default:
		span.SetKind(ptrace.SpanKindInternal)
		span.SetName("handle")
		return
	}
	attributes.PutStr("http.request.method", "GET")
	attributes.PutInt("http.response.status_code", 200)
	attributes.PutInt("server.port", 8080)
	attributes.PutStr("network.protocol.version", "1.1")
}

// BenchmarkSpans reads and reduces the requests of a hundred instances in turn, each time of other traces. A tenth of the services
// roll out, so that traces are followed.
func BenchmarkSpans(b *testing.B) {
	var requests [instances]export
	for n := range requests {
		requests[n] = found(instance(b, n))
	}
	for name, reduced := range map[string]bool{"walked": false, "reduced": true} {
		b.Run(name, func(b *testing.B) {
			r := reduce.New(reduce.Options{Now: func() time.Time { return now }})
			pass := func(n int) {
				request := &requests[n%instances]
				request.renew(n / instances)
				spans := wire.NewSpans(&plenty{})
				defer spans.Release()
				ok, err := spans.Walk(request.body, known)
				if reduced {
					spans.Reduce(r)
				}
				require.True(b, ok && err == nil)
			}
			for n := range 2 * instances {
				pass(n)
				r.Drain()
			}
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				pass(n)
				n++
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n)/perRequest, "ns/span")
		})
	}
}

// export is an encoded request, and where its trace ids are.
type export struct {
	body   []byte
	traces []int
}

func found(body []byte) (r export) {
	r.body = body
	for at := 0; ; at += len(marker) {
		next := bytes.Index(body[at:], marker)
		if next < 0 {
			return r
		}
		at += next
		r.traces = append(r.traces, at-8)
	}
}

// renew makes the traces others.
func (r *export) renew(round int) {
	for _, at := range r.traces {
		binary.LittleEndian.PutUint32(r.body[at:], uint32(round))
	}
}
