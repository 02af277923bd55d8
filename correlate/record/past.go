package record

import (
	"maps"
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/names"
)

// past is what is known of the time before a change when others of its place, complete before it, are not in memory. A
// change without a past follows the one before it in memory, or is the first of its place.
type past struct {
	last key  // of the last of these, as far as that is known
	line line // what was live after it, as far as that is known
}

// nearby is how many changes on either side of a report it may have to do with, where more happen than can be told apart:
// more than are put together, and more than a lineage goes back.
func (m limits) nearby() int { return max(m.group, m.line) + 8 }

// Nearby is how many changes on either side of a report are to be recalled.
func Nearby(b *Book) int { return b.limits.nearby() }

// reach is how long before a report what it has to do with may have been complete.
func (cfg Config) reach() time.Duration {
	return time.Duration(max(cfg.Attribution, GroupSlack)+GroupSlack) * time.Second
}

// next is the change after a key, nil when there is none.
func (l *lineup) next(k key) *Change {
	for i := range l.all.from(k) {
		if i.compare(k) != 0 {
			return i.of
		}
	}
	return nil
}

// join puts a change between those that are in memory: what isn't came before it, or its time isn't known.
func (l *lineup) join(c *Change) {
	at := &l.end
	if next := l.next(c.filed.key); next != nil {
		at = &next.past
	}
	switch known := *at; {
	case known == nil:
	case c.filed.compare(known.last) >= 0:
		c.past, *at = known, nil
	default:
		c.past = &past{last: c.filed.key}
	}
}

// part takes a change out from between those that are in memory.
func (l *lineup) part(c *Change) {
	at := &l.end
	if next := l.next(c.filed.key); next != nil {
		at = &next.past
	}
	if *at == nil {
		*at = c.past
	}
	c.past = nil
}

// leave is part for a change that leaves memory and remains what it is.
func (l *lineup) leave(c *Change) {
	if next := l.next(c.filed.key); next != nil && (next.past == nil || next.past.last.compare(c.filed.key) < 0) {
		next.past = &past{last: c.filed.key, line: c.line}
	}
	l.forget(c.filed.key)
}

func (l *lineup) forget(k key) {
	if l.forgotten.compare(k) < 0 {
		l.forgotten = k
	}
}

// Remembers says whether all that a report about a place may have to do with is in memory, as far as it was ever taken in:
// the changes that were complete not long before the report's time or at any time since, or as many of them as can be told
// apart.
func Remembers(b *Book, p correlate.Place, t time.Time) bool {
	l := b.place(p)
	if l == nil {
		return false
	}
	from := t.Add(-b.cfg.reach())
	if l.forgotten.at.Before(from) {
		return true
	}
	n := 0
	for i := range l.all.from(key{at: t}) {
		if past := i.of.past; past != nil && !past.last.at.Before(from) {
			return false
		}
		if n++; n == b.limits.nearby() {
			break
		}
	}
	n = 0
	for i := range l.all.before(key{at: t}) {
		if i.at.Before(from) || n == b.limits.nearby() {
			break
		}
		if past := i.of.past; past != nil && !past.last.at.Before(from) {
			return false
		}
		n++
	}
	return true
}

// WasLive says that a change which isn't in memory brought a release to a place, as far as that is known.
func WasLive(b *Book, p correlate.Place, r names.Release) bool {
	l := b.lineup(p)
	if l.end.brought(r) {
		return true
	}
	for i := range l.all.all() {
		if i.of.past.brought(r) {
			return true
		}
	}
	return false
}

func (p *past) brought(r names.Release) bool {
	if p == nil {
		return false
	}
	live := p.line.all()
	at := lastOf(live, r)
	return at >= 0 && live[at].by != ""
}

// Missing are the ids of changes that by what was last settled are taken back, or no longer are, and that are not in memory,
// sorted. Once they are recalled, Settle says so of them.
func Missing(b *Book) []string { return slices.Sorted(maps.Keys(b.missing)) }

// Run is changes of a place that follow one another by completion, oldest first, without another in between.
type Run struct {
	Changes []correlate.ChangeRecord
	Whole   bool // no change of the place came before them
}

// Runs puts records that were stored into runs: all of each place that were complete at or after an instant, and the last
// correlate.Lineage, follow one another; those before are apart from one another.
func Runs(changes []correlate.ChangeRecord, since time.Time) (runs []Run) {
	places := map[correlate.Place][]correlate.ChangeRecord{}
	var order []correlate.Place
	for _, c := range changes {
		p := correlate.Place{Service: c.Service, Environment: c.Environment}
		if places[p] == nil {
			order = append(order, p)
		}
		places[p] = append(places[p], c)
	}
	for _, p := range order {
		all := places[p]
		slices.SortFunc(all, func(a, b correlate.ChangeRecord) int { return positionOf(&a).compare(positionOf(&b)) })
		begin, whole := 0, len(all) < correlate.Lineage
		for i := 1; i < len(all); i++ {
			if apart := i <= len(all)-correlate.Lineage && positionOf(&all[i-1]).at.Before(since); apart {
				runs = append(runs, Run{Changes: all[begin:i]})
				begin = i
			}
		}
		runs = append(runs, Run{Changes: all[begin:], Whole: whole || since.IsZero()})
	}
	return runs
}

func positionOf(r *correlate.ChangeRecord) key {
	if r.FinishedAt.IsZero() {
		return key{r.StartedAt, r.ID}
	}
	return key{r.FinishedAt, r.ID}
}

// connect works out how the changes of a run stand to those in memory: what was live after each, and what isn't in memory.
// Fresh are those that were just recalled and are in no run yet that was connected. What was worked out before without knowing
// what came before it is worked out again.
func (b lineage) connect(run Run, fresh map[*Change]bool) {
	var before *Change
	for i := range run.Changes {
		c := b.Change(run.Changes[i].ID)
		if c == nil || c.filed == nil {
			before = nil
			continue
		}
		follows := before != nil || i == 0 && run.Whole
		switch {
		case follows:
			c.past = nil
		case fresh[c]:
			c.past = &past{last: c.filed.key}
			b.lineupOf(c.filed.place).forget(c.filed.key)
		}
		if fresh[c] || follows && c.unsure {
			b.replay(c, before)
			c.unsure = !follows || before != nil && before.unsure
			delete(fresh, c)
		}
		before = c
	}
}

// replay works out what was live after a change that is recalled, from what was live before it and from what its record says.
func (b lineage) replay(c, before *Change) {
	var live line
	if before != nil {
		live = before.line
	}
	after, does := c.step(live, b.limits.line)
	if is := c.Record; (is.Rollback && !does.rollback) || (is.Redeploy && !does.redeploy) { // to what isn't known
		after = line{}.with(&deployed{release: ReleaseOf(is.Change), rollback: is.Rollback}, b.limits.line)
	}
	c.line, c.traced, c.took = after, true, fewOf(does.took)
}
