package reduce

import (
	"github.com/shipwake/shipwake/collector/reduce/convention"
	"github.com/shipwake/shipwake/correlate"
)

// SpanKind is a span's kind, numbered as in OTLP.
type SpanKind uint8

// The kinds of span.
const (
	SpanInternal SpanKind = iota + 1
	SpanServer
	SpanClient
	SpanProducer
	SpanConsumer
)

// Span is what is read of one span. Times are Unix nanoseconds.
type Span struct {
	TraceID    [16]byte
	ID, Parent [8]byte
	// LocalParent: the sender says that the parent is of the same process, so it is no caller.
	LocalParent bool
	// Remote: the sender says that the parent is of another process.
	Remote bool
	// Inner, of a server span: another server span of the same process is its parent, so the request is told already.
	Inner      bool
	Kind       SpanKind
	Start, End int64
	Failed     bool // status Error
	Name       string
	// Route (http.route), RPCService and RPCMethod (rpc.service, rpc.method) say better than Name what a server span serves.
	Route, RPCService, RPCMethod string
	Status                       convention.Status
	// PeerService (peer.service), ServerAddress (server.address, net.peer.name) and System (db.system.name) name the
	// callee of a client span, the first one best.
	PeerService, ServerAddress, System string
	Exceptions                         []string // exception.type of each exception event
}

// Spans counts spans, each as Span does.
func (s *Sender) Spans(spans []Span, counts *Counts) {
	for i := range spans {
		counts[s.Span(&spans[i])]++
	}
}

// Span counts a span: a server's or consumer's as traffic in the bucket of its end, a client's or producer's as the
// caller's view of an edge, and both halves of a call together as an edge in the server's view.
func (s *Sender) Span(sp *Span) Result {
	if s.scope == nil {
		return Unusable
	}
	if result := s.timely(sp.End); result != Accepted {
		return result
	}
	result := Ignored
	switch sp.Kind {
	case SpanServer, SpanConsumer:
		if !sp.Inner {
			result = s.served(sp)
		}
	case SpanClient, SpanProducer:
		result = s.called(sp)
	}
	for _, exception := range sp.Exceptions {
		counted := s.exception(correlate.OriginSpan, exception, sp.End)
		if result == Ignored || counted == Overflow {
			result = counted
		}
	}
	if result != Ignored {
		s.r.saw(sp.End)
	}
	return result
}

// latency is never negative: clocks step.
func (sp *Span) latency() int64 { return max(0, sp.End-sp.Start) }

// served counts a request at its server, and completes the edge from its caller.
func (s *Sender) served(sp *Span) Result {
	failed := sp.blames()
	c := call{
		at: sp.End, latency: sp.latency(), failed: failed,
		route: routeNamed(sp.Route, sp.RPCService, sp.RPCMethod, sp.Name),
	}
	result := s.call(s.scope, spanTraffic, &c)
	if s.zone != "" {
		c.route = route{}
		result = max(result, s.call(s.scope, spanTraffic.inZone(s.zone), &c))
	}
	if s.r.traces.open.Load() {
		s.touched(sp, failed)
	}
	if sp.LocalParent || sp.Parent == [8]byte{} {
		return result
	}
	server := half{scope: s.scope.id, failed: failed, latency: sp.latency(), end: sp.End}
	if client, ok := s.r.halves.served(sp.TraceID, sp.Parent, server); ok {
		s.edge(client, server)
	}
	return result
}

// called counts a call at its caller when the callee is named, and completes the edges to the servers that answered.
func (s *Sender) called(sp *Span) Result {
	failed := sp.blames()
	peer := s.peer(sp)
	result := Accepted
	if peer != "" {
		k := seriesKey{kind: correlate.Edge, origin: correlate.OriginClientSpan, peer: peer}
		result = s.call(s.scope, k, &call{at: sp.End, latency: sp.latency(), failed: failed})
	}
	client := half{scope: s.scope.id, failed: failed, named: peer != "", latency: sp.latency(), end: sp.End}
	var servers [maxCallees]half
	for _, server := range s.r.halves.called(sp.TraceID, sp.ID, client, &servers) {
		s.edge(client, server)
	}
	return result
}

// blames tells whether a call's failure is its server's: by the protocol's status, as a metric has it, else by the span's.
// A client counts a 404 as its own error, and so do many servers, which the conventions don't want.
func (sp *Span) blames() bool {
	if fault, known := sp.Status.Fault(); known {
		return fault
	}
	return sp.Failed
}

func (s *Sender) peer(sp *Span) string {
	switch {
	case sp.PeerService != "":
		return clip(sp.PeerService)
	case sp.ServerAddress != "":
		if name := clip(convention.HostName(sp.ServerAddress)); name != "" {
			return name
		}
	}
	return clip(sp.System)
}

// edge counts a call of which both halves are known: as the server saw it and, unless it was counted already under the
// name that the client gave, as the client saw it. What lies between the two is the network.
func (s *Sender) edge(client, server half) {
	from, to := s.r.scopes.withID(client.scope), s.r.scopes.withID(server.scope)
	if from == nil || to == nil {
		return
	}
	k := seriesKey{kind: correlate.Edge, origin: correlate.OriginSpan, name: to.version, peer: to.service, space: to.namespace}
	s.call(from, k, &call{at: server.end, latency: server.latency, failed: server.failed})
	if client.named {
		return
	}
	k.origin = correlate.OriginClientSpan
	s.call(from, k, &call{at: client.end, latency: client.latency, failed: client.failed})
}

// call is one request.
type call struct {
	at      int64
	latency int64
	failed  bool
	route   route
}

func (s *Sender) call(sc *scope, k seriesKey, c *call) Result {
	cell, owner, result := s.r.openRoute(sc, k, &c.route, s.bucket(c.at))
	if cell == nil {
		return result
	}
	cell.Requests++
	if c.failed {
		cell.Errors++
	}
	cell.Latency.Add(correlate.BinIndex(c.latency), 1)
	owner.mu.Unlock()
	return result
}

func (s *Sender) exception(origin correlate.Origin, name string, at int64) Result {
	k := seriesKey{kind: correlate.Exception, origin: origin, name: clip(name)}
	cell, owner, result := s.r.open(s.scope, k, s.bucket(at))
	if cell == nil {
		return result
	}
	cell.Errors++
	owner.mu.Unlock()
	return result
}

// Servers is the server spans of a resource of several libraries: one may have wrapped another, and both made a span of the
// same request.
type Servers struct{ ids map[spanID]struct{} }

// spanID is a span of any trace.
type spanID struct {
	trace [16]byte
	span  [8]byte
}

// roomyServers is the largest set that is kept for the next resource.
const roomyServers = 1024

// Reset forgets them.
func (all *Servers) Reset() {
	if len(all.ids) > roomyServers {
		all.ids = nil
	}
	clear(all.ids)
}

// Note remembers those among some spans.
func (all *Servers) Note(spans []Span) {
	for i := range spans {
		sp := &spans[i]
		if sp.Kind != SpanServer {
			continue
		}
		if all.ids == nil {
			all.ids = map[spanID]struct{}{}
		}
		all.ids[spanID{sp.TraceID, sp.ID}] = struct{}{}
	}
}

// Mark says of each server span whether it is of a request that another span of the same process tells. A parent that isn't
// known is taken for a caller or for anything else but a server.
func (all *Servers) Mark(spans []Span) {
	if len(all.ids) == 0 {
		return
	}
	for i := range spans {
		if sp := &spans[i]; sp.Kind == SpanServer && !sp.Remote {
			_, sp.Inner = all.ids[spanID{sp.TraceID, sp.Parent}]
		}
	}
}
