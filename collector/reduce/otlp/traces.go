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
		s.noteServers(scopes)
		for j := range scopes.Len() {
			spans := scopes.At(j).Spans()
			for k := range spans.Len() {
				s.readSpan(spans.At(k))
				s.span.Inner = s.isInner(spans.At(k).Flags())
				counts[sender.Span(&s.span)]++
			}
		}
	}
	r.Count(reduce.Spans, counts)
}

// spanID is a span of any trace.
type spanID struct {
	trace [16]byte
	span  [8]byte
}

// noteServers remembers the server spans of a resource of several libraries: one may have wrapped another, and both made a
// span of the same request.
func (s *scratch) noteServers(scopes ptrace.ScopeSpansSlice) {
	clear(s.servers)
	if scopes.Len() < 2 {
		return
	}
	for i := range scopes.Len() {
		spans := scopes.At(i).Spans()
		for j := range spans.Len() {
			if sp := spans.At(j); sp.Kind() == ptrace.SpanKindServer {
				s.servers[spanID{sp.TraceID(), sp.SpanID()}] = struct{}{}
			}
		}
	}
}

// isInner says that a server span is of a request that another span of the same process tells. A parent that isn't in the
// batch is taken for a caller or for anything else but a server.
func (s *scratch) isInner(flags uint32) bool {
	if len(s.servers) == 0 || s.span.Kind != reduce.SpanServer || flags&flagRemote != 0 {
		return false
	}
	_, inner := s.servers[spanID{s.span.TraceID, s.span.Parent}]
	return inner
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
		case "rpc.response.status_code", "rpc.connect_rpc.error_code":
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
