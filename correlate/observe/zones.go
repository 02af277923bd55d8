package observe

import (
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/cells"
	"github.com/shipwake/shipwake/correlate/judge"
)

// zonesOf are the zones of a service as one instrumentation tells them, when some of them are what a change can be compared
// with: which it has reached is known, and no zone serves both versions beside each other, which would be a better
// comparison. apart says that zones alone tell the versions apart.
//
// Fine cells of a zone are kept by version, and no coarse ones: about 130 kB for a zone that serves one version, of at most
// correlate.MaxZones zones of a service, and nothing for a service that runs in one.
func (o *Observer) zonesOf(w *Watch, s *cells.Service, origin correlate.Origin, from, now int64) (zones []judge.Zone, apart bool) {
	if w.version == "" && len(w.steps) == 0 {
		return nil, false
	}
	var names []string
	var streams []*cells.Stream
	seen := false
	for _, k := range s.Keys() {
		if str := s.Stream(k); k.Kind == correlate.Zone && k.Origin == origin && str.BeganBefore(now) {
			names, streams = append(names, k.Name), append(streams, str)
			seen = seen || (w.version != "" && str.Version(w.version).BeganBefore(now))
		}
	}
	if len(streams) < 2 {
		return nil, false
	}
	if seen && !o.apart(w, streams, now) {
		return nil, false
	}
	reached := false
	for i, str := range streams {
		z := judge.Zone{Name: names[i], Account: uint64(origin)}
		if seen {
			z.Reached = o.seenIn(w, str, now)
		} else {
			z.Reached = reachedBy(w.steps, names[i], w.start)
		}
		if z.Reached > now {
			z.Reached = 0
		}
		reached = reached || z.Reached > 0
		var room [8]*cells.Series
		z.Cells = w.track(str).old.Between(str.Each(room[:0]), from, now)
		zones = append(zones, z)
	}
	if !reached {
		return nil, seen
	}
	return zones, seen
}

// seenIn is when a change's version was first seen in a zone since about its start; 0 when it wasn't, or when it served
// there before.
func (o *Observer) seenIn(w *Watch, str *cells.Stream, now int64) int64 {
	v := str.Version(w.version)
	if v == nil {
		return 0
	}
	since := w.start - o.cfg.AdoptAfter
	seen := v.Between(w.start-o.cfg.Baseline, now)
	if len(seen) == 0 || seen[0].Start < since {
		return 0
	}
	return max(seen[0].Start, w.start)
}

// reachedBy is when a change reached a zone by what was reported of it; 0 when it has not.
func reachedBy(steps []Step, name string, start int64) int64 {
	everywhere := int64(0)
	for _, z := range steps {
		at := start
		if z.Reached != 0 {
			at = max(start, z.Reached)
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
func (o *Observer) apart(w *Watch, streams []*cells.Stream, now int64) bool {
	var first, last, within int64
	for _, str := range streams {
		var from, to int64
		if at := o.seenIn(w, str, now); at > 0 {
			from = at
		}
		var room [8]*cells.Series
		for _, s := range str.Others(room[:0], w.version) {
			if old := s.Between(w.start, now); len(old) > 0 {
				to = max(to, old[len(old)-1].Start+o.cfg.Resolution)
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
