package record

import (
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/names"
)

// deployed is a release that is live, or becomes so again when those after it are taken back.
type deployed struct {
	release  names.Release
	by       *Change // nil when nobody reported it
	rollback bool
}

// lineages works out anew what the changes of the touched places mean to one another: redeploys and rollbacks. It follows
// the versions in the order in which they went live, from each position that is stale until what is live is what it was.
func (b *Book) lineages() {
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

// traceFrom traces the lineage from a position on, and returns how far it had to.
func (b *Book) traceFrom(l *lineup, k key) (reached key) {
	var line []deployed
	for i := range l.all.before(k) {
		line = i.of.line
		break
	}
	reached = k
	for i := range l.all.from(k) {
		b.steps++
		c := i.of
		if c.recalled { // who took it back is found again
			c.recalled = false
			b.draft.takenBy(c, "")
		}
		was, traced := c.line, c.traced
		line = b.draft.trace(c, line, b.limits.line)
		c.line, c.traced, reached = line, true, i.key
		if traced && slices.Equal(was, line) {
			break
		}
	}
	return reached
}

// trace gives a change its part in the lineage, and returns what is live after it. A version that had been live before
// and was superseded comes back: that is a rollback, of every change since it was last live.
func (d *draft) trace(c *Change, line []deployed, most int) []deployed {
	if !c.Live() || !c.RollsOut() {
		d.play(c, false, c.Record.Kind == correlate.KindRollback, nil)
		return line
	}
	release := ReleaseOf(c.Record.Change)
	back := lastOf(line, release)
	redeploy := back >= 0 && back == len(line)-1
	rollback := c.Record.Kind == correlate.KindRollback || (back >= 0 && !redeploy)
	if back < 0 && rollback && len(line) > 1 {
		back = len(line) - 2 // said to be one, to a version never seen: it takes the last change back
	}
	var took []*Change
	if rollback {
		for _, o := range line[back+1:] {
			if o.by != nil && !o.rollback {
				took = append(took, o.by)
			}
		}
		line = line[:back+1]
	}
	d.play(c, redeploy, rollback, took)
	if previous := c.Record.PreviousVersion; len(line) == 0 && previous != "" && !names.SameVersion(previous, c.Record.Version) {
		line = []deployed{{release: names.Release{Version: previous}}}
	}
	if redeploy {
		return line
	}
	line = append(line[:len(line):len(line)], deployed{release, c, rollback})
	return line[max(0, len(line)-most):]
}

// lastOf is where a release is in a line, the latest place; -1 when it is not known. By its version another commit under
// the same label is another release, and the same commit under another spelling the same.
func lastOf(line []deployed, r names.Release) int {
	for i := len(line) - 1; i >= 0 && r != (names.Release{}); i-- {
		if names.SameRelease(line[i].release, r) {
			return i
		}
	}
	return -1
}

// play notes the part that a change has in the lineage.
func (d *draft) play(c *Change, redeploy, rollback bool, took []*Change) {
	if c.Record.Redeploy != redeploy || c.Record.Rollback != rollback {
		d.touch(c)
		c.Record.Redeploy, c.Record.Rollback = redeploy, rollback
	}
	if slices.Equal(c.took, took) {
		d.takeBack(c)
		return
	}
	d.takeNothing(c)
	c.took = took
	d.takeBack(c)
}

// takeBack says of what a change took back who did it.
func (d *draft) takeBack(c *Change) {
	for _, o := range c.took {
		d.takenBy(o, c.Record.ID)
	}
}

// takeNothing forgets what a change took back.
func (d *draft) takeNothing(c *Change) {
	for _, o := range c.took {
		if o.Record.RolledBackBy == c.Record.ID {
			d.takenBy(o, "")
		}
	}
	c.took = nil
}

func (d *draft) takenBy(c *Change, id string) {
	if c.Record.RolledBackBy != id && !c.gone {
		d.touch(c)
		c.Record.RolledBackBy = id
	}
}
