package dora

import (
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate/dora/stats"
)

// Forget has the table keep at most so many changes: when there are more, the oldest go, and a tenth more than need be, so
// that it isn't to be done for each change. With them go the incidents of that time. What is told of it later isn't entered.
func (t *Table) Forget(most int) {
	if t.Len() <= most {
		return
	}
	all := make([]time.Duration, 0, t.Len())
	for _, s := range t.sites {
		for i := range s.rows {
			all = append(all, time.Duration(s.rows[i].completion))
		}
	}
	oldest := len(all) - most*9/10 - 1
	stats.Smallest(all, oldest)
	t.since = max(t.since, instant(all[oldest])+1)
	for n, s := range t.sites {
		if gone := before(s.rows, t.since); gone > 0 {
			t.forget(uint32(n), gone)
		}
	}
	for id, n := range t.incidentAt {
		if t.trouble[n].opened < t.since {
			t.drop(id)
		}
	}
	for id := range t.aliases {
		if _, known := t.follow(id); !known {
			delete(t.aliases, id)
		}
	}
	t.unlinked = true
}

// forget drops the first rows of a site.
func (t *Table) forget(n uint32, gone int) {
	s := t.sites[n]
	for i := range s.rows[:gone] {
		r := &s.rows[i]
		s.waste += int(r.carries)
		delete(t.at, r.id)
		delete(t.details, r.id)
	}
	s.rows = slices.Clone(s.rows[gone:])
	t.stale[n] = struct{}{}
}

// Covers says whether the table has all that counts for a report: that nothing was forgotten of its window, nor of the time
// before it that a report looks at, and that the policy looks at nothing else.
func (t *Table) Covers(q Query) bool {
	return !q.Policy.peer() && (t.since == never || instantOf(q.From.Add(-mostReach)) >= t.since)
}
