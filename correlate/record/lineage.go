package record

import (
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/names"
)

// deployed is a release that is live, or becomes so again when those after it are taken back.
type deployed struct {
	release  names.Release
	by       string // the id of the change; "" when nobody reported it
	rollback bool
}

// deployed is what the change is in a line. It is the same pointer as long as it is the same, so that lines are cheap to
// keep and to compare.
func (c *Change) deployed(release names.Release, rollback bool) *deployed {
	if is := (deployed{release, c.Record.ID, rollback}); c.is == nil || *c.is != is {
		c.is = &is
	}
	return c.is
}

// lineage works out what the changes of a Book mean to one another.
type lineage struct{ *Book }

// follow works out anew what the changes of the touched places mean to one another: redeploys and rollbacks. It follows
// the versions in the order in which they went live, from each position that is stale until what is live is what it was.
func (b lineage) follow() {
	for _, p := range b.draft.visited() {
		l := b.lineupOf(p)
		stale := l.stale
		l.stale = nil
		slices.SortFunc(stale, key.compare)
		reached := key{}
		for i, k := range stale {
			if i == 0 || k.compare(reached) > 0 {
				reached = b.traceFrom(l, k)
			}
		}
	}
}

// traceFrom traces the lineage from a position on, and returns how far it had to. It ends where something isn't in memory
// that came in between.
func (b lineage) traceFrom(l *lineup, k key) (reached key) {
	var live line
	for i := range l.all.before(k) {
		live = i.of.line
		break
	}
	reached = k
	for i := range l.all.from(k) {
		b.steps++
		c := i.of
		if c.past != nil {
			if i.compare(k) != 0 && c.past.last.compare(k) >= 0 {
				break
			}
			live = c.past.line
		}
		was, traced := c.line, c.traced
		live = b.trace(c, live)
		c.line, c.traced, reached = live, true, i.key
		if traced && was.same(live) {
			break
		}
	}
	return reached
}

// trace gives a change its part in the lineage, and returns what is live after it.
func (b lineage) trace(c *Change, live line) line {
	after, does := c.step(live, b.limits.line)
	b.play(c, does)
	return after
}

// step is what a change does to what is live.
type step struct {
	redeploy, rollback bool
	took               []string
}

// step returns what is live after a change, and the part that it has in that. A version that had been live before and was
// superseded comes back: that is a rollback, of every change since it was last live.
func (c *Change) step(live line, most int) (line, step) {
	if !c.Live() || !c.RollsOut() {
		return live, step{rollback: c.Record.Kind == correlate.KindRollback}
	}
	release := ReleaseOf(c.Record.Change)
	back := lastOf(live.all(), release)
	does := step{redeploy: back >= 0 && back == live.len()-1}
	does.rollback = c.Record.Kind == correlate.KindRollback || (back >= 0 && !does.redeploy)
	if back < 0 && does.rollback && live.len() > 1 {
		back = live.len() - 2 // said to be one, to a version never seen: it takes the last change back
	}
	if does.rollback {
		for _, o := range live.all()[back+1:] {
			if o.by != "" && !o.rollback {
				does.took = append(does.took, o.by)
			}
		}
		live = live.first(back + 1)
	}
	if previous := c.Record.PreviousVersion; live.len() == 0 && previous != "" && !names.SameVersion(previous, c.Record.Version) {
		live = line{}.with(&deployed{release: names.Release{Version: previous}}, most)
	}
	if does.redeploy {
		return live, does
	}
	return live.with(c.deployed(release, does.rollback), most), does
}

// lastOf is where a release is in a line, the latest place; -1 when it is not known. By its version another commit under
// the same label is another release, and the same commit under another spelling the same.
func lastOf(live []*deployed, r names.Release) int {
	if len(live) == 0 || r == (names.Release{}) {
		return -1
	}
	is := names.NewMatcher(r)
	for i, o := range slices.Backward(live) {
		if is.Matches(o.release) {
			return i
		}
	}
	return -1
}

// play notes the part that a change has in the lineage.
func (b lineage) play(c *Change, does step) {
	if c.Record.Redeploy != does.redeploy || c.Record.Rollback != does.rollback {
		b.draft.touch(c)
		c.Record.Redeploy, c.Record.Rollback = does.redeploy, does.rollback
	}
	if !slices.Equal(c.took.all(), does.took) {
		b.takeNothing(c)
		c.took = fewOf(does.took)
	}
	for _, id := range c.took.all() {
		if o := b.Change(id); o != nil {
			b.takenBy(o, c.Record.ID)
		} else {
			b.missing[id] = c.Record.ID
		}
	}
}

// takeNothing forgets what a change took back.
func (b lineage) takeNothing(c *Change) {
	for _, id := range c.took.all() {
		switch o := b.Change(id); {
		case o == nil:
			b.missing[id] = ""
		case o.Record.RolledBackBy == c.Record.ID:
			b.takenBy(o, "")
		}
	}
	c.took = few{}
}

// takenBack are the changes in memory that a change took back.
func (b lineage) takenBack(c *Change) (all []*Change) {
	for _, id := range c.took.all() {
		if o := b.Change(id); o != nil {
			all = append(all, o)
		}
	}
	return all
}

func (b lineage) takenBy(c *Change, id string) {
	if c.Record.RolledBackBy != id {
		b.draft.touch(c)
		c.Record.RolledBackBy = id
	}
}
