package dora

import (
	"cmp"
	"maps"
	"slices"
)

// scratch is what is needed while a site is worked out.
type scratch struct {
	seen  map[key]struct{} // commits that arrived
	index map[key]int      // rows by change
	of    *siteRows        // the site that index is of
	held  []uint32         // incidents of a site by the change that they are held against
	cause []int            // the row of the change that each of a site's incidents is held against
}

// work brings what is worked out from several records up to date.
func (t *Table) work() {
	if t.unlinked {
		t.link()
	}
	maps.Copy(t.stale, t.abroad)
	stale := slices.Sorted(maps.Keys(t.stale))
	clear(t.stale)
	t.scratch.of = nil
	for _, n := range stale {
		t.derive(t.sites[n])
	}
	for _, n := range stale {
		t.recoveries(n)
	}
}

// derive works out what the changes of a site mean to one another. Recoveries come after, since they hang on all of it.
func (t *Table) derive(s *siteRows) {
	s.compact()
	s.owner = owner{}
	for i := range s.rows {
		r := &s.rows[i]
		s.owner = t.traits[r.traits].owner.or(s.owner)
		r.marks &^= hurt | rework
		r.marks.set(hurt, r.marks.has(incidents|blamed) || !r.marks.has(overruled) && r.marks.has(regressed|takenBack))
		r.marks.set(rework, r.marks.has(rollback|hotfix|answering))
	}
	t.linkArrivals(s)
	t.linkHotfixes(s)
	t.linkTroubles(s)
}

// linkArrivals finds which deployment brought each commit first.
func (t *Table) linkArrivals(s *siteRows) {
	clear(t.scratch.seen)
	for i := range s.rows {
		r := &s.rows[i]
		run := s.carriedBy(r)
		for j := range run {
			c := &run[j]
			c.sha &^= arrived
			if _, seen := t.scratch.seen[c.sha]; seen || !r.marks.live() {
				continue
			}
			t.scratch.seen[c.sha] = struct{}{}
			if c.authored != never && !r.marks.has(rollback|redeployed) {
				c.sha |= arrived
			}
		}
	}
}

// linkHotfixes finds for each hotfix the deployment that it repairs.
func (t *Table) linkHotfixes(s *siteRows) {
	for i := range s.rows {
		r := &s.rows[i]
		if !r.marks.has(detailed) {
			continue
		}
		if d := t.detail(r.id); d.derived() {
			d.hotfix, d.recovered, d.detected, d.telemetry = 0, never, never, false
			t.keep(r, d)
		}
	}
	for i := range s.rows {
		r := &s.rows[i]
		if !r.marks.has(hotfix) || r.marks.has(rollback) || !r.marks.live() {
			continue
		}
		if repaired := liveBefore(s.rows[:i], r.start); repaired != nil {
			if d := t.detail(repaired.id); d.hotfix == 0 {
				d.hotfix = r.id
				t.keep(repaired, d)
				repaired.marks.set(hurt, !repaired.marks.has(overruled))
			}
		}
	}
}

// liveBefore is liveAt of rows.
func liveBefore(rows []row, at instant) *row {
	for i := len(rows) - 1; i >= 0; i-- {
		r := &rows[i]
		if !r.marks.live() || r.completion > at {
			continue
		}
		if r.marks.has(rollback) || at.since(r.completion) > attributionWindow {
			return nil
		}
		return r
	}
	return nil
}

// linkTroubles finds which changes incidents are held against, and which began while one was open.
func (t *Table) linkTroubles(s *siteRows) {
	if len(s.troubles) == 0 {
		return
	}
	x := &t.scratch
	x.cause = x.cause[:0]
	for _, n := range s.troubles {
		in := &t.trouble[n]
		i := t.row(s, in.cause)
		s.rows[i].marks |= hurt
		in.traits = s.rows[i].traits
		x.cause = append(x.cause, i)
	}
	for i := range s.rows {
		r := &s.rows[i]
		r.marks.set(rework, r.marks.live() && !r.marks.has(rework) && t.answers(s, r))
	}
}

// answers says whether an incident caused by an earlier change of the site was open when a change began.
func (t *Table) answers(s *siteRows, r *row) bool {
	from, _ := slices.BinarySearchFunc(s.troubles, r.start, func(n uint32, start instant) int {
		if start.since(t.trouble[n].opened) > attributionWindow {
			return -1
		}
		return 1
	})
	for j := from; j < len(s.troubles); j++ {
		in := &t.trouble[s.troubles[j]]
		if in.opened > r.start {
			return false
		}
		open := in.resolved == never || r.start < in.resolved
		if open && s.rows[t.scratch.cause[j]].start < r.start {
			return true
		}
	}
	return false
}

// most rows that are looked through one by one.
const mostScanned = 32

// row is the place of a change in its site.
func (t *Table) row(s *siteRows, id key) int {
	x := &t.scratch
	if len(s.rows) <= mostScanned {
		return s.find(id)
	}
	if x.of != s {
		x.of = s
		clear(x.index)
		for i := range s.rows {
			x.index[s.rows[i].id] = i
		}
	}
	return x.index[id]
}

// heldAgainst are the incidents of a change, of a site whose incidents are sorted by that.
func (t *Table) heldAgainst(id key) []uint32 {
	held := t.scratch.held
	from, _ := slices.BinarySearchFunc(held, id, func(n uint32, id key) int { return cmp.Compare(t.trouble[n].cause, id) })
	to := from
	for to < len(held) && t.trouble[held[to]].cause == id {
		to++
	}
	return held[from:to]
}

// sortHeld sorts the incidents of a site by the change that they are held against.
func (t *Table) sortHeld(s *siteRows) {
	t.scratch.held = append(t.scratch.held[:0], s.troubles...)
	slices.SortFunc(t.scratch.held, func(a, b uint32) int { return cmp.Compare(t.trouble[a].cause, t.trouble[b].cause) })
}
