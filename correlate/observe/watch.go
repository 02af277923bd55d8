package observe

import (
	"cmp"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/cells"
	"github.com/shipwake/shipwake/correlate/judge"
	"github.com/shipwake/shipwake/correlate/names"
	"github.com/shipwake/shipwake/correlate/window"
)

// Watch is what is remembered of a place from look to look, for a change of one version that began at one instant. Cells
// before the watermark don't change any more, so each is counted once. It may be dropped at any time.
type Watch struct {
	Memory judge.Memory
	watched
	steps   []Step // as they are known at the latest look
	tracks  map[*cells.Stream]*track
	apart   bool      // zones alone tell the versions of the latest case apart
	whole   cells.Sum // the accounts of callers
	history cells.Sum
	rolled  cells.Sum      // around the earlier rollouts
	streams []judge.Stream // of the latest case, to be overwritten by the next
	seen    seen
}

// watched is what a watch is of.
type watched struct {
	place   correlate.Place
	met     correlate.Place // whose telemetry that means, see cells.Met
	version string
	start   int64
	atOnce  bool
	past    *Past           // what is known of the time before
	earlier []judge.Rollout // that say how the place warms up
}

// neighbour is a place that is seen as a whole since an instant.
type neighbour struct {
	correlate.Place
	from int64
}

// seen is the latest case of a neighbour, which is asked for by many faults in one view.
type seen struct {
	in        *View
	forgotten int // see Observer
	judge.Case
	asked bool // since neighbours were last forgotten
}

// track is what is remembered of a stream: what it told of requests, what others told that it didn't, and the versions that
// the change doesn't bring. Of a zone, old is every version.
type track struct {
	told   told
	missed map[*cells.Stream]*missed
	old    cells.Sum
}

func (w *Watch) track(s *cells.Stream) *track {
	t := w.tracks[s]
	if t == nil {
		t = &track{}
		w.tracks[s] = t
	}
	return t
}

// serves says that a watch is of the same change, compared with the same time.
func (w *Watch) serves(o *watched) bool {
	return w != nil && w.place == o.place && w.met == o.met && w.version == o.version && w.start == o.start && w.atOnce == o.atOnce &&
		w.past.Digest == o.past.Digest && slices.Equal(w.earlier, o.earlier)
}

// watch is a watch of that, or the one there was when that serves.
func (o *watched) watch(old *Watch) *Watch {
	if old.serves(o) {
		old.past = o.past
		return old
	}
	return &Watch{watched: *o, tracks: map[*cells.Stream]*track{}}
}

// Watch is the watch of a change for a look at an instant, at most that of the view: the one there was when that serves.
func (o *Observer) Watch(old *Watch, v *View, s *Subject, now int64) *Watch {
	is := watched{
		place: s.Place, met: met(o.cells, v, s, now), version: comparedVersion(o, v, s, now), start: s.Start, atOnce: s.AtOnce(),
		past: o.Past(v, s.Place, s.Start), earlier: o.warmUps(v, s),
	}
	w := is.watch(old)
	w.steps = s.Zones
	return w
}

// met is the place whose telemetry tells of a change: that by another name of the service only while no change has begun by
// that name that brings the same.
func met(st *cells.Store, v *View, s *Subject, now int64) correlate.Place {
	met := cells.Met(st, s.Place, now)
	if met != s.Place && slices.ContainsFunc(v.Of(met), func(c *Subject) bool { return c.Start < now && c.Live && c.RollsOut() && sameRelease(c, s) }) {
		return s.Place
	}
	return met
}

func sameRelease(a, b *Subject) bool {
	return names.SameRelease(a.release(), b.release())
}

// Neighbour is what is known of a place by an instant, at most that of the view, where it is seen as a whole since an instant
// at which something near it changed. The case must not be changed.
func (o *Observer) Neighbour(v *View, p correlate.Place, from, now int64) (*judge.Memory, *judge.Case) {
	n := neighbour{p, from}
	w := o.neighbours[n]
	if w == nil || w.seen.in != v || w.seen.forgotten != o.forgotten {
		is := whole(o, v, p, from)
		w = is.watch(w)
		o.neighbours[n] = w
		w.seen = seen{in: v, forgotten: o.forgotten}
	}
	if w.seen.asked = true; w.seen.Now != now {
		w.seen.Case = o.Case(w, from, now)
	}
	return &w.Memory, &w.seen.Case
}

func whole(o *Observer, v *View, p correlate.Place, from int64) watched {
	return watched{place: p, met: p, start: from, atOnce: v.atOnce(from), past: o.Past(v, p, from), earlier: o.rolledOutBy(v, p, from)}
}

// CameBack is when the fault that a change was convicted of was over by an instant, 0 while it lasts: the service as a whole
// is back where it was before the change. Where the fault is too small a part of the whole to be seen there, it was over when
// what the change brought had ceased to serve while the rest served on.
func CameBack(o *Observer, v *View, c *Subject) (at int64) {
	p := cells.Met(o.cells, c.Place, v.At)
	is := whole(o, v, p, c.Start)
	w := is.watch(nil)
	k := o.Case(w, c.Start, v.At)
	a := w.Memory.Decide(&o.cfg.Judge, &k)
	switch {
	case a.Outcome == correlate.Regressed && a.Recovered > 0 && a.Reason != correlate.ReasonCustomSignal:
		return a.Recovered + o.cfg.Resolution // it tells the last bucket that was bad
	case a.Outcome == correlate.Regressed:
		return a.Recovered
	case a.Grade == "" || a.NearMiss != nil:
		return 0 // nothing to compare with, or something still speaks for a fault
	}
	return ceased(o, v, p, c)
}

// KeepNeighbours forgets the watches of neighbours that were not asked for since it was last called.
func (o *Observer) KeepNeighbours() {
	for n, w := range o.neighbours {
		if !w.seen.asked {
			delete(o.neighbours, n)
		}
		w.seen.asked = false
	}
}

// begunWith are the watched changes that began at an instant.
func (v *View) begunWith(at int64) []*Subject {
	first, _ := slices.BinarySearchFunc(v.Watched, at, func(s *Subject, at int64) int { return cmp.Compare(s.Start, at) })
	end := first
	for end < len(v.Watched) && v.Watched[end].Start == at {
		end++
	}
	return v.Watched[first:end]
}

// atOnce says that what was changed at an instant has nothing to warm up.
func (v *View) atOnce(from int64) bool {
	begun := v.begunWith(from)
	return len(begun) > 0 && !slices.ContainsFunc(begun, func(s *Subject) bool { return !s.AtOnce() })
}

// profile is the time of the earlier rollouts in whole rollups, with the time before the first; nothing where there are
// none.
func (w *Watch) profile(cfg *Config) (from, to int64) {
	if len(w.earlier) == 0 {
		return 0, 0
	}
	return w.earlier[0].Start - cfg.Baseline - cfg.Coarse, window.Floor(w.start, cfg.Coarse)
}
