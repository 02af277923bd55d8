package reduce

import (
	"iter"
	"sync"

	"github.com/shipwake/shipwake/collector/reduce/convention"
	"github.com/shipwake/shipwake/collector/reduce/recent"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/prefetch"
)

// Chunk is how many spans of a sender are counted at once: that takes its lock once for all of them, and fetches what isn't
// in the processor's cache for several at a time.
const Chunk = 128

// role is which side of a call a span tells.
type role uint8

const (
	noRole role = iota
	serverRole
	clientRole
)

// work is what is known of a span while its chunk is counted.
type work struct {
	*Span
	call
	key    uint64 // of the call that it is a half of; 0 when it is of none
	trace  uint64 // the key of its trace; 0 when that isn't followed
	role   role
	named  bool // a client that names its callee
	result Result
}

// batch is the room to count a chunk in.
type batch struct {
	n     int
	work  [Chunk]work
	peers peers
	near  places
}

var batches = sync.Pool{New: func() any { return &batch{} }}

// release forgets the request.
func (b *batch) release() {
	b.peers = peers{}
	batches.Put(b)
}

// Spans counts spans, which come in pieces, with a result for each: a server's or consumer's as traffic in the bucket of its
// end, a client's or producer's as the caller's view of an edge, and both halves of a call together as an edge in the
// server's view. A piece of Chunk spans that comes first, or after others of as many, isn't looked at again when the
// next one is asked for; any other stays as it is until Spans returns.
func (s *Sender) Spans(pieces iter.Seq[[]Span], counts *Counts) {
	b := batches.Get().(*batch)
	defer b.release()
	for piece := range pieces {
		for i := range piece {
			b.work[b.n].Span = &piece[i]
			if b.n++; b.n == Chunk {
				s.chunk(b, counts)
			}
		}
	}
	s.chunk(b, counts)
}

// Span counts a single span.
func (s *Sender) Span(sp *Span) Result {
	one := [1]work{{Span: sp}}
	traces := s.r.traces.watched()
	s.prepare(&one[0], traces)
	var all peers
	var counts Counts
	s.count(one[:], &all, traces, nil, &counts)
	return one[0].result
}

// chunk counts what was collected.
func (s *Sender) chunk(b *batch, counts *Counts) {
	all := b.work[:b.n]
	b.n = 0
	traces := s.r.traces.watched()
	for i := range all {
		s.prepare(&all[i], traces)
	}
	s.count(all, &b.peers, traces, &b.near, counts)
}

// places is where something is looked for in a chunk.
type places [2 * Chunk]prefetch.Place

// near begins to fetch where the calls and the traces of spans are looked for: meanwhile they are counted for their own service.
func (s *Sender) near(all []work, traces *recent.Traces, room *places) {
	at := room[:0]
	for i := range all {
		if key := all[i].key; key != 0 {
			at = append(at, s.r.calls.Place(key))
		}
		if trace := all[i].trace; trace != 0 {
			at = append(at, traces.Place(trace))
		}
	}
	prefetch.Fetch(at)
}

// nearer begins to fetch what is known of traces, by what near fetched: meanwhile calls are looked for.
func (s *Sender) nearer(all []work, traces *recent.Traces, room *places) {
	at := room[:0]
	for i := range all {
		if trace := all[i].trace; trace != 0 {
			known := traces.Known(trace)
			at = append(at, known[:]...)
		}
	}
	prefetch.Fetch(at)
}

// count counts spans that are prepared. Without room for places nothing is fetched ahead: that is of no use for a single span.
func (s *Sender) count(all []work, of *peers, traces *recent.Traces, room *places, counts *Counts) {
	if s.scope != nil {
		if room != nil {
			s.near(all, traces, room)
		}
		s.own(of, all)
		if traces != nil && room != nil {
			s.nearer(all, traces, room)
		}
		s.halves(all)
		s.traced(all, traces)
		s.exceptions(all)
	}
	newest := int64(0)
	for i := range all {
		counts[all[i].result]++
		if all[i].result == Accepted || all[i].result == Overflow {
			newest = max(newest, all[i].End)
		}
	}
	if newest > 0 {
		s.r.saw(newest)
	}
}

// prepare reads what a span is.
func (s *Sender) prepare(w *work, traces *recent.Traces) {
	sp := w.Span
	w.role, w.key, w.trace, w.named = noRole, 0, 0, false
	if s.scope == nil {
		w.result = Unusable
		return
	}
	if w.result = s.timely(sp.End); w.result != Accepted {
		return
	}
	w.result = Ignored
	halved := sp.End/1e9 <= recent.LatestEnd
	switch {
	case (sp.Kind == SpanServer || sp.Kind == SpanConsumer) && !sp.Inner:
		w.role = serverRole
		if traces != nil && sp.TraceID != [16]byte{} {
			w.trace = traces.Key(&sp.TraceID)
		}
		if halved && !sp.LocalParent && sp.Parent != [8]byte{} {
			w.key = s.r.calls.Key(&sp.TraceID, &sp.Parent)
		}
	case sp.Kind == SpanClient || sp.Kind == SpanProducer:
		w.role = clientRole
		if halved {
			w.key = s.r.calls.Key(&sp.TraceID, &sp.ID)
		}
	default:
		return
	}
	w.call = call{start: s.bucket(sp.End), bin: correlate.BinIndex(sp.latency()), failed: sp.blames()}
}

// own counts what spans tell of their own service.
func (s *Sender) own(of *peers, all []work) {
	h := s.hold()
	defer h.release()
	for i := range all {
		w := &all[i]
		switch w.role {
		case serverRole:
			w.route = routeNamed(w.Route, w.RPCService, w.RPCMethod, w.Name)
			w.result = h.count(spanTraffic, h.sc.requests[correlate.OriginSpan], &w.call)
			if s.zone != "" {
				w.route = route{}
				k := spanTraffic.inZone(s.zone)
				w.result = max(w.result, h.count(k, h.sc.find(k), &w.call))
			}
		case clientRole:
			w.result = Accepted
			p := of.of(s, w.Span)
			if w.named = p.name != ""; w.named {
				w.result = h.count(seriesKey{kind: correlate.Edge, origin: correlate.OriginClientSpan, peer: p.name}, p.in(&h), &w.call)
			}
		}
	}
}

// halves counts the calls of which spans are the second half.
func (s *Sender) halves(all []work) {
	var servers [recent.MaxCallees]recent.Half
	for i := range all {
		w := &all[i]
		if w.key == 0 {
			continue
		}
		half := recent.Half{Scope: s.scope.id, End: uint32(w.End / 1e9), Bin: w.bin, Failed: w.failed, Named: w.named}
		if w.role == serverRole {
			if client, ok := s.r.calls.Served(w.key, half); ok {
				s.edge(client, half)
			}
			continue
		}
		for _, server := range s.r.calls.Called(w.key, half, &servers) {
			s.edge(half, server)
		}
	}
}

// traced counts who else served in the traces of spans.
func (s *Sender) traced(all []work, traces *recent.Traces) {
	var touches [recent.MaxTouches]recent.Touch
	for i := range all {
		if w := &all[i]; w.trace != 0 {
			s.touched(traces, w, &touches)
		}
	}
}

// exceptions counts what was thrown, whatever else the spans are good for.
func (s *Sender) exceptions(all []work) {
	for i := range all {
		w := &all[i]
		if w.result == Unusable || w.result == Future {
			continue
		}
		for _, exception := range w.Exceptions {
			counted := s.exception(correlate.OriginSpan, exception, w.End)
			if w.result == Ignored || counted == Overflow {
				w.result = counted
			}
		}
	}
}

// held is a sender's scope that stays locked while calls are counted in cells that are there. A call that needs another cell,
// and so may meet a bound, is counted without the lock, as a single one.
type held struct {
	s     *Sender
	sc    *scope
	epoch int // of the lock: what was found under an earlier one may be gone
}

func (s *Sender) hold() held { return held{s: s, sc: s.r.lock(s.scope), epoch: 1} }

func (h *held) release() { h.sc.mu.Unlock() }

// count counts a call in a series; nil when that isn't known.
func (h *held) count(k seriesKey, in *series, c *call) Result {
	if cell := h.sc.ready(in, c); cell != nil {
		c.add(cell)
		return Accepted
	}
	h.sc.mu.Unlock()
	result := h.s.call(h.s.scope, k, c)
	h.sc = h.s.r.lock(h.s.scope)
	h.epoch++
	return result
}

// ready is the cell of a call in a series, when it is there and nothing bounds it. The scope is locked.
func (sc *scope) ready(in *series, c *call) *correlate.Cell {
	if in == nil || sc.service == correlate.Overflow {
		return nil
	}
	if c.route.method != "" {
		if in = in.part(c.route); in == nil {
			return nil
		}
	}
	return in.ready(c.start)
}

// peers remembers, for the spans of one request, which callees their addresses name.
type peers [16]peer

// peer is a callee, and the series of calls to it as of an epoch of the lock.
type peer struct {
	address, name string
	series        *series
	epoch         int
}

// of is the callee that a client's span names.
func (all *peers) of(s *Sender, sp *Span) *peer {
	address := sp.ServerAddress
	if address == "" || sp.PeerService != "" {
		all[0] = peer{name: s.peer(sp)}
		return &all[0]
	}
	p := &all[1+scatter(address)%uint(len(all)-1)]
	if p.address != address {
		*p = peer{address: address, name: clip(convention.HostName(address))}
	}
	if p.name == "" {
		all[0] = peer{name: clip(sp.System)}
		return &all[0]
	}
	return p
}

// scatter is a number by which a few names are told apart, most of them: names differ at their ends or in the middle.
func scatter(name string) uint {
	if name == "" {
		return 0
	}
	n := len(name)
	return uint(n) + uint(name[0])*3 + uint(name[n/2])*5 + uint(name[n-1])*7
}

// in is the series of calls to the callee; nil when there is none.
func (p *peer) in(h *held) *series {
	if p.series == nil || p.epoch != h.epoch {
		k := seriesKey{kind: correlate.Edge, origin: correlate.OriginClientSpan, peer: p.name}
		p.series, p.epoch = h.sc.find(k), h.epoch
	}
	return p.series
}
