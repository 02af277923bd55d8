package observe

import (
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/cells"
	"github.com/shipwake/shipwake/correlate/judge"
)

// Case gathers what is known of a place at an instant, for the change that is watched. It holds until the next case of
// the same watch.
func (o *Observer) Case(w *Watch, finish, now int64) judge.Case {
	p := w.met
	c := judge.Case{
		Resolution: o.cfg.Resolution, Coarse: o.cfg.Coarse,
		Now: now, Start: w.start, AtOnce: w.atOnce, Finish: finish, Changed: w.past.Changed, Earlier: w.earlier,
		Streams: w.streams[:0],
	}
	for _, g := range o.cells.Gaps(now) {
		c.Gaps = append(c.Gaps, judge.Gap(g))
	}
	s := o.cells.Service(p)
	if s == nil {
		return c
	}
	from := w.start - o.cfg.Baseline
	var room [8]account
	var roomOthers [16]account
	traffic, others := accounts(s, now, room[:0], roomOthers[:0])
	v, ok := preferred(w, traffic, from, now)
	if w.apart = false; ok {
		c.Heard = o.cells.LastHeard(p.Environment, v.key.Origin, now)
		c.Lost = w.lost(o.cells, v, without(traffic, v), now)
		c.Zones, w.apart = o.zonesOf(w, s, v.key.Origin, from, now)
	}
	for _, a := range others {
		c.Streams = append(c.Streams, o.streamOf(w, a.Stream, a.key, from, now))
	}
	if ok {
		c.Streams = append(c.Streams, o.streamOf(w, v.Stream, v.key, from, now))
		if s.RoutesBefore(now-o.cfg.RouteWidth+1) > 1 {
			c.Minute = o.cfg.RouteWidth
			c.Routes = func() []judge.Part { return o.routesOf(s, w, v.key.Origin, from, now) }
		}
	}
	if s.Calls(now) {
		c.Calls = func() []judge.Calls { return w.callsOf(&o.cfg, s, from, now) }
	}
	if seen := o.seenByCallers(p, w, s, from, now); len(seen.Whole) > 0 {
		c.Streams = append(c.Streams, seen)
	}
	w.streams = c.Streams
	if len(w.past.Bad) > 0 {
		exclude(&c, w.past.Bad, o.cfg.Judge.Restart)
	}
	return c
}

// accounts are the streams of a service with anything before an instant that are judged by themselves: those that count its
// requests, of which one is chosen, and others. They are sorted, and appended to the lists that are given.
func accounts(s *cells.Service, now int64, traffic, others []account) (requests, signals []account) {
	for _, k := range s.Keys() {
		str := s.Stream(k)
		if !str.BeganBefore(now) {
			continue
		}
		switch k.Kind {
		case correlate.Traffic:
			traffic = append(traffic, account{k, str})
		case correlate.Edge, correlate.Zone, correlate.Trace:
		default:
			others = append(others, account{k, str})
		}
	}
	return traffic, others
}

func (o *Observer) streamOf(w *Watch, str *cells.Stream, k cells.Key, from, now int64) judge.Stream {
	c := o.signal(k.Name)
	js := judge.Stream{
		Kind: k.Kind, Name: k.Name, Bad: c.Bad, Tolerance: c.Tolerance, Margin: c.Margin, Account: uint64(k.Origin),
		Whole:   str.Total().Between(from, now),
		History: str.Coarse().Between(from-o.cfg.CoarseKeep, from),
		Past:    str.Coarse().Between(w.profile(&o.cfg)),
	}
	if w.apart && k.Kind != correlate.Exception {
		const whole = 1 << 32 // without versions it is another account
		js.Account |= whole
		return js
	}
	js.New, js.Old = w.sides(str, now)
	return js
}

// signal is the configuration of a custom signal; one that isn't configured hurts when it rises.
func (o *Observer) signal(name string) correlate.Signal {
	for _, s := range o.cfg.Signals {
		if s.Name == name {
			return s
		}
	}
	return correlate.Signal{Bad: correlate.BadUp}
}

// sides splits a stream since the change into the version that came and all others; nil when there is nothing to compare.
func (w *Watch) sides(str *cells.Stream, now int64) (fresh, old []correlate.Cell) {
	v := str.Version(w.version)
	if w.version == "" || v == nil {
		return nil, nil
	}
	var room [8]*cells.Series
	others := str.Others(room[:0], w.version)
	fresh, old = v.Between(w.start, now), w.track(str).old.Between(others, w.start, now)
	if len(fresh) == 0 || len(old) == 0 {
		return nil, nil
	}
	return fresh, old
}

// callerOrigins are the accounts that callers give of their own calls, most trusted first.
var callerOrigins = [...]correlate.Origin{correlate.OriginClient, correlate.OriginClientSpan}

// seenByCallers is the service as those who call it see it: what is lost between them shows only there.
func (o *Observer) seenByCallers(p correlate.Place, w *Watch, s *cells.Service, from, now int64) judge.Stream {
	seen := judge.Stream{Kind: correlate.Edge}
	var room [8]*cells.Series
	var roomCoarse [8]*cells.Series
	fine, coarse := room[:0], roomCoarse[:0]
	for _, caller := range s.Callers() {
		cs := o.cells.Service(correlate.Place{Service: caller, Environment: p.Environment})
		if cs == nil {
			continue
		}
		var both [len(callerOrigins)]account
		views := both[:0]
		for _, origin := range callerOrigins {
			k := cells.Key{Kind: correlate.Edge, Origin: origin, Peer: p.Service}
			if str := cs.Stream(k); str != nil {
				views = append(views, account{k, str})
			}
		}
		if v, ok := preferred(w, views, from, now); ok {
			fine, coarse = append(fine, v.Total()), append(coarse, v.Coarse())
			seen.Account = seen.Account*31 + uint64(v.key.Origin)
		}
	}
	past, until := w.profile(&o.cfg)
	seen.Past = w.rolled.Between(coarse, past, until)
	seen.Whole, seen.History = w.whole.Between(fine, from, now), w.history.Between(coarse, from-o.cfg.CoarseKeep, from)
	return seen
}

// callsOf are the calls that a service makes, by callee, as the most complete of its accounts tells.
func (w *Watch) callsOf(cfg *Config, s *cells.Service, from, now int64) (all []judge.Calls) {
	for _, peer := range s.Callees(now) {
		var both [len(callerOrigins)]account
		views := both[:0]
		for _, origin := range callerOrigins {
			k := cells.Key{Kind: correlate.Edge, Origin: origin, Peer: peer}
			if str := s.Stream(k); str != nil {
				views = append(views, account{k, str})
			}
		}
		if v, ok := preferred(w, views, from, now); ok {
			all = append(all, judge.Calls{
				Peer: peer, Account: uint64(v.key.Origin), Whole: outside(v.Total().Between(from, now), w.past.Bad, cfg.Resolution, w.start),
				History: outside(v.Coarse().Between(from-cfg.CoarseKeep, from), w.past.Bad, cfg.Coarse, w.start),
			})
		}
	}
	return all
}

// routesOf are the requests of a service by route, as one instrumentation tells them, in cells that ended by an instant.
func (o *Observer) routesOf(s *cells.Service, w *Watch, origin correlate.Origin, from, now int64) []judge.Part {
	width := o.cfg.RouteWidth
	var parts []judge.Part
	for _, r := range s.Routes(origin) {
		if ended := r.Cells.Between(from, now-width+1); len(ended) > 0 {
			parts = append(parts, judge.Part{
				Name: r.Name, New: w.version != "" && r.Version == w.version, Cells: outside(ended, w.past.Bad, width, w.start),
			})
		}
	}
	return parts
}
