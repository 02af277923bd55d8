package reduce

import (
	"github.com/shipwake/shipwake/collector/reduce/convention"
	"github.com/shipwake/shipwake/correlate"
)

// served counts a server's duration histogram for the service by route, and for the zone it is of.
func (r *Reader) served(owner *scope, k seriesKey, l *labels, c *change) Result {
	result := r.requests(owner, k, l.route(), l.failed, c)
	if zone := r.s.zoneOf(l, owner); zone != "" {
		result = max(result, r.requests(owner, k.inZone(zone), route{}, l.failed, c))
	}
	return result
}

// requests counts a duration histogram as requests with their latency.
func (r *Reader) requests(sc *scope, k seriesKey, of route, failed bool, c *change) Result {
	if c.shape == nil {
		return Unusable
	}
	cell, owner, result := r.openRoute(sc, k, of, c)
	if cell == nil {
		return result
	}
	cell.Requests += c.count
	if failed {
		cell.Errors += c.count
	}
	r.timed(cell, c)
	owner.mu.Unlock()
	return result
}

// latency adds a duration histogram to requests that another metric counts.
func (r *Reader) latency(sc *scope, k seriesKey, of route, c *change) Result {
	if c.shape == nil {
		return Unusable
	}
	cell, owner, result := r.openRoute(sc, k, of, c)
	if cell == nil {
		return result
	}
	r.timed(cell, c)
	owner.mu.Unlock()
	return result
}

// timed adds a duration histogram to a cell: where its buckets lie, and what they hide, how long its requests took together.
func (r *Reader) timed(cell *correlate.Cell, c *change) {
	c.fill(&cell.Latency, r.unit, &r.s.bins)
	if seconds, ok := fixed(c.sum * r.unit / 1e9); ok && seconds > 0 {
		cell.Sum += seconds
		cell.N += c.count
	}
}

// counted adds a counter's increase as requests, as errors, or as both.
func (r *Reader) counted(sc *scope, k seriesKey, of route, requests, errors bool, c *change) Result {
	n, ok := c.requests()
	if !ok {
		return Unusable
	}
	cell, owner, result := r.openRoute(sc, k, of, c)
	if cell == nil {
		return result
	}
	if requests {
		cell.Requests += n
	}
	if errors {
		cell.Errors += n
	}
	owner.mu.Unlock()
	return result
}

func (r *Reader) open(sc *scope, k seriesKey, c *change) (*correlate.Cell, *scope, Result) {
	return r.s.r.open(sc, k, r.s.bucket(c.at))
}

func (r *Reader) openRoute(sc *scope, k seriesKey, of route, c *change) (*correlate.Cell, *scope, Result) {
	return r.s.r.openRoute(sc, k, &of, r.s.bucket(c.at))
}

// clientRequests counts the caller's view of an edge. Without a name of the callee there is no edge.
func (r *Reader) clientRequests(owner *scope, l *labels, c *change) Result {
	peer := l.peer()
	if peer == "" {
		return Ignored
	}
	return r.requests(owner, seriesKey{kind: correlate.Edge, origin: correlate.OriginClient, peer: peer}, route{}, l.failed, c)
}

// spanMetrics reads the span-metrics connector: calls are counted once, by its counter; its histogram adds the
// latency. A point without a span kind could be anything, and one that is always of others than its sender needs a name.
func (r *Reader) spanMetrics(owner *scope, l *labels, c *change) Result {
	if !l.serves() || r.row.Others && l.service == "" {
		return Ignored
	}
	k := seriesKey{kind: correlate.Traffic, origin: correlate.OriginSpanMetrics}
	result := r.spanMetric(owner, k, l, l.route(), c)
	if zone := r.s.zoneOf(l, owner); zone != "" {
		result = max(result, r.spanMetric(owner, k.inZone(zone), l, route{}, c))
	}
	return result
}

func (r *Reader) spanMetric(owner *scope, k seriesKey, l *labels, of route, c *change) Result {
	if r.row.Meaning == convention.SpanDuration {
		return r.latency(owner, k, of, c)
	}
	return r.counted(owner, k, of, true, l.spanFailed(), c)
}

// serviceGraph reads the service-graph connector: every point counts for the edge and for the server. The resource may
// be the server's, the client's or the connector's own; a version is only taken for the one it belongs to.
func (r *Reader) serviceGraph(l *labels, resource *scope, c *change) Result {
	server, client := clip(l.server), clip(l.client)
	if server == "" {
		return Unusable
	}
	at := identity{service: server, environment: resource.environment}
	if resource.service == server {
		at.namespace, at.version = resource.namespace, resource.version
	}
	callee := r.s.scopeOf(at)
	result := r.graph(callee, seriesKey{kind: correlate.Traffic, origin: correlate.OriginServiceGraph}, c)
	if client == "" {
		return result
	}
	from := identity{service: client, environment: resource.environment}
	if resource.service == client {
		from.namespace, from.version = resource.namespace, resource.version
	}
	k := seriesKey{kind: correlate.Edge, origin: correlate.OriginServiceGraph, name: at.version, peer: server, space: at.namespace}
	return max(result, r.graph(r.s.scopeOf(from), k, c))
}

func (r *Reader) graph(sc *scope, k seriesKey, c *change) Result {
	switch r.row.Meaning {
	case convention.GraphTotal:
		return r.counted(sc, k, route{}, true, false, c)
	case convention.GraphFailed:
		return r.counted(sc, k, route{}, false, true, c)
	}
	return r.latency(sc, k, route{}, c)
}

// mebibyte is the unit of memory signals: bytes in fixed point would overflow a sum over many instances.
const mebibyte = 1 << 20

// saturated adds a sample of CPU, memory and the like.
func (r *Reader) saturated(p *Point, l *labels, owner *scope, c *change) Result {
	switch l.state {
	case "idle", "free", "cached", "buffered", "inactive":
		return Ignored
	}
	value := c.value
	switch {
	case (r.row.Spent || r.row.Count) == c.gauge || c.shape != nil:
		return Unusable
	case r.row.Count && c.since <= 0:
		value = 0 // how long ago they were is unknown
	case r.row.Spent && c.since <= 0:
		return Ignored
	case r.row.Spent:
		value /= float64(p.Time-c.since) / 1e9
	case r.metric.Unit == "By":
		value /= mebibyte
	}
	return r.sample(owner, seriesKey{kind: correlate.Saturation, origin: correlate.OriginCustom, name: r.row.Name}, value, c)
}

// sample adds one value in fixed point.
func (r *Reader) sample(sc *scope, k seriesKey, value float64, c *change) Result {
	v, ok := fixed(value)
	if !ok {
		return Unusable
	}
	cell, owner, result := r.open(sc, k, c)
	if cell == nil {
		return result
	}
	cell.N++
	cell.Sum += v
	owner.mu.Unlock()
	return result
}
