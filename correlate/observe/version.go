package observe

import (
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/cells"
	"github.com/shipwake/shipwake/correlate/names"
	"github.com/shipwake/shipwake/correlate/record"
)

// ServedVersion is the service.version by which telemetry knows what a change brought: the one of that name, or else the only
// version that appeared while it rolled out. It is "" before that version was seen. Who is to blame may rest on it; a
// comparison of instances rests on the name alone.
func (o *Observer) ServedVersion(c *Subject, now int64) string {
	if version := versionNamed(o.cells, c, now, o.cfg.Guards.On(guardServedVersion)); version != "" {
		return version
	}
	return appeared(o, c, now)
}

// comparedVersion is the service.version whose instances are compared with the others for a change: the one that it names, or
// else the only one that appeared, unless that is what another change of the place names that had begun by then.
func comparedVersion(o *Observer, v *View, c *Subject, now int64) string {
	if version := versionNamed(o.cells, c, now, o.cfg.Guards.On(guardServedVersion)); version != "" {
		return version
	}
	version := appeared(o, c, now)
	of := names.Release{Version: version}
	if version == "" || slices.ContainsFunc(v.Of(c.Place), func(x *Subject) bool {
		return x.ID != c.ID && x.Start < now && x.Live && x.RollsOut() && names.SameRelease(of, x.release())
	}) {
		return ""
	}
	return version
}

// versionNamed is the service.version by which telemetry calls what a change brought: its own, or by another spelling, such as a
// short commit hash. It is "" before that version was seen.
func versionNamed(st *cells.Store, c *Subject, now int64, spellings bool) string {
	s := st.Service(cells.Met(st, c.Place, now))
	if s == nil {
		return ""
	}
	if seen, known := s.Version(c.Version); known && seen.First < now {
		return c.Version
	}
	if !c.RollsOut() || !spellings {
		return ""
	}
	for _, v := range s.Versions() {
		if seen, _ := s.Version(v); seen.First < now && names.SameRelease(names.Release{Version: v}, c.release()) {
			return v
		}
	}
	return ""
}

// appeared is the only version that appeared while a change rolled out, "" when there is none or several did.
func appeared(o *Observer, c *Subject, now int64) string {
	s := o.cells.Service(cells.Met(o.cells, c.Place, now))
	if s == nil || !c.RollsOut() || !o.cfg.Guards.On(guardServedVersion) {
		return ""
	}
	from, to := c.Start-o.cfg.AdoptAfter, max(c.Start, c.Finish)+record.GroupSlack
	var appeared []string
	for _, v := range s.Versions() {
		seen, _ := s.Version(v)
		if seen.First < now && seen.First >= from && seen.First <= to {
			appeared = append(appeared, v)
		}
	}
	if len(appeared) == 1 && s.VersionsBefore(now) > 1 {
		return appeared[0]
	}
	return ""
}

// release is what a change brings.
func (c *Subject) release() names.Release {
	return names.Release{Version: c.Version, Commit: c.Commit, Digest: c.Digest}
}

// Unseen says that a rollout has been under way for a while without any instance of the new version being seen, though
// the other versions of the service report which they are.
func (o *Observer) Unseen(c *Subject, t int64) bool {
	s := o.cells.Service(cells.Met(o.cells, c.Place, t))
	if s == nil || c.Version == "" || !c.RollsOut() || c.Start+o.cfg.AdoptAfter > t || o.ServedVersion(c, t) != "" {
		return false
	}
	return othersServe(s, "", c.Start, c.Start, t)
}

// arrivesWithin is how long after the start of a rollout, in seconds, what shows may be the doing of a version that telemetry
// never saw: one that fails while it comes up, or that takes the old one along. Later than that, with the old one serving as
// before, the rollout has not begun. It is the time in which the lag between a rollout and a fault fades, see blame.
const arrivesWithin = 300

// Began is when a rollout began to reach users, as far as that was known by an instant. Many senders tell when it was
// requested, and it may wait hours for its turn or for somebody's approval. So it is the instant that was told, but for one
// case: the other versions of the service serve on, and the new one comes after arrivesWithin, or hasn't come at all. Then
// it is when telemetry first saw it; waits says that this lies ahead, and that nobody said that the rollout is complete.
// What it is suspected of since before that, and lasts, stands: suspected says whether there is such a fault at an instant,
// which began at most arrivesWithin after the start.
func Began(o *Observer, c *Subject, t int64, suspected func(since, at int64) bool) (at int64, waits bool) {
	due := c.Start + arrivesWithin
	if !c.RollsOut() || c.Version == "" || t <= due || (c.Finish != 0 && c.Finish <= due) {
		return c.Start, false
	}
	s := o.cells.Service(cells.Met(o.cells, c.Place, t))
	if s == nil {
		return c.Start, false
	}
	version := o.ServedVersion(c, t)
	at, came := int64(0), false
	if version != "" {
		at, came = s.FirstServed(version, c.Start-o.cfg.AdoptAfter, t)
	}
	until := t
	if came {
		until = at
	}
	switch {
	case came && at <= due, !came && c.Finish != 0, !othersServe(s, version, c.Start, due, until), suspected(due, until):
		return c.Start, false
	case came:
		return at, false
	}
	return c.Start, true
}

// othersServe: a version that had served before a rollout served in a stretch of time.
func othersServe(s *cells.Service, version string, before, from, to int64) bool {
	return slices.ContainsFunc(s.Versions(), func(v string) bool {
		seen, _ := s.Version(v)
		return v != version && seen.First < before && s.Served(v, from, to)
	})
}

// ceased is when the version that a change brought was last seen to serve, if that is as long ago as a recovery takes to be
// seen and others served since; 0 else.
func ceased(o *Observer, v *View, p correlate.Place, c *Subject) (last int64) {
	t := v.At
	s, version := o.cells.Service(p), comparedVersion(o, v, c, v.At)
	if s == nil || version == "" {
		return 0
	}
	for _, k := range s.Keys() {
		of := s.Stream(k).Version(version)
		if of == nil {
			continue
		}
		if in := of.Between(c.Start, t); len(in) > 0 {
			last = max(last, in[len(in)-1].Start+o.cfg.Resolution)
		}
	}
	if last == 0 || last+o.cfg.Judge.Recovery > t || !othersServe(s, version, t, last, t) {
		return 0
	}
	return last
}
