package observe

import (
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/cells"
	"github.com/shipwake/shipwake/correlate/judge"
)

// Look is Case, which the watch keeps until the next look at it. It must not be changed.
func (o *Observer) Look(w *Watch, finish, now int64) *judge.Case {
	w.seen.Case = o.Case(w, finish, now)
	return &w.seen.Case
}

// Case gathers what is known of a place at an instant, for the change that is watched. It holds until the next case of
// the same watch.
func (o *Observer) Case(w *Watch, finish, now int64) judge.Case {
	c := judge.Case{
		Resolution: o.cfg.Resolution, Coarse: o.cfg.Coarse,
		Now: now, Start: w.start, AtOnce: w.atOnce, Finish: finish, Changed: w.past.Changed, Earlier: w.earlier,
		Streams: w.streams[:0],
	}
	for _, g := range o.cells.Gaps(now) {
		c.Gaps = append(c.Gaps, judge.Gap(g))
	}
	if is := w.sourcesBy(o.cells, now); is != nil {
		tell(o, &c, w, is)
	}
	w.streams = c.Streams
	if len(w.past.Bad) > 0 {
		exclude(&c, w.past.Bad, o.cfg.Judge.Restart)
	}
	return c
}

// tell fills in what the sources of a watch tell.
func tell(o *Observer, c *judge.Case, w *Watch, is *sources) {
	from, now := w.start-o.cfg.Baseline, c.Now
	v, ok := preferred(w, is.traffic, from, now)
	if w.apart = false; ok {
		c.Heard = o.cells.LastHeard(w.met.Environment, v.key.Origin, now)
		c.Lost = w.lost(o.cells, v, without(is.traffic, v), now)
		if is.zones {
			c.Zones, w.apart = o.zonesOf(w, is.service, v.key.Origin, from, now)
		}
	}
	for _, a := range is.others {
		c.Streams = append(c.Streams, o.streamOf(w, a, from, now))
	}
	if ok {
		c.Streams = append(c.Streams, o.streamOf(w, v, from, now))
		if is.severalRoutes(now, o.cfg.RouteWidth) {
			c.Minute = o.cfg.RouteWidth
			c.Routes = func() []judge.Part { return o.routesOf(is.service, w, v.key.Origin, from, now) }
		}
	}
	if is.service.Calls(now) {
		c.Calls = func() []judge.Calls { return w.callsOf(&o.cfg, is.service, from, now) }
	}
	if seen := o.seenByCallers(w, is, from, now); len(seen.Whole) > 0 {
		c.Streams = append(c.Streams, seen)
	}
}

func (o *Observer) streamOf(w *Watch, a account, from, now int64) judge.Stream {
	c, k, t := o.signal(a.key.Name), &a.key, a.kept
	js := judge.Stream{
		Kind: k.Kind, Name: k.Name, Bad: c.Bad, Tolerance: c.Tolerance, Margin: c.Margin, Account: uint64(k.Origin),
		Whole:   t.whole.Between(a.Total(), from, now),
		History: t.history.Between(a.Coarse(), from-o.cfg.CoarseKeep, from),
	}
	if past, until := w.profile(&o.cfg); past < until {
		js.Past = t.past.Between(a.Coarse(), past, until)
	}
	if w.apart && k.Kind != correlate.Exception {
		const whole = 1 << 32 // without versions it is another account
		js.Account |= whole
		return js
	}
	js.New, js.Old = w.sides(t, now)
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
func (w *Watch) sides(t *track, now int64) (fresh, old []correlate.Cell) {
	if t.fresh == nil {
		return nil, nil
	}
	fresh, old = t.new.Between(t.fresh, w.start, now), t.old.Between(t.rest, w.start, now)
	if len(fresh) == 0 || len(old) == 0 {
		return nil, nil
	}
	return fresh, old
}

// seenByCallers is the service as those who call it see it: what is lost between them shows only there.
func (o *Observer) seenByCallers(w *Watch, is *sources, from, now int64) judge.Stream {
	seen := judge.Stream{Kind: correlate.Edge}
	is.fine, is.coarse = is.fine[:0], is.coarse[:0]
	for _, views := range is.callers {
		if v, ok := preferred(w, views, from, now); ok {
			is.fine, is.coarse = append(is.fine, v.Total()), append(is.coarse, v.Coarse())
			seen.Account = seen.Account*31 + uint64(v.key.Origin)
		}
	}
	if past, until := w.profile(&o.cfg); past < until {
		seen.Past = w.rolled.Between(is.coarse, past, until)
	}
	seen.Whole, seen.History = w.whole.Between(is.fine, from, now), w.history.Between(is.coarse, from-o.cfg.CoarseKeep, from)
	return seen
}

// callsOf are the calls that a service makes, by callee, as the most complete of its accounts tells.
func (w *Watch) callsOf(cfg *Config, s *cells.Service, from, now int64) (all []judge.Calls) {
	for _, peer := range s.Callees(now) {
		if v, ok := preferred(w, w.views(s, peer), from, now); ok {
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
