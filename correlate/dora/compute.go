package dora

import (
	"cmp"
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// Compute reports the DORA numbers of a window as of an instant; what happened after asOf is not yet known.
func Compute(q Query, d Data, asOf time.Time) Report {
	b := newBook(d, asOf)
	return q.report(asOf, func(c *counter) { c.countBook(b) })
}

// countBook counts the records of a book.
func (c *counter) countBook(b *book) {
	if c.Policy.peer() {
		c.peers(b)
		return
	}
	for _, change := range b.changes {
		at := completion(change)
		if c.within(at) {
			p := c.placeOf(change)
			for _, t := range c.tallies(instantOf(at), p) {
				t.change(b, change)
			}
			c.rolledOut(change, p)
		}
	}
	for _, in := range b.incidents {
		if c.within(in.OpenedAt) {
			for _, t := range c.tallies(instantOf(in.OpenedAt), c.placesOf(b, in)...) {
				t.incident(in, b.asOf)
			}
		}
	}
}

// Counted is a number of a report that changes are counted for one by one, by its name in Numbers.
type Counted string

// Those numbers. CountedFailures are the numerator of the change fail rate, CountedCompleted its denominator, and
// CountedRework the numerator of the rework rate.
const (
	CountedDeployments   Counted = "deployments"
	CountedFailures      Counted = "failures"
	CountedCompleted     Counted = "completed"
	CountedPending       Counted = "pending"
	CountedInconclusive  Counted = "inconclusive"
	CountedUnjudged      Counted = "unjudged"
	CountedOpenFailures  Counted = "open_failures"
	CountedRework        Counted = "rework"
	CountedRollbacks     Counted = "rollbacks"
	CountedRedeployments Counted = "redeployments"
	CountedDeployFailed  Counted = "deploy_failed"
)

// AllCounted lists every Counted.
func AllCounted() []Counted {
	return []Counted{
		CountedDeployments, CountedFailures, CountedCompleted, CountedPending, CountedInconclusive, CountedUnjudged,
		CountedOpenFailures, CountedRework, CountedRollbacks, CountedRedeployments, CountedDeployFailed,
	}
}

func (n Counted) of(t *tally) int {
	return map[Counted]int{
		CountedDeployments: t.deployments, CountedFailures: t.failures, CountedCompleted: t.judged, CountedPending: t.pending,
		CountedInconclusive: t.inconclusive, CountedUnjudged: t.unjudged, CountedOpenFailures: t.open, CountedRework: t.rework,
		CountedRollbacks: t.rollbacks, CountedRedeployments: t.redeployments, CountedDeployFailed: t.deployFailed,
	}[n]
}

// List is the changes that the total of a report counts for one of its numbers, those that were complete last first. Where a
// policy takes several rollouts for one deployment it lists them all; under the policy ratio nothing is listed for failures,
// which are incidents.
func List(q Query, d Data, asOf time.Time, what Counted) (all []correlate.ChangeRecord) {
	q.Series, q.Trend = "", false
	c, b := newCounter(q), newBook(d, asOf)
	keep := func(change *correlate.ChangeRecord, count func(*tally)) {
		var t tally
		if count(&t); what.of(&t) > 0 && c.covers(c.placeOf(change)) {
			all = append(all, *change)
		}
	}
	if c.Policy.peer() {
		c.listPeers(b, keep)
	} else {
		for _, change := range b.changes {
			if c.within(completion(change)) {
				keep(change, func(t *tally) { t.change(b, change) })
			}
		}
	}
	slices.SortFunc(all, func(x, y correlate.ChangeRecord) int {
		return cmp.Or(completion(&y).Compare(completion(&x)), cmp.Compare(y.ID, x.ID))
	})
	return all
}

// listPeers has each rollout kept that counts under the policy of another tool.
func (c *counter) listPeers(b *book, keep func(*correlate.ChangeRecord, func(*tally))) {
	units := c.units(b)
	c.link(b, units)
	for _, u := range units {
		if c.within(u.finished) {
			for _, r := range u.rows {
				keep(r, func(t *tally) { t.unit(b, u, c.Policy) })
			}
		}
	}
	for _, change := range b.changes {
		if c.within(completion(change)) {
			keep(change, func(t *tally) { t.failedRollout(change) })
		}
	}
}

// rolledOut notes where something was rolled out that isn't counted.
func (c *counter) rolledOut(change *correlate.ChangeRecord, p place) {
	if isRollout(change) && c.Query.elsewhere(p) {
		c.elsewhere = append(c.elsewhere, p.environment)
	}
}

// placesOf are where an incident happened: what it says itself, else what the change held responsible says. An incident of
// several services happened in each of them.
func (c *counter) placesOf(b *book, in *correlate.IncidentRecord) (all []place) {
	cause := b.byID[in.AttributedTo]
	services := in.About()
	if len(services) == 0 {
		services = []string{""}
		if cause != nil {
			services = []string{cause.Service}
		}
	}
	for _, service := range services {
		p := place{}
		if cause != nil {
			p = c.placeOf(cause)
		}
		p.service, p.environment = service, in.Environment
		p.owner = p.owner.or(b.owners[site{service, in.Environment}])
		all = append(all, p)
	}
	return all
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
