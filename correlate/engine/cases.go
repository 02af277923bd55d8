package engine

import (
	"maps"
	"slices"
	"strings"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge"
)

// caseOf gathers what is known of a place at an instant, for a change of the given version that began at start.
func (e *Engine) caseOf(p place, version string, start, finish, now int64) judge.Case {
	c := judge.Case{
		Resolution: e.cfg.Resolution, Coarse: e.cfg.Coarse,
		Now: now, Start: start, Finish: finish,
	}
	s := e.store.services[p]
	if s == nil {
		return c
	}
	from := start - e.cfg.Baseline
	keys := s.keys()
	if k, ok := trafficOrigin(s, keys, from, start, now); ok {
		c.Streams = append(c.Streams, e.streamOf(s.streams[k], k, version, from, start, now))
	}
	for _, k := range keys {
		switch k.kind {
		case correlate.Traffic, correlate.Edge:
		default:
			c.Streams = append(c.Streams, e.streamOf(s.streams[k], k, version, from, start, now))
		}
	}
	if seen := e.seenByCallers(p, s, from, now); len(seen.Whole) > 0 {
		c.Streams = append(c.Streams, seen)
	}
	return c
}

func (e *Engine) streamOf(str *stream, k streamKey, version string, from, start, now int64) judge.Stream {
	js := judge.Stream{
		Kind: k.kind, Name: k.name, Bad: e.direction(k.name),
		Whole:   str.total.between(from, now),
		History: str.coarse.between(from-e.cfg.CoarseKeep, from),
	}
	js.New, js.Old = sides(str, version, start, now)
	return js
}

// direction is which movement of a custom signal hurts.
func (e *Engine) direction(name string) correlate.Direction {
	for _, s := range e.cfg.Signals {
		if s.Name == name {
			return s.Bad
		}
	}
	return correlate.BadUp
}

// sides splits a stream since start into the version that came and all others; nil when there is nothing to compare.
func sides(str *stream, version string, start, now int64) (fresh, old []correlate.Cell) {
	v := str.versions[version]
	if version == "" || v == nil {
		return nil, nil
	}
	var others [][]correlate.Cell
	for _, name := range slices.Sorted(maps.Keys(str.versions)) {
		if name != version {
			others = append(others, str.versions[name].between(start, now))
		}
	}
	fresh, old = v.between(start, now), merged(others...)
	if len(fresh) == 0 || len(old) == 0 {
		return nil, nil
	}
	return fresh, old
}

// trafficOrigin picks the instrumentation to count requests by: the most trusted one that saw both sides of the
// change, and not much fewer requests than any other (a sampled span is no match for a metric).
func trafficOrigin(s *service, keys []streamKey, from, start, now int64) (best streamKey, ok bool) {
	type seen struct {
		key           streamKey
		before, after int64
	}
	var all []seen
	var most int64
	both := false
	for _, k := range keys {
		if k.kind != correlate.Traffic {
			continue
		}
		o := seen{k, requests(s.streams[k].total.between(from, start)), requests(s.streams[k].total.between(start, now))}
		if o.before+o.after == 0 {
			continue
		}
		all = append(all, o)
		most = max(most, o.before+o.after)
		both = both || (o.before > 0 && o.after > 0)
	}
	for _, o := range all {
		if both && (o.before == 0 || o.after == 0) {
			continue
		}
		if (o.before+o.after)*4 >= most {
			return o.key, true
		}
	}
	if len(all) > 0 {
		return all[0].key, true
	}
	return streamKey{}, false
}

func requests(cells []correlate.Cell) int64 {
	var n int64
	for i := range cells {
		n += cells[i].Requests
	}
	return n
}

// seenByCallers is the service as those who call it see it: what is lost between them shows only there.
func (e *Engine) seenByCallers(p place, s *service, from, now int64) judge.Stream {
	seen := judge.Stream{Kind: correlate.Edge}
	var whole, history [][]correlate.Cell
	for _, caller := range slices.Sorted(maps.Keys(s.callers)) {
		cs := e.store.services[place{caller, p.Environment}]
		if cs == nil {
			continue
		}
		str := cs.streams[streamKey{kind: correlate.Edge, origin: correlate.OriginClient, peer: p.Service}]
		if str == nil {
			continue
		}
		whole = append(whole, str.total.between(from, now))
		history = append(history, str.coarse.between(from-e.cfg.CoarseKeep, from))
	}
	seen.Whole, seen.History = merged(whole...), merged(history...)
	return seen
}

// servedVersion is the service.version by which telemetry knows what a change brought: its own, one that begins with
// or extends it (a short commit hash), or else the only version that appeared while it rolled out.
func (e *Engine) servedVersion(c *change) string {
	s := e.store.services[c.place()]
	if s == nil {
		return ""
	}
	if s.versions[c.rec.Version] != nil {
		return c.rec.Version
	}
	if !c.rollsOut() {
		return ""
	}
	from, to := c.start()-e.cfg.AdoptAfter, max(c.start(), c.finish())+adoptSlack
	var appeared []string
	for _, v := range slices.Sorted(maps.Keys(s.versions)) {
		if samePrefix(v, c.rec.Version) || samePrefix(v, c.rec.Commit) {
			return v
		}
		if first := s.versions[v].first; first >= from && first <= to {
			appeared = append(appeared, v)
		}
	}
	if len(appeared) == 1 && len(s.versions) > 1 {
		return appeared[0]
	}
	return ""
}

// samePrefix: one is a prefix of the other, and at least as long as a short commit hash.
func samePrefix(a, b string) bool {
	const short = 7
	return len(a) >= short && len(b) >= short && (strings.HasPrefix(a, b) || strings.HasPrefix(b, a))
}
