package reduce

import (
	"github.com/shipwake/shipwake/collector/reduce/convention"
	"github.com/shipwake/shipwake/collector/reduce/recent"
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

// latency is never negative: clocks step.
func (sp *Span) latency() int64 { return max(0, sp.End-sp.Start) }

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
func (s *Sender) edge(client, server recent.Half) {
	from := s.other(client.Scope)
	if from == nil {
		return
	}
	seen, told := s.callOf(server), s.callOf(client)
	if from.count(server.Scope, &seen, &told, client.Named) {
		return
	}
	to := s.other(server.Scope)
	if to == nil {
		return
	}
	s.call(from, to.called(correlate.OriginSpan), &seen)
	if !client.Named {
		s.call(from, to.called(correlate.OriginClientSpan), &told)
	}
	from.link(to)
}

// callOf is a call as one side tells it.
func (s *Sender) callOf(h recent.Half) call {
	return call{start: s.bucket(int64(h.End) * 1e9), bin: h.Bin, failed: h.Failed}
}

// call is one request.
type call struct {
	start  int64 // of its bucket
	bin    int16 // of its latency
	failed bool
	route  route
}

// add counts the call in its cell.
func (c *call) add(cell *correlate.Cell) {
	cell.Requests++
	if c.failed {
		cell.Errors++
	}
	cell.Latency.Add(c.bin, 1)
}

func (s *Sender) call(sc *scope, k seriesKey, c *call) Result {
	cell, owner, result := s.r.openRoute(sc, k, &c.route, c.start)
	if cell == nil {
		return result
	}
	c.add(cell)
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
