package engine

import (
	"maps"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge"
	"github.com/shipwake/shipwake/correlate/record"
)

// caseOf gathers what is known of a place at an instant, for the change that is watched. It holds until the next case of
// the same watch.
func (e *Engine) caseOf(p place, w *watch, finish, now int64) judge.Case {
	c := judge.Case{
		Resolution: e.cfg.Resolution, Coarse: e.cfg.Coarse,
		Now: now, Start: w.start, AtOnce: w.atOnce, Finish: finish, Changed: w.past.changed, Earlier: w.earlier,
		Streams: w.streams[:0], Heard: e.store.lastHeard(p.Environment, now),
	}
	for _, g := range e.gaps {
		c.Gaps = append(c.Gaps, judge.Gap(g))
	}
	s := e.store.services[p]
	if s == nil {
		return c
	}
	from := w.start - e.cfg.Baseline
	var room [8]view
	var roomOthers [16]view
	traffic, others := room[:0], roomOthers[:0]
	for _, k := range s.keys() {
		if !s.streams[k].beganBefore(now) {
			continue
		}
		switch k.kind {
		case correlate.Traffic:
			traffic = append(traffic, view{k, s.streams[k]})
		case correlate.Edge, correlate.Zone, correlate.Trace:
		default:
			others = append(others, view{k, s.streams[k]})
		}
	}
	v, ok := preferred(w, traffic, from, now)
	if w.apart = false; ok {
		c.Zones, w.apart = e.zonesOf(w, s, v.key.origin, from, now)
	}
	for _, o := range others {
		c.Streams = append(c.Streams, e.streamOf(w, o.stream, o.key, from, now))
	}
	if ok {
		c.Streams = append(c.Streams, e.streamOf(w, v.stream, v.key, from, now))
		if s.routesBefore(now) > 1 {
			c.Minute = e.routeWidth()
			c.Routes = func() []judge.Part { return e.routesOf(s, w, v.key.origin, from, now) }
		}
	}
	if seen := e.seenByCallers(p, w, s, from, now); len(seen.Whole) > 0 {
		c.Streams = append(c.Streams, seen)
	}
	w.streams = c.Streams
	if len(w.past.bad) > 0 {
		exclude(&c, w.past.bad, e.cfg.Judge.Restart)
	}
	return c
}

func (e *Engine) streamOf(w *watch, str *stream, k streamKey, from, now int64) judge.Stream {
	js := judge.Stream{
		Kind: k.kind, Name: k.name, Bad: e.direction(k.name), Account: uint64(k.origin),
		Whole:   str.total.between(from, now),
		History: str.coarse.between(from-e.cfg.CoarseKeep, from),
		Past:    str.coarse.between(e.rehearsed(w)),
	}
	if w.apart && k.kind != correlate.Exception {
		const told = 1 << 32 // without versions it is another account
		js.Account |= told
		return js
	}
	js.New, js.Old = w.sides(str, now)
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

// sides splits a stream since the change into the version that came and all others; nil when there is nothing to compare.
func (w *watch) sides(str *stream, now int64) (fresh, old []correlate.Cell) {
	v := str.versions[w.version]
	if w.version == "" || v == nil {
		return nil, nil
	}
	var room [8]*series
	others := str.named(room[:0], func(version string) bool { return version != w.version })
	fresh, old = v.between(w.start, now), w.track(str).old.between(others, w.start, now)
	if len(fresh) == 0 || len(old) == 0 {
		return nil, nil
	}
	return fresh, old
}

// view is one instrumentation's account of the same requests.
type view struct {
	key streamKey
	*stream
}

// preferred picks the instrumentation to count requests by: the most trusted one that saw both sides of the change, and
// not much fewer requests than any other (a sampled span is no match for a metric). The views are sorted by trust.
func preferred(w *watch, views []view, from, now int64) (best view, ok bool) {
	type seen struct {
		view
		before, after int64
	}
	var room [8]seen
	all := room[:0]
	var most int64
	both := false
	for _, v := range views {
		before, after := w.requests(v.stream, from, now)
		o := seen{v, before, after}
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
			return o.view, true
		}
	}
	if len(all) > 0 {
		return all[0].view, true
	}
	return view{}, false
}

func requests(cells []correlate.Cell) int64 {
	var n int64
	for i := range cells {
		n += cells[i].Requests
	}
	return n
}

// callerOrigins are the accounts that callers give of their own calls, most trusted first.
var callerOrigins = [...]correlate.Origin{correlate.OriginClient, correlate.OriginClientSpan}

// seenByCallers is the service as those who call it see it: what is lost between them shows only there.
func (e *Engine) seenByCallers(p place, w *watch, s *service, from, now int64) judge.Stream {
	seen := judge.Stream{Kind: correlate.Edge}
	var room [8]*series
	var roomCoarse [8]*series
	fine, coarse := room[:0], roomCoarse[:0]
	for _, caller := range s.callerNames() {
		cs := e.store.services[place{caller, p.Environment}]
		if cs == nil {
			continue
		}
		var both [len(callerOrigins)]view
		views := both[:0]
		for _, origin := range callerOrigins {
			k := streamKey{kind: correlate.Edge, origin: origin, peer: p.Service}
			if str := cs.streams[k]; str != nil {
				views = append(views, view{k, str})
			}
		}
		if v, ok := preferred(w, views, from, now); ok {
			fine, coarse = append(fine, &v.total), append(coarse, &v.coarse)
			seen.Account = seen.Account*31 + uint64(v.key.origin)
		}
	}
	past, until := e.rehearsed(w)
	seen.Past = w.rolled.between(coarse, past, until)
	seen.Whole, seen.History = w.whole.between(fine, from, now), w.history.between(coarse, from-e.cfg.CoarseKeep, from)
	return seen
}

// servedVersion is the service.version by which telemetry knows what a change brought: its own, one that begins with
// or extends it (a short commit hash), or else the only version that appeared while it rolled out. It is "" before that
// version was seen.
func (e *Engine) servedVersion(c *change, now int64) string {
	s := e.store.services[c.place()]
	if s == nil {
		return ""
	}
	if seen := s.versions[c.rec.Version]; seen != nil && seen.first < now {
		return c.rec.Version
	}
	if !c.rollsOut() {
		return ""
	}
	from, to := c.start()-e.cfg.AdoptAfter, max(c.start(), c.finish())+record.GroupSlack
	var appeared []string
	for _, v := range slices.Sorted(maps.Keys(s.versions)) {
		if s.versions[v].first >= now {
			continue
		}
		if record.SamePrefix(v, c.rec.Version) || record.SamePrefix(v, c.rec.Commit) {
			return v
		}
		if first := s.versions[v].first; first >= from && first <= to {
			appeared = append(appeared, v)
		}
	}
	if len(appeared) == 1 && s.versionsBefore(now) > 1 {
		return appeared[0]
	}
	return ""
}
