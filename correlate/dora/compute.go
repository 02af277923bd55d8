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
	total, groups := &tally{}, map[group]*tally{}
	count := func(add func(*tally), places ...place) {
		counted, covered := map[group]bool{}, false
		for _, p := range places {
			if !q.covers(p) {
				continue
			}
			covered = true
			for _, g := range q.groups(p) {
				counted[g] = true
			}
		}
		if covered {
			add(total)
		}
		for g := range counted {
			if groups[g] == nil {
				groups[g] = &tally{}
			}
			add(groups[g])
		}
	}
	var elsewhere []string
	for _, c := range b.changes {
		if q.within(completion(c)) {
			count(func(t *tally) { t.change(b, c) }, placeOf(c))
			if isRollout(c) && q.elsewhere(placeOf(c)) {
				elsewhere = append(elsewhere, c.Environment)
			}
		}
	}
	slices.Sort(elsewhere)
	for _, i := range b.incidents {
		if q.within(i.OpenedAt) {
			count(func(t *tally) { t.incident(i, asOf) }, b.placesOfIncident(i)...)
		}
	}
	days := q.days(asOf)
	r := Report{
		Policy: PolicyShipwake, Environment: q.environment(), OtherEnvironments: slices.Compact(elsewhere), From: q.From, To: q.To, AsOf: asOf, By: q.By,
		Total: total.numbers(days),
	}
	for g, t := range groups {
		n := t.numbers(days)
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
