package dora

import (
	"cmp"
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora/compat"
)

// unit is what the policy of another tool counts as one deployment: a rollout, or the rollouts of one pipeline.
type unit struct {
	rows      []*correlate.ChangeRecord
	finished  time.Time // the last of them
	incidents []*correlate.IncidentRecord
}

// peers counts under the policy of another tool.
func (c *counter) peers(b *book) {
	units := c.units(b)
	linked := c.link(b, units)
	for _, u := range units {
		if c.within(u.finished) {
			c.unit(b, u)
		}
	}
	for _, change := range b.changes {
		if c.within(completion(change)) {
			p := c.placeOf(change)
			c.rolledOut(change, p)
			for _, t := range c.tallies(instantOf(completion(change)), p) {
				t.failedRollout(change)
			}
		}
	}
	for i, in := range b.incidents {
		if c.within(in.OpenedAt) {
			c.incident(b, in, linked[i])
		}
	}
}

// units are the deployments that count, in the order in which the first row of each was complete.
func (c *counter) units(b *book) []*unit {
	var all []*unit
	pipelines := map[[2]string]*unit{}
	for _, change := range b.changes {
		if !isRollout(change) || c.Policy != PolicyMiddleware && change.Status != correlate.StatusSucceeded {
			continue
		}
		pipeline := [2]string{change.Labels[LabelPipeline], change.Environment}
		u := pipelines[pipeline]
		if u == nil || pipeline[0] == "" || c.Policy == PolicyMiddleware {
			u = &unit{}
			pipelines[pipeline] = u
			all = append(all, u)
		}
		u.rows = append(u.rows, change)
		u.finished = later(u.finished, completion(change))
	}
	return all
}

// link holds incidents against units. It says for each incident whether it is held against any.
func (c *counter) link(b *book, units []*unit) []bool {
	scopes := newScopes(c.Policy, b)
	var rows []compat.Row
	var of []*unit
	for _, u := range units {
		for _, r := range u.rows {
			rows = append(rows, compat.Row{
				ID: r.ID, Scope: scopes.of(siteOf(r)), At: int64(instantOf(completion(r))), Succeeded: r.Status == correlate.StatusSucceeded,
			})
			of = append(of, u)
		}
	}
	incidents := make([]compat.Incident, len(b.incidents))
	for i, in := range b.incidents {
		incidents[i].Opened = int64(instantOf(in.OpenedAt))
		if in.CausedBy != "" {
			incidents[i].Cause = in.AttributedTo
		}
		for _, service := range in.About() {
			incidents[i].Scopes = appendNew(incidents[i].Scopes, scopes.of(site{service, in.Environment}))
		}
	}
	linked := make([]bool, len(incidents))
	for i, rows := range c.Policy.links(rows, incidents) {
		for _, n := range rows {
			linked[i] = true
			of[n].incidents = appendNew(of[n].incidents, b.incidents[i])
		}
	}
	return linked
}

func (p Policy) links(rows []compat.Row, incidents []compat.Incident) [][]int {
	switch p {
	case PolicyDevLake:
		return compat.DevLake(rows, incidents)
	case PolicyMiddleware:
		return compat.Middleware(rows, incidents)
	case PolicyFourKeys:
		return compat.FourKeys(rows, incidents)
	}
	return nil
}

func appendNew[T comparable](all []T, one T) []T {
	if slices.Contains(all, one) {
		return all
	}
	return append(all, one)
}

// unit counts a deployment.
func (c *counter) unit(b *book, u *unit) {
	var places []place
	for _, r := range u.rows {
		places = append(places, c.placeOf(r))
		for _, t := range c.tallies(instantOf(u.finished), c.placeOf(r)) {
			t.arrived(b, r)
		}
	}
	for _, t := range c.tallies(instantOf(u.finished), places...) {
		t.unit(b, u, c.Policy)
	}
}

func (t *tally) unit(b *book, u *unit, p Policy) {
	t.deployments++
	t.judged++
	t.failures += p.failures(u)
	open := false
	for _, in := range u.incidents {
		if in.ResolvedAt.IsZero() || in.ResolvedAt.After(b.asOf) {
			open = true
			continue
		}
		t.recoveries = append(t.recoveries, in.ResolvedAt.Sub(u.finished))
	}
	if open {
		t.stillOpen(b.asOf.Sub(u.finished))
	}
}

// failures are what a deployment adds to the numerator.
func (p Policy) failures(u *unit) int {
	if p == PolicyFourKeys {
		return len(u.incidents)
	}
	return min(1, len(u.incidents))
}

// incident counts an incident that opened in the window.
func (c *counter) incident(b *book, in *correlate.IncidentRecord, linked bool) {
	for _, t := range c.tallies(instantOf(in.OpenedAt), c.placesOf(b, in)...) {
		if d, known := in.Lasted(); known && !in.ResolvedAt.After(b.asOf) {
			t.restores = append(t.restores, d)
		}
		switch {
		case c.Policy == PolicyRatio:
			t.failures++
			if in.ResolvedAt.IsZero() || in.ResolvedAt.After(b.asOf) {
				t.stillOpen(b.asOf.Sub(in.OpenedAt))
			}
		case !linked:
			t.unattributed++
		}
	}
}

// scopes are what the rows and incidents of a policy are told apart by.
type scopes struct {
	policy   Policy
	book     *book
	projects map[string]string // by service
}

func newScopes(p Policy, b *book) scopes {
	s := scopes{p, b, map[string]string{}}
	for _, c := range b.changes {
		if project := c.Labels[LabelProject]; project != "" {
			s.projects[c.Service] = project
		}
	}
	return s
}

// of is the scope of a place: the project of the service in devlake, the team in middleware; the service where there is
// none, so that an incident may name a project or a team as well.
func (s scopes) of(at site) string {
	owner := s.projects[at.service]
	if s.policy == PolicyMiddleware {
		owner = s.book.owners[at].team
	}
	return cmp.Or(owner, at.service) + "\x00" + at.environment
}
