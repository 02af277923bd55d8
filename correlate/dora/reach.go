package dora

import (
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// mostReach bounds how far before its window a report looks, whatever the records say of their times: a commit that
// arrived longer ago, and comes again, is taken for a first arrival.
const mostReach = 90 * 24 * time.Hour

// followed is how long repairs of repairs are looked for.
const followed = 7 * 24 * time.Hour

// endless is after all that is reported.
var endless = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// Reach is what a report needs from around its window: changes by completion and incidents by opening, From <= t < To.
// What these refer to by id (MergedInto, RolledBackBy, AttributedTo) may lie anywhere.
type Reach struct {
	ChangesFrom, ChangesTo     time.Time
	IncidentsFrom, IncidentsTo time.Time
}

// Reach says what may matter besides the given changes, which completed in the window (from Begin on). The cases:
//
//  1. no commit arrived before it was authored, so its first arrival is looked for as far back as that;
//  2. a deployment answers an incident that opened at most 24 hours before it began;
//  3. a hotfix speaks against a deployment in the window up to 24 hours later, and an incident up to attribution later;
//  4. so do they against a hotfix, and the one after that: repairs of repairs are followed for a week.
//
// A hotfix at the beginning of the window needs nothing from before: what it repaired is counted where that completed.
//
// The policies of other tools know no bound: an incident may be held against a deployment however long after it, and one of
// the window against a deployment of before, as far back as a report looks.
func (q Query) Reach(inWindow []correlate.ChangeRecord, attribution time.Duration) Reach {
	reach := Reach{
		ChangesFrom: q.Begin(), ChangesTo: q.To.Add(followed + 2*attributionWindow), // a hotfix that began in time takes its time
		IncidentsFrom: q.Begin().Add(-attributionWindow), IncidentsTo: q.To.Add(followed + max(attribution, attributionWindow)),
	}
	for i := range inWindow {
		c := &inWindow[i]
		if !isLive(c) {
			continue
		}
		for _, commit := range c.Commits {
			reach.ChangesFrom = earlier(reach.ChangesFrom, commit.AuthoredAt)
		}
		reach.IncidentsFrom = earlier(reach.IncidentsFrom, c.Start().Add(-attributionWindow))
	}
	most := q.Begin().Add(-mostReach)
	if q.Policy.peer() {
		reach.ChangesFrom, reach.ChangesTo, reach.IncidentsTo = most, endless, endless
	}
	reach.ChangesFrom, reach.IncidentsFrom = later(reach.ChangesFrom, most), later(reach.IncidentsFrom, most)
	return reach
}

// earlier is the earlier of two times; an unknown one is no time.
func earlier(a, b time.Time) time.Time {
	if !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// By is the data as it stood at an instant by the times of its facts: what was complete, had opened, was decided and resolved
// by then, whenever that was told. It stands in for the history of records before there was one: of a history that was taken in
// later, nobody can say what was known when.
func (d Data) By(t time.Time) Data {
	known := Data{}
	there := map[string]bool{}
	for _, c := range d.Changes {
		if !completion(&c).After(t) {
			there[c.ID] = true
			known.Changes = append(known.Changes, c)
		}
	}
	opened := map[string]bool{}
	for _, i := range d.Incidents {
		if i.OpenedAt.After(t) {
			continue
		}
		opened[i.ID] = true
		if i.ResolvedAt.After(t) {
			i.ResolvedAt = time.Time{}
		}
		known.Incidents = append(known.Incidents, i)
	}
	for n := range known.Changes {
		c := &known.Changes[n]
		if !there[c.RolledBackBy] {
			c.RolledBackBy = ""
		}
		if c.RecoveredAt.After(t) {
			c.RecoveredAt = time.Time{}
		}
		if c.Verdict != nil && c.Verdict.DecidedAt.After(t) {
			c.Verdict = nil
		}
		c.Notes = slices.DeleteFunc(slices.Clone(c.Notes), func(n correlate.Note) bool { return n.At.After(t) })
		c.Incidents = slices.DeleteFunc(slices.Clone(c.Incidents), func(id string) bool { return !opened[id] })
	}
	return known
}
