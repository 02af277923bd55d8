package otlp

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/shipwake/shipwake/collector/reduce"
	"github.com/shipwake/shipwake/collector/reduce/convention"
)

// Flags of a span by which the sender tells whether the parent is of another process.
const (
	flagKnowsRemote = 0x100
	flagRemote      = 0x200
)

// Traces reduces all spans.
func Traces(r *reduce.Reducer, traces ptrace.Traces) {
	s := pool.Get().(*scratch)
	defer release(s)
	var counts reduce.Counts
	resources := traces.ResourceSpans()
	for i := range resources.Len() {
		sender := r.Sender(resource(resources.At(i).Resource()))
		scopes := resources.At(i).ScopeSpans()
		for j := range scopes.Len() {
			spans := scopes.At(j).Spans()
			for k := range spans.Len() {
				s.readSpan(spans.At(k))
				counts[sender.Span(&s.span)]++
			}
		}
	}
	r.Count(reduce.Spans, counts)
}

func (s *scratch) readSpan(sp ptrace.Span) {
	s.span = reduce.Span{
		TraceID:     sp.TraceID(),
		ID:          sp.SpanID(),
		Parent:      sp.ParentSpanID(),
		LocalParent: sp.Flags()&(flagKnowsRemote|flagRemote) == flagKnowsRemote,
		Kind:        reduce.SpanKind(sp.Kind()),
		Start:       nanos(sp.StartTimestamp()),
		End:         nanos(sp.EndTimestamp()),
		Failed:      sp.Status().Code() == ptrace.StatusCodeError,
	}
	if s.span.Kind > reduce.SpanInternal {
		s.span.Name = sp.Name()
		readSpanAttributes(&s.span, sp.Attributes())
	}
	if sp.Events().Len() > 0 {
		s.span.Exceptions = s.readExceptions(sp.Events())
	}
}

func readSpanAttributes(into *reduce.Span, attributes pcommon.Map) {
	for key, value := range attributes.All() {
		switch key {
		case "http.response.status_code", "http.status_code":
			into.Status.HTTP = number(value)
		case "rpc.grpc.status_code":
			into.Status.RPC, into.Status.HasRPC = number(value), true
		case "rpc.response.status_code":
			into.Status.RPC, into.Status.HasRPC = convention.RPCStatus(text(value))
		case "peer.service":
			into.PeerService = text(value)
		case "server.address":
			into.ServerAddress = text(value)
		case "net.peer.name":
			if into.ServerAddress == "" {
				into.ServerAddress = text(value)
			}
		case "db.system.name", "db.system":
			into.System = text(value)
		case "http.route":
			into.Route = text(value)
		case "rpc.service":
			into.RPCService = text(value)
		case "rpc.method":
			into.RPCMethod = text(value)
		}
	}
}

func (s *scratch) readExceptions(events ptrace.SpanEventSlice) []string {
	s.exceptions = s.exceptions[:0]
	for i := range events.Len() {
		event := events.At(i)
		if event.Name() != "exception" {
			continue
		}
		if kind, ok := event.Attributes().Get("exception.type"); ok && text(kind) != "" {
			s.exceptions = append(s.exceptions, text(kind))
		}
	}
	return s.exceptions
}
