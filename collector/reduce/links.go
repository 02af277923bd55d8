package reduce

import (
	"github.com/shipwake/shipwake/collector/reduce/recent"
	"github.com/shipwake/shipwake/correlate"
)

// link is the series by which a scope counts what it has to do with another one, found by the other's id; nil is one that
// isn't known.
type link struct {
	to         uint32
	seen, told *series // calls to it, by the servers and by the clients
	beside     *series // requests in traces in which the other one served
}

// manyLinks is how many links a scope remembers, each at one place.
const manyLinks = 32

// called is the key of calls to a scope, as one side tells them.
func (sc *scope) called(by correlate.Origin) seriesKey {
	return seriesKey{kind: correlate.Edge, origin: by, name: sc.version, peer: sc.service, space: sc.namespace}
}

// touched is the key of requests in traces in which a scope served.
func (sc *scope) touched() seriesKey {
	return seriesKey{kind: correlate.Trace, origin: correlate.OriginSpan, name: sc.version, peer: sc.service, space: sc.namespace}
}

// link remembers the series that there are for another scope.
func (sc *scope) link(to *scope) {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	if sc.gone {
		return
	}
	if sc.links == nil {
		sc.links = make([]link, manyLinks)
	}
	sc.links[to.id%manyLinks] = link{
		to.id, sc.series[to.called(correlate.OriginSpan)], sc.series[to.called(correlate.OriginClientSpan)], sc.series[to.touched()],
	}
}

// linked is the link to a scope; nil when there is none. The scope is locked.
func (sc *scope) linked(to uint32) *link {
	if sc.gone || sc.links == nil || sc.links[to%manyLinks].to != to {
		return nil
	}
	return &sc.links[to%manyLinks]
}

// count counts a call to another scope, as both sides tell it or, when it is named, only as its server does; false when a
// cell for it isn't there.
func (sc *scope) count(to uint32, seen, told *call, named bool) bool {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	l := sc.linked(to)
	if l == nil {
		return false
	}
	byServer, byClient := sc.ready(l.seen, seen), sc.ready(l.told, told)
	if byServer == nil || byClient == nil && !named {
		return false
	}
	seen.add(byServer)
	if !named {
		told.add(byClient)
	}
	return true
}

// countBeside counts requests beside another scope; false when a cell for them isn't there.
func (sc *scope) countBeside(to uint32, t *recent.Touch) bool {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	l := sc.linked(to)
	if l == nil {
		return false
	}
	cell := sc.ready(l.beside, &call{start: t.Start})
	if cell == nil {
		return false
	}
	addTouch(cell, t)
	return true
}
