package otlp

import (
	"iter"

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
		scopes := resources.At(i).ScopeSpans()
		if !hasSpans(scopes) {
			continue
		}
		sender := r.Sender(resource(resources.At(i).Resource()))
		s.servers.Reset()
		if scopes.Len() > 1 {
			for spans := range s.pieces(scopes) {
				s.servers.Note(spans)
			}
		}
		sender.Spans(s.pieces(scopes), &counts)
	}
	r.Count(reduce.Spans, counts)
}

// hasSpans is false of a resource that says nothing.
func hasSpans(scopes ptrace.ScopeSpansSlice) bool {
	for _, scope := range scopes.All() {
		if scope.Spans().Len() > 0 {
			return true
		}
	}
	return false
}

// pieces are all spans of a resource, some at a time.
func (s *scratch) pieces(scopes ptrace.ScopeSpansSlice) iter.Seq[[]reduce.Span] {
	return func(yield func([]reduce.Span) bool) {
		n := 0
		for _, scope := range scopes.All() {
			for _, sp := range scope.Spans().All() {
				s.readSpan(&s.spans[n], sp)
				if n++; n < reduce.Chunk {
					continue
				}
				if !yield(s.marked(n)) {
					return
				}
				n = 0
			}
		}
		yield(s.marked(n))
	}
}

// marked are the spans that were read. Their exceptions are there until the next ones are read.
func (s *scratch) marked(n int) []reduce.Span {
	s.exceptions = s.exceptions[:0]
	s.servers.Mark(s.spans[:n])
	return s.spans[:n]
}

func (s *scratch) readSpan(into *reduce.Span, sp ptrace.Span) {
	flags := sp.Flags()
	*into = reduce.Span{
		TraceID:     sp.TraceID(),
		ID:          sp.SpanID(),
		Parent:      sp.ParentSpanID(),
		LocalParent: flags&(flagKnowsRemote|flagRemote) == flagKnowsRemote,
		Remote:      flags&flagRemote != 0,
		Kind:        reduce.SpanKind(sp.Kind()),
		Start:       nanos(sp.StartTimestamp()),
		End:         nanos(sp.EndTimestamp()),
		Failed:      sp.Status().Code() == ptrace.StatusCodeError,
	}
	if into.Kind > reduce.SpanInternal {
		into.Name = sp.Name()
		readSpanAttributes(into, sp.Attributes())
	}
	if sp.Events().Len() > 0 {
		into.Exceptions = s.readExceptions(sp.Events())
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
	first := len(s.exceptions)
	for i := range events.Len() {
		event := events.At(i)
		if event.Name() != "exception" {
			continue
		}
		if kind, ok := event.Attributes().Get("exception.type"); ok && text(kind) != "" {
			s.exceptions = append(s.exceptions, text(kind))
		}
	}
	return s.exceptions[first:len(s.exceptions):len(s.exceptions)]
}
