package dora

import (
	"cmp"
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// Compute reports the DORA numbers of a window as of an instant; what happened after asOf is not yet known.
func Compute(q Query, d Data, asOf time.Time) Report {
	c, b := newCounter(q), newBook(d, asOf)
	if q.Policy.peer() {
		c.peers(b)
		return c.report(asOf)
	}
	for _, change := range b.changes {
		if q.within(completion(change)) {
			for _, t := range c.tallies(placeOf(change)) {
				t.change(b, change)
			}
			c.rolledOut(change)
		}
	}
	for _, in := range b.incidents {
		if q.within(in.OpenedAt) {
			for _, t := range c.tallies(b.placesOfIncident(in)...) {
				t.incident(in, asOf)
			}
		}
	}
	return c.report(asOf)
}

// counter is a report while it is counted.
type counter struct {
	Query
	total     tally
	groups    map[group]*tally
	elsewhere []string // environments of rollouts that the query leaves out, and doesn't name another
}

func newCounter(q Query) *counter { return &counter{Query: q, groups: map[group]*tally{}} }

// tallies are the counts that something at some places goes into, each once.
func (c *counter) tallies(places ...place) (all []*tally) {
	for _, p := range places {
		if !c.covers(p) {
			continue
		}
		if len(all) == 0 {
			all = append(all, &c.total)
		}
		for _, g := range c.Query.groups(p) {
			if c.groups[g] == nil {
				c.groups[g] = &tally{}
			}
			if !slices.Contains(all, c.groups[g]) {
				all = append(all, c.groups[g])
			}
		}
	}
	return all
}

// rolledOut notes where something was rolled out that isn't counted.
func (c *counter) rolledOut(change *correlate.ChangeRecord) {
	if isRollout(change) && c.Query.elsewhere(placeOf(change)) {
		c.elsewhere = append(c.elsewhere, change.Environment)
	}
}

func (c *counter) report(asOf time.Time) Report {
	days := c.days(asOf)
	slices.Sort(c.elsewhere)
	r := Report{
		Policy: c.Policy.known(), PolicyVersion: c.Policy.Version(), Environment: c.environment(),
		OtherEnvironments: slices.Compact(c.elsewhere), From: c.From, To: c.To, AsOf: asOf, By: c.By,
		Total: c.Policy.numbers(&c.total, days),
	}
	for g, t := range c.groups {
		n := c.Policy.numbers(t, days)
		n.Group, n.Service, n.Environment = g.name, g.service, g.environment
		r.Groups = append(r.Groups, n)
	}
	sortGroups(r.Groups)
	return r
}

func sortGroups(all []Numbers) {
	slices.SortFunc(all, func(a, b Numbers) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Environment, b.Environment),
			cmp.Compare(a.Service, b.Service))
	})
}

// completion is when a rollout reached all its users: its finish, or its start when nobody told the finish.
func completion(c *correlate.ChangeRecord) time.Time {
	if c.FinishedAt.IsZero() {
		return c.StartedAt
	}
	return c.FinishedAt
}

// isRollout says whether a change is a rollout of a version, in contrast to a flag flip or a change of configuration.
func isRollout(c *correlate.ChangeRecord) bool {
	return c.Kind == correlate.KindDeployment || c.Kind == correlate.KindRollback
}

func isRollback(c *correlate.ChangeRecord) bool {
	return c.Kind == correlate.KindRollback || c.Rollback
}

// isLive says whether a rollout has come to its end and reached users, be it that it failed after that. One that failed is
// known to have when it was found to hurt.
func isLive(c *correlate.ChangeRecord) bool {
	return isRollout(c) && (c.Status == correlate.StatusSucceeded || c.Served || (c.Status != correlate.StatusStarted && isRegressed(c)))
}
