package reduce

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
