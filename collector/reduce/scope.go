package reduce

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/shipwake/shipwake/correlate"
)

// identity is what all series of a scope have in common.
type identity struct{ service, namespace, environment, version string }

// seriesKey tells the series of a scope apart.
type seriesKey struct {
	kind   correlate.SignalKind
	origin correlate.Origin
	name   string
	peer   string
	space  string // the namespace of the peer, when it told one
}

// Bounds of one service and version. What goes beyond is folded into the name folded.
const (
	maxExceptions = 50
	maxMessages   = 20 // of logged errors; further ones aren't told apart
	maxEdges      = 500
	maxTouched    = 64 // versions of other services in the same traces; further ones aren't counted
	maxRoutes     = 16 // named ones, of each account of the requests
	maxVersions   = 64 // of a service and environment; further ones count as no version

	folded = correlate.Folded
)

// scope holds the series of one service, environment and version.
type scope struct {
	identity
	id   uint32      // never used again
	born int64       // the newest event time when it was first heard of, Unix nanoseconds
	used atomic.Bool // looked up since the last sweep
	// rolling: several versions of the service serve, one of them new; as of the last Drain.
	rolling atomic.Bool

	mu     sync.Mutex
	gone   bool // forgotten: its holder must look it up again
	series map[seriesKey]*series
	// requests are the series of all requests, each as one origin tells them, which are asked for most.
	requests [correlate.OriginClientSpan + 1]*series
	zones    []*series  // those of spans by zone, as often
	callees  [8]*series // some of those of calls to a callee that clients name, each at the place that scatter tells
	dirty    []*series
	kinds    [correlate.Route + 1]int
	messages int // of the kind Exception
	links    []link
}

// message says that a series is of a message.
func (k *seriesKey) message() bool {
	return k.kind == correlate.Exception && strings.HasPrefix(k.name, correlate.Message)
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// whole says that all requests are counted under the key, as its origin tells them.
func (k *seriesKey) whole() bool { return k.kind == correlate.Traffic }

var spanTraffic = seriesKey{kind: correlate.Traffic, origin: correlate.OriginSpan}

// open returns the cell of a series and bucket, and the scope that holds it, locked; the caller adds and unlocks. The
// result is Overflow when a bound made it another series than the one asked for. A nil cell is not locked: dropped.
func (r *Reducer) open(sc *scope, k seriesKey, start int64) (*correlate.Cell, *scope, Result) {
	return r.openRoute(sc, k, nil, start)
}

// openRoute is open for requests of a route. That a route isn't told apart from others loses no request, so it is no
// Overflow.
func (r *Reducer) openRoute(sc *scope, k seriesKey, of *route, start int64) (*correlate.Cell, *scope, Result) {
	result := Accepted
	sc = r.lock(sc)
	s := sc.find(k)
	if s == nil && k.message() && sc.messages >= maxMessages {
		sc.mu.Unlock()
		return nil, nil, Accepted
	}
	if s == nil && k.kind == correlate.Trace && sc.kinds[k.kind] >= maxTouched {
		sc.mu.Unlock()
		return nil, nil, Overflow
	}
	if s == nil && !essential(k.kind) && !r.room(sc) {
		sc.mu.Unlock()
		r.losses.lose(sc.place(), part(k.kind), start)
		if k.kind == correlate.Zone || k.kind == correlate.Trace {
			return nil, nil, Overflow // the same requests are counted as traffic
		}
		k, result = seriesKey{kind: k.kind, origin: k.origin}, Overflow
		sc = r.lock(r.scopes.overflow())
		s = sc.find(k)
	}
	if s == nil {
		if bounded, over := sc.bounded(k); over {
			k, result = bounded, Overflow
			s = sc.find(k)
		}
	}
	if s == nil {
		s = sc.create(k)
		r.scopes.series.Add(1)
	}
	switch {
	case sc.service == correlate.Overflow:
		if essential(k.kind) {
			r.losses.lose(sc.place(), correlate.LostServices, start)
		}
		result = Overflow
	case result == Accepted && of != nil && of.method != "":
		s = r.routeOf(sc, s, *of, start)
	}
	cell, fresh := s.at(start)
	if !fresh {
		return cell, sc, result
	}
	if r.scopes.cells.Add(1) > r.maxCells.Load() {
		s.dropLast()
		r.scopes.cells.Add(-1)
		sc.mu.Unlock()
		r.losses.lose(sc.place(), correlate.LostBuckets, start)
		return nil, nil, Overflow
	}
	if len(s.cells) == 1 {
		sc.dirty = append(sc.dirty, s)
	}
	return cell, sc, result
}

// lock locks a scope, or the one that took its place when it was forgotten.
func (r *Reducer) lock(sc *scope) *scope {
	sc.mu.Lock()
	for sc.gone {
		sc.mu.Unlock()
		sc = r.scopes.at(sc.identity)
		sc.mu.Lock()
	}
	return sc
}

func (sc *scope) place() place { return sc.identity.place() }

func (id identity) place() place { return place{id.service, id.namespace, id.environment} }

func (sc *scope) find(k seriesKey) *series {
	if k.whole() {
		return sc.requests[k.origin]
	}
	if k.spanZone() {
		for _, s := range sc.zones {
			if s.key.name == k.name {
				return s
			}
		}
		return nil
	}
	if k.clients() {
		place := &sc.callees[scatter(k.peer)%uint(len(sc.callees))]
		if *place == nil || (*place).key.peer != k.peer {
			*place = sc.series[k]
		}
		return *place
	}
	return sc.series[k]
}

// clients says that it is of calls to a callee that a client's spans name.
func (k *seriesKey) clients() bool {
	return k.kind == correlate.Edge && k.origin == correlate.OriginClientSpan && k.name == "" && k.space == ""
}

// essential: the totals of a known service are never shed.
func essential(kind correlate.SignalKind) bool {
	return kind == correlate.Traffic || kind == correlate.Log
}

// bounded is the key under which a new series is kept, and whether that is another one.
func (sc *scope) bounded(k seriesKey) (seriesKey, bool) {
	switch {
	case k.message():
	case k.kind == correlate.Exception && sc.kinds[k.kind]-sc.messages >= maxExceptions:
		return seriesKey{kind: k.kind, origin: k.origin, name: folded}, true
	case k.kind == correlate.Edge && sc.kinds[k.kind] >= maxEdges:
		return seriesKey{kind: k.kind, origin: k.origin, peer: folded}, true
	}
	return k, false
}

// create adds a series under copies of its names.
func (sc *scope) create(k seriesKey) *series {
	k.name, k.peer, k.space = own(k.name), own(k.peer), own(k.space)
	s := &series{key: k}
	if k.whole() {
		sc.requests[k.origin] = s
	}
	if k.spanZone() {
		sc.zones = append(sc.zones, s)
	}
	sc.series[k] = s
	sc.kinds[k.kind]++
	sc.messages += one(k.message())
	return s
}

// drain takes the cells of all series, under the names that services are shown by. made is how many of them were not there
// before: sums of routes.
func (sc *scope) drain(into *drained, names ambiguous) (made int) {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	made = sc.sumRoutes()
	service := names.shown(sc.place())
	for _, s := range sc.dirty {
		s.drain(correlate.Key{
			Service: service, Environment: sc.environment, Version: sc.version,
			Kind: s.key.kind, Origin: s.key.origin, Name: s.key.name,
			Peer: names.shown(place{s.key.peer, s.key.space, sc.environment}),
		}, into)
	}
	for _, s := range sc.dirty {
		s.promote()
	}
	sc.dirty = sc.dirty[:0]
	return made
}

// forget drops the series that nothing was added to since a time in Unix seconds, and returns how many. Without any
// left the scope is gone, unless somebody looked it up since the last sweep: half an edge may wait under its id.
func (sc *scope) forget(before int64) (forgotten int, gone bool) {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	sc.links, sc.callees = nil, [len(sc.callees)]*series{}
	for k, s := range sc.series {
		forgotten += s.forgetRoutes(before)
		if !s.idle(before) || len(s.routes) > 0 {
			continue
		}
		delete(sc.series, k)
		sc.kinds[k.kind]--
		sc.messages -= one(k.message())
		forgotten++
		if k.whole() {
			sc.requests[k.origin] = nil
		}
		if k.spanZone() {
			sc.zones = slices.DeleteFunc(sc.zones, func(o *series) bool { return o == s })
		}
	}
	sc.gone = !sc.used.Swap(false) && len(sc.series) == 0
	return forgotten, sc.gone
}
