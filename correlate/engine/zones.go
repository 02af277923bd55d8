package engine

import (
	"maps"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge"
)

// zonesOf are the zones of a service as one instrumentation tells them, when some of them are what a change can be compared
// with: which it has reached is known, and no zone serves both versions beside each other, which would be a better
// comparison. apart says that the versions are to be told apart by zone alone.
//
// Fine cells of a zone are kept by version, and no coarse ones: about 130 kB for a zone that serves one version, of at most
// correlate.MaxZones zones of a service, and nothing for a service that runs in one.
func (e *Engine) zonesOf(w *watch, s *service, origin correlate.Origin, from, now int64) (zones []judge.Zone, apart bool) {
	if w.version == "" && len(w.steps) == 0 {
		return nil, false
	}
	var names []string
	var streams []*stream
	seen := false
	for _, k := range s.keys() {
		if str := s.streams[k]; k.kind == correlate.Zone && k.origin == origin && str.beganBefore(now) {
			names, streams = append(names, k.name), append(streams, str)
			seen = seen || (w.version != "" && str.versions[w.version].beganBefore(now))
		}
	}
	if len(streams) < 2 {
		return nil, false
	}
	if seen && !e.apart(w, streams, now) {
		return nil, false
	}
	reached := false
	for i, str := range streams {
		z := judge.Zone{Name: names[i], Account: uint64(origin)}
		if seen {
			z.Reached = e.seenIn(w, str, now)
		} else {
			z.Reached = reachedBy(w.steps, names[i], w.start)
		}
		if z.Reached > now {
			z.Reached = 0
		}
		reached = reached || z.Reached > 0
		var room [8]*series
		z.Cells = w.track(str).old.between(str.named(room[:0], func(string) bool { return true }), from, now)
		zones = append(zones, z)
	}
	if !reached {
		return nil, seen
	}
	return zones, seen
}

// named are the series of some versions in a fixed order, appended to out.
func (str *stream) named(out []*series, which func(version string) bool) []*series {
	var room [8]string
	names := slices.AppendSeq(room[:0], maps.Keys(str.versions))
	slices.Sort(names)
	for _, name := range names {
		if which(name) {
			out = append(out, str.versions[name])
		}
	}
	return out
}

// seenIn is when a change's version was first seen in a zone since about its start; 0 when it wasn't, or when it served
// there before.
func (e *Engine) seenIn(w *watch, str *stream, now int64) int64 {
	v := str.versions[w.version]
	if v == nil {
		return 0
	}
	since := w.start - e.cfg.AdoptAfter
	cells := v.between(w.start-e.cfg.Baseline, now)
	if len(cells) == 0 || cells[0].Start < since {
		return 0
	}
	return max(cells[0].Start, w.start)
}

// reachedBy is when a change reached a zone by what was told of it; 0 when it has not.
func reachedBy(steps []correlate.ZoneStep, name string, start int64) int64 {
	everywhere := int64(0)
	for _, z := range steps {
		at := start
		if !z.ReachedAt.IsZero() {
			at = max(start, z.ReachedAt.Unix())
		}
		switch z.Name {
		case name:
			return at
		case correlate.Everywhere:
			everywhere = at
		}
	}
	return everywhere
}

// apart says that the version of a change and the others hardly met within any zone, for as long as both served. Then they
// differ as zones differ, and only a comparison of zones can tell that from what the change did.
func (e *Engine) apart(w *watch, streams []*stream, now int64) bool {
	var first, last, within int64
	for _, str := range streams {
		var from, to int64
		if at := e.seenIn(w, str, now); at > 0 {
			from = at
		}
		var room [8]*series
		for _, s := range str.named(room[:0], func(version string) bool { return version != w.version }) {
			if cells := s.between(w.start, now); len(cells) > 0 {
				to = max(to, cells[len(cells)-1].Start+e.cfg.Resolution)
			}
		}
		if from > 0 && (first == 0 || from < first) {
			first = from
		}
		last = max(last, to)
		if from > 0 {
			within = max(within, to-from)
		}
	}
	return first > 0 && last > first && 2*within < last-first
}
