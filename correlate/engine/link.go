package engine

import (
	"maps"
	"slices"
	"sort"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// touched is what a batch of facts was about.
type touched struct {
	places    map[place]bool
	changes   map[*change]bool
	incidents map[*incident]bool
	from, to  int64 // the time that the changes take, 0: none was touched
}

func (t *touched) place(p place) { t.places = put(t.places, p) }

func (t *touched) change(c *change) {
	t.stretch(c.own)
	t.changes = put(t.changes, c)
	t.place(c.place())
}

// stretch notes when a change took place.
func (t *touched) stretch(c correlate.Change) {
	if t.from == 0 {
		t.from, t.to = began(c), ended(c)
	}
	t.from, t.to = min(t.from, began(c)), max(t.to, ended(c))
}

func (t *touched) incident(i *incident) { t.incidents = put(t.incidents, i) }

func put[K comparable](set map[K]bool, k K) map[K]bool {
	if set == nil {
		set = map[K]bool{}
	}
	set[k] = true
	return set
}

// relink works out anew what the changes of the touched places mean to one another: redeploys, rollbacks, and the
// incidents they answer for. It is a function of the sorted changes, so the order of their arrival doesn't show.
func (e *Engine) relink(t touched) {
	for _, p := range slices.SortedFunc(maps.Keys(t.places), place.Compare) {
		moved := e.rollbacks(e.byPlace[p])
		for _, i := range e.incidentsAt[p] {
			t.incident(i)
		}
		for _, c := range e.byPlace[p] {
			if t.changes[c] {
				for _, i := range e.incidentsBy[c.rec.ID] {
					t.incident(i)
				}
			}
			if by := e.changes[c.rec.RolledBackBy]; moved[c] || (by != nil && t.changes[by]) {
				t.changes = put(t.changes, c)
			}
		}
	}
	for _, i := range slices.SortedFunc(maps.Keys(t.incidents), byID) {
		e.attribute(i)
	}
	for _, c := range slices.SortedFunc(maps.Keys(t.changes), byCompletion) {
		e.recovery(c)
		e.publish(c)
	}
}

// rollbacks walks the versions in the order they went live. A version that had been live before and was superseded
// comes back: that is a rollback, of every change since it was last live.
//
// It returns the changes whose part in this is another than before. What was judged with the old part is judged again.
func (e *Engine) rollbacks(changes []*change) map[*change]bool {
	type role struct {
		redeploy, rollback bool
		rolledBackBy       string
	}
	roleOf := func(c *change) role { return role{c.rec.Redeploy, c.rec.Rollback, c.rec.RolledBackBy} }
	before := make([]role, len(changes))
	for i, c := range changes {
		before[i] = roleOf(c)
	}
	trace(changes)
	moved := map[*change]bool{}
	for i, c := range changes {
		if roleOf(c) != before[i] {
			moved[c] = true
		}
		if c.rec.Rollback != before[i].rollback {
			e.goBack(c.start(), correlate.LateChange, c.rec.ID)
		}
		if c.rec.RolledBackBy != before[i].rolledBackBy {
			for _, id := range []string{c.rec.RolledBackBy, before[i].rolledBackBy} {
				if by := e.changes[id]; by != nil {
					e.goBack(by.start(), correlate.LateChange, id)
				}
			}
		}
	}
	return moved
}

// trace is the walk itself.
func trace(changes []*change) {
	type deployed struct {
		version string
		by      *change
	}
	var line []deployed
	seen := map[string][]int{} // where in the line a version was put, the latest last
	for _, c := range changes {
		c.rec.Redeploy, c.rec.RolledBackBy = false, ""
		c.rec.Rollback = c.rec.Kind == correlate.KindRollback
		if !c.live() || !c.rollsOut() {
			continue
		}
		back := -1
		for at := seen[c.rec.Version]; len(at) > 0; at = at[:len(at)-1] {
			if i := at[len(at)-1]; i < len(line) && line[i].version == c.rec.Version {
				back = i
				break
			}
			seen[c.rec.Version] = at[:len(at)-1]
		}
		switch {
		case back >= 0 && back == len(line)-1:
			c.rec.Redeploy = true
		case back >= 0:
			c.rec.Rollback = true
		case c.rec.Rollback && len(line) > 0:
			back = max(0, len(line)-2) // said to be one, to a version never seen: it takes the last change back
			if len(line) == 1 {
				back = -1
			}
		}
		if c.rec.Rollback {
			for _, d := range line[back+1:] {
				if d.by != nil && d.by.rec.RolledBackBy == "" && !d.by.rec.Rollback {
					d.by.rec.RolledBackBy = c.rec.ID
				}
			}
			line = line[:back+1]
		}
		push := func(version string, by *change) {
			if version != "" {
				seen[version] = append(seen[version], len(line))
			}
			line = append(line, deployed{version, by})
		}
		if len(line) == 0 && c.rec.PreviousVersion != "" && c.rec.PreviousVersion != c.rec.Version {
			push(c.rec.PreviousVersion, nil)
		}
		if !c.rec.Redeploy {
			push(c.rec.Version, c)
		}
	}
}

// attribute finds the change that an incident is held against: the one it names, else the last change of the same
// service that was complete when the incident opened, at most Attribution before.
func (e *Engine) attribute(i *incident) {
	old := i.rec.AttributedTo
	i.rec.AttributedTo, i.rec.Inferred = e.named(i.rec.CausedBy), false
	if i.rec.CausedBy == "" {
		if c := e.lastBefore(i.place(), i.rec.OpenedAt); c != nil {
			i.rec.AttributedTo, i.rec.Inferred = c.rec.ID, true
		}
	}
	if old != i.rec.AttributedTo {
		e.objects(i, old)
		e.objects(i, i.rec.AttributedTo)
	}
	if old != "" && old != i.rec.AttributedTo {
		if c := e.changes[old]; c != nil {
			c.rec.Incidents = without(c.rec.Incidents, i.rec.ID)
			e.recovery(c)
			e.publish(c)
		}
	}
	if c := e.changes[i.rec.AttributedTo]; c != nil {
		c.rec.Incidents = with(c.rec.Incidents, i.rec.ID)
		e.recovery(c)
		e.publish(c)
	}
	e.publishIncident(i)
}

// named is the change that goes by an id: of several reports of one rollout, the one that the others are merged into.
func (e *Engine) named(id string) string {
	if id == correlate.CausedByNone {
		return ""
	}
	if c := e.changes[id]; c != nil && c.rec.MergedInto != "" {
		return c.rec.MergedInto
	}
	return id
}

// objects: that an incident is held against a change, or no longer is, bears on what later rollouts are compared with.
func (e *Engine) objects(i *incident, id string) {
	c := e.changes[id]
	if c == nil {
		return
	}
	for _, later := range e.watched {
		if later.rollsOut() && later.start() >= i.rec.OpenedAt.Unix() && later.start() > c.start() && e.near(c.place())[later.place()] {
			e.goBack(later.start(), correlate.LateIncident, i.rec.ID)
		}
	}
}

func (e *Engine) lastBefore(p place, t time.Time) *change {
	all := e.byPlace[p]
	later := sort.Search(len(all), func(i int) bool { return all[i].completed().After(t) })
	for n := later - 1; n >= 0; n-- {
		c := all[n]
		if !c.live() || c.rec.Rollback || c.rec.Abandoned {
			continue
		}
		if t.Sub(c.completed()) > time.Duration(e.cfg.Attribution)*time.Second {
			return nil
		}
		return c
	}
	return nil
}

// recovery sets the first proven recovery of a failed change: the rollback that took it back is complete, its
// telemetry is back in the baseline, or the last of its incidents was resolved.
func (e *Engine) recovery(c *change) {
	var first time.Time
	consider := func(t time.Time) {
		if !t.IsZero() && !t.Before(c.completed()) && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	v := c.verdict()
	failed := len(c.rec.Incidents) > 0 || c.rec.RolledBackBy != "" || (v != nil && v.Outcome == correlate.Regressed)
	if failed {
		if by := e.changes[c.rec.RolledBackBy]; by != nil && by.rec.Status == correlate.StatusSucceeded {
			consider(by.completed())
		}
		if v != nil && v.Outcome == correlate.Regressed && v.RecoveredAt != nil {
			consider(*v.RecoveredAt)
		}
		consider(e.resolved(c))
	}
	c.rec.RecoveredAt = first
}

// resolved is when the last incident of a change was resolved; zero while one is open, or there is none.
func (e *Engine) resolved(c *change) (last time.Time) {
	for _, id := range c.rec.Incidents {
		i := e.incidents[id]
		switch {
		case i == nil:
		case i.rec.ResolvedAt.IsZero():
			return time.Time{}
		case i.rec.ResolvedAt.After(last):
			last = i.rec.ResolvedAt
		}
	}
	return last
}

func with(ids []string, id string) []string {
	n, found := slices.BinarySearch(ids, id)
	if found {
		return ids
	}
	return slices.Insert(slices.Clone(ids), n, id)
}

func without(ids []string, id string) []string {
	n, found := slices.BinarySearch(ids, id)
	if !found {
		return ids
	}
	if len(ids) == 1 {
		return nil
	}
	return slices.Delete(slices.Clone(ids), n, n+1)
}
