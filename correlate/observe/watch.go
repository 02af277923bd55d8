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
	lasting lasting
	stamp   stamp
	steps   []Step // as they are known at the latest look
	tracks  map[*cells.Stream]*track
	sources sources
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

// seen is the latest case. That of a neighbour is asked for by many faults in one view.
type seen struct {
	in        *View
	forgotten int // see Observer
	judge.Case
	asked bool // since neighbours were last forgotten
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
	past := o.Past(v, s.Place, s.Start)
	if old.lasts(past, s, now) {
		old.steps = s.Zones
		return old
	}
	is := watched{
		place: s.Place, met: met(o.cells, v, s, now), version: comparedVersion(o, v, s, now), start: s.Start, atOnce: s.AtOnce(),
		past: past,
	}
	if s.RollsOut() {
		is.earlier = past.Rolled
	}
	w := is.watch(old)
	w.steps, w.lasting = s.Zones, lasting{s.reported, past.of, o.ServedVersion(s, now), now}
	if now < v.At {
		w.lasting.from = Never // others may have begun since
	}
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
		o.Look(w, from, now)
	}
	return &w.Memory, &w.seen.Case
}

// Beside is what is known of a place at the instant of a view, seen as a whole since an instant at which something near it
// changed, as if it was looked at for the first time.
func Beside(o *Observer, v *View, p correlate.Place, from int64) judge.Case {
	is := whole(o, v, p, from)
	return o.Case(is.watch(nil), from, v.At)
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

// Basis is what the assessment of a change is a function of, besides the cells.
type Basis struct {
	At     int64
	Finish int64 // the rollout was complete, as far as that was known; 0 while it ran
	hash   Digest
}

// Later is the basis of a look at a later instant, of which nothing else is other.
func (b Basis) Later(at int64) Basis {
	b.At = at
	return b
}

// Basis is that of a look at an instant, at most that of the view. Two assessments with the same basis are the same. The watch
// is the latest of the change; it may be nil.
func (o *Observer) Basis(w *Watch, v *View, s *Subject, at int64) Basis {
	b := Basis{At: at, hash: s.reportedBy(at)}
	if s.Finish <= max(at, s.Start+1) {
		b.Finish = s.Finish
	}
	past := o.Past(v, s.Place, s.Start)
	b.hash.Words(versionBy(o, w, past, s, at))
	b.hash.Ints(past.Digest, int64(len(o.cells.Gaps(at))))
	if s.RollsOut() {
		for _, r := range past.Rolled {
			b.hash.Ints(r.Start, r.Finish, r.Until)
		}
	}
	return b
}

// lasting is what a watch was made of. While it is the same, and nothing begins or ends of what is told of the place, the watch
// is.
type lasting struct {
	reported Digest
	known    uint64 // of the changes of the place
	served   string // the version that the change brought, as telemetry knows it
	from     int64  // it holds from an instant on
}

// lasts says that a watch, which may be nil, is that of a change at an instant.
func (w *Watch) lasts(past *Past, s *Subject, now int64) bool {
	return w != nil && w.lasting.known == past.of && now >= w.lasting.from && w.met == s.Place && w.start == s.Start &&
		s.reported != 0 && w.lasting.reported == s.reported && w.sources.hold(now)
}

// stamp numbers what looks at a change are functions of, besides the cells and the instant.
type stamp struct {
	number  int // 0 for none
	subject *Subject
	lineup  *lineup
	gaps    int
	settled int64
}

// Stamp numbers what a look at a change, whose latest watch may be nil, is a function of besides the cells and the instant. The
// number is the same as long as that is; it is 0 where that isn't known.
func (o *Observer) Stamp(w *Watch, v *View, s *Subject) int {
	if w == nil || !w.sources.hold(v.At) {
		return 0
	}
	is := stamp{w.stamp.number, s, v.lineup(s.Place), len(o.cells.Gaps(v.At)), w.sources.settled}
	if is.number == 0 || is != w.stamp {
		o.stamps++
		is.number = o.stamps
		w.stamp = is
	}
	return is.number
}

// versionBy is ServedVersion, with the latest watch of the change.
func versionBy(o *Observer, w *Watch, past *Past, s *Subject, now int64) string {
	if w.lasts(past, s, now) {
		return w.lasting.served
	}
	return o.ServedVersion(s, now)
}
