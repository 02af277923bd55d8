package record

import (
	"cmp"
	"maps"
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// grouping works out which changes are one rollout.
type grouping struct {
	cfg    Config
	limits limits
	places map[correlate.Place]*timelines
	again  map[*Change]bool // to be grouped again
	wake   func(correlate.Place)
	steps  *int // see Book.steps
}

// timelines are the rollouts of a place: those that were reported, and those that telemetry alone shows.
type timelines struct{ reported, seen timeline }

func (g *grouping) at(p correlate.Place) *timelines {
	t := g.places[p]
	if t == nil {
		g.wake(p)
		t = g.places[p]
	}
	if t == nil {
		t = &timelines{reported: newTimeline(g.limits.group), seen: newTimeline(g.limits.group)}
		g.places[p] = t
	}
	return t
}

// of is the timeline that a change belongs to.
func (g *grouping) of(c *Change) *timeline {
	t := g.at(c.Place())
	if c.own().Source == SourceTelemetry {
		return &t.seen
	}
	return &t.reported
}

// enter and leave put a change among the rollouts that may be one, and take it out. Whoever it may have been one with is
// to be grouped again.
func (g *grouping) enter(c *Change) {
	if !rollsOut(*c.own()) || c.own().Source == "" || c.Record.Phase == correlate.PhaseRetracted {
		return
	}
	t := g.of(c)
	if at := Began(*c.own()); t.begun[stretch(at)] == t.most {
		g.loosen(t, at) // it becomes crowded
	}
	t.add(c)
	c.chained = false
}

func (g *grouping) leave(c *Change) {
	if c.timed == nil {
		return
	}
	g.regroupAround(c)
	t := g.of(c)
	at := c.timed.at.Unix()
	t.remove(c)
	if t.begun[stretch(at)] == t.most {
		g.loosen(t, at) // it is crowded no longer
	}
}

// loosen has all rollouts that began in the stretch of an instant grouped again, and those that they may be one with.
func (g *grouping) loosen(t *timeline, at int64) {
	for _, c := range t.in(at) {
		g.again[c] = true
		g.regroupAround(c)
	}
}

func (g *grouping) regroupAround(c *Change) {
	for _, o := range g.neighbours(c) {
		g.again[o] = true
	}
}

// grouped: the change is among the rollouts that may be one, and few enough began with it.
func (g *grouping) grouped(c *Change) bool {
	return c.timed != nil && !g.of(c).crowded(c.timed.at.Unix())
}

// neighbours are the changes that may be the same rollout as one.
func (g *grouping) neighbours(c *Change) (near []*Change) {
	if !g.grouped(c) {
		return nil
	}
	l := g.at(c.Place())
	begin, end := Began(*c.own()), spanEnd(*c.own())
	if c.own().Source == SourceTelemetry {
		*g.steps += l.reported.visit(begin-l.reported.length-g.cfg.wide(), begin+GroupSlack, func(o *Change) {
			if g.cfg.maySame(*o.own(), *c.own()) {
				near = append(near, o)
			}
		})
		return near
	}
	each := func(o *Change) {
		if o == c || o.own().Source == c.own().Source {
			return // no source tells one rollout under two ids
		}
		x, y := c, o
		if asFirstReported(y, x) < 0 {
			x, y = y, x
		}
		if g.cfg.maySame(*x.own(), *y.own()) {
			near = append(near, o)
		}
	}
	*g.steps += l.reported.visit(begin-l.reported.length-GroupSlack, end+GroupSlack, each)
	*g.steps += l.seen.visit(begin-max(GroupSlack, g.cfg.AdoptAfter), end+g.cfg.wide(), each)
	return near
}

// rollouts works out anew which changes are the same rollout: those that are noted, and whoever is linked with them. It
// is a function of the set of reports.
func (g *grouping) rollouts() (all []rollout) {
	done := map[*Change]bool{}
	for _, c := range slices.SortedFunc(maps.Keys(g.again), asFirstReported) {
		switch {
		case done[c] || c.gone:
		case !g.grouped(c):
			c.chained = false
			all = append(all, rollout{c})
		default:
			all = append(all, g.linked(c, done)...)
		}
	}
	clear(g.again)
	return all
}

// linked are the rollouts among the changes that are linked with one.
func (g *grouping) linked(c *Change, done map[*Change]bool) (all []rollout) {
	chain, ok := g.chain(c, done)
	for _, o := range chain {
		done[o], o.chained = true, !ok
	}
	if ok {
		return g.put(chain)
	}
	for _, o := range chain {
		all = append(all, rollout{o})
	}
	return all
}

// chain are the changes that are linked with one, directly or by others. ok is false when they are more than limits.chain;
// then they are those that are to stand by themselves from now on, and some that do already.
func (g *grouping) chain(c *Change, done map[*Change]bool) (chain []*Change, ok bool) {
	seen := map[*Change]bool{c: true}
	chain = []*Change{c}
	ok = true
	for n := 0; n < len(chain); n++ {
		if !ok && chain[n].chained {
			continue // as are those that it is linked with
		}
		for _, o := range g.neighbours(chain[n]) {
			if !seen[o] {
				seen[o] = true
				chain = append(chain, o)
				ok = ok && !done[o] // a chain that was gone through as a whole would have had this one in it
			}
		}
		ok = ok && len(chain) <= g.limits.chain
	}
	return chain, ok
}

// rollout is changes that are one, first the one under whose id it is known.
type rollout []*Change

// pair is two changes that may be one.
type pair struct {
	a, b  *Change
	apart int64 // seconds
}

// put puts together those of some changes that are one. Those nearest in time come first; no source tells one rollout
// under two ids.
func (g *grouping) put(chain []*Change) (all []rollout) {
	slices.SortFunc(chain, asFirstReported)
	of := map[*Change]*rollout{}
	for _, c := range chain {
		of[c] = &rollout{c}
	}
	for _, same := range g.pairs(chain) {
		r, o := of[same.a], of[same.b]
		if same.b.own().Source == SourceTelemetry && len(*o) > 1 {
			continue // what is seen belongs to one report, and makes no two of them one
		}
		if r != o && r.mayJoin(*o) {
			both := append(*r, *o...)
			slices.SortFunc(both, asFirstReported)
			for _, c := range both {
				of[c] = &both
			}
		}
	}
	for _, c := range chain {
		if r := *of[c]; r[0] == c {
			all = append(all, r)
		}
	}
	return all
}

// pairs are the changes that may be one, nearest first, those that only telemetry shows last.
func (g *grouping) pairs(chain []*Change) (all []pair) {
	for i, x := range chain {
		for _, y := range chain[i+1:] {
			*g.steps++
			if g.cfg.maySame(*x.own(), *y.own()) {
				d := Began(*x.own()) - Began(*y.own())
				all = append(all, pair{x, y, max(d, -d)})
			}
		}
	}
	slices.SortStableFunc(all, func(x, y pair) int {
		return cmp.Or(cmp.Compare(telemetry(x.b), telemetry(y.b)), cmp.Compare(x.apart, y.apart))
	})
	return all
}

// mayJoin: no source is in both, and nobody in one says that it is another version than somebody in the other does.
func (r rollout) mayJoin(o rollout) bool {
	for _, a := range r {
		for _, b := range o {
			if a.own().Source == b.own().Source {
				return false
			}
			if a.own().Source != SourceTelemetry && b.own().Source != SourceTelemetry && !compatible(*a.own(), *b.own()) {
				return false
			}
		}
	}
	return true
}
