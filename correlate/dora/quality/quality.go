// Package quality answers: how far can the DORA numbers be trusted, and what is missing?
//
// Each check has a part, the whole that it is a part of, and examples to begin with. It counts records one after the other, in
// any order, and keeps no more of them than counts, examples and the services with their teams.
package quality

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora/stats"
)

// Name names a check.
type Name string

// The checks.
const (
	// WithoutCommits are deployments that told neither commits nor a size: they have no lead time. Rollbacks and redeploys bring
	// none, and are left out.
	WithoutCommits Name = "deployments_without_commits"
	// WithoutTelemetry are changes whose window closed, or had passed when they were told, without telemetry of them.
	WithoutTelemetry Name = "changes_without_telemetry"
	// WithoutService are incidents of which nobody says for sure which service they are about.
	WithoutService Name = "incidents_without_service"
	// Unattributed are incidents for which no change is held responsible, those left out of which a report says that none is.
	Unattributed Name = "unattributed_incidents"
	// Late are changes and incidents that were first told more than an hour after they were complete, or opened.
	Late Name = "late_facts"
	// WithoutTeam are services with changes of which the newest has no team.
	WithoutTeam Name = "services_without_team"
)

// Names lists the checks in the order of a report.
func Names() []Name {
	return []Name{WithoutCommits, WithoutTelemetry, WithoutService, Unattributed, Late, WithoutTeam}
}

// LateAfter is how long after it happened a fact may be told without being late.
const LateAfter = time.Hour

// mostExamples is how many examples a check has.
const mostExamples = 20

// Query says what is looked at: changes that were complete, and incidents that opened, at From or later and before To.
type Query struct {
	From, To time.Time
	// Zero: all, but an empty Environment is production, as in DORA numbers.
	Service, Environment, Team string
	AsOf                       time.Time // what was known then; zero: now
}

// Report is the quality of what the numbers of a window are counted from.
type Report struct {
	Environment string    `json:"environment"`
	From        time.Time `json:"from"`
	To          time.Time `json:"to"`
	Changes     int       `json:"changes"`
	Incidents   int       `json:"incidents"`
	Checks      []Check   `json:"checks"` // all of Names, in that order
	// OwnerMistakes are the mistakes in the files of owners, each with file, document and line.
	OwnerMistakes []string `json:"owner_mistakes"`
}

// Check is one check.
type Check struct {
	Name Name `json:"check"`
	// Share is nil when there is nothing that could lack anything.
	Share *stats.Ratio `json:"share"`
	// Examples are ids of changes or incidents, the newest first, or names of services; at most 20.
	Examples []string `json:"examples"`
}

// Tally counts records.
type Tally struct {
	query              Query
	changes, incidents int
	checks             map[Name]*count
	teams              map[string]team
}

// team is that of the newest change of a service.
type team struct {
	name  string
	since time.Time
	by    string // the id of the change, which decides between two of one instant
}

type count struct {
	part, whole int
	examples    []example
}

// example is something that lacks something, and when it happened.
type example struct {
	id string
	at time.Time
}

// NewTally counts for a query.
func NewTally(q Query) *Tally {
	q.Environment = cmp.Or(q.Environment, correlate.DefaultEnvironment)
	t := &Tally{query: q, checks: map[Name]*count{}, teams: map[string]team{}}
	for _, n := range Names() {
		t.checks[n] = &count{}
	}
	return t
}

// Change counts a change, once each.
func (t *Tally) Change(c *correlate.ChangeRecord) {
	at := c.FinishedAt
	if at.IsZero() {
		at = c.StartedAt
	}
	if !t.within(at) || c.Environment != t.query.Environment || t.query.Service != "" && c.Service != t.query.Service ||
		c.Phase == correlate.PhaseMerged || c.Phase == correlate.PhaseRetracted {
		return
	}
	if owner := t.teams[c.Service]; cmp.Or(at.Compare(owner.since), cmp.Compare(c.ID, owner.by)) >= 0 {
		t.teams[c.Service] = team{c.Team, at, c.ID}
	}
	if t.query.Team != "" && c.Team != t.query.Team {
		return
	}
	t.changes++
	if c.Status == correlate.StatusSucceeded && c.Kind == correlate.KindDeployment && !c.Rollback && !c.Redeploy {
		t.count(WithoutCommits, c.ID, at, len(c.Commits) == 0 && c.Size == nil)
	}
	if c.Phase == correlate.PhaseHistory || c.Phase == correlate.PhaseClosed && c.Verdict != nil {
		t.count(WithoutTelemetry, c.ID, at, c.Verdict == nil || c.Verdict.Reason == correlate.ReasonNoTelemetry)
	}
	t.late(c.ID, at, c.ReceivedAt)
}

// Incident counts an incident, once each. Those of a team are told apart by the changes that were counted before.
func (t *Tally) Incident(i *correlate.IncidentRecord) {
	services := i.About()
	if !t.within(i.OpenedAt) || i.Retracted || i.Environment != t.query.Environment ||
		t.query.Service != "" && !i.IsAbout(t.query.Service) || t.query.Team != "" && !slices.ContainsFunc(services, t.owned) {
		return
	}
	t.incidents++
	t.count(WithoutService, i.ID, i.OpenedAt, len(services) == 0 || i.UnlinkedReason == correlate.UnlinkedGuess)
	if i.UnlinkedReason != correlate.UnlinkedSaid {
		t.count(Unattributed, i.ID, i.OpenedAt, i.AttributedTo == "")
	}
	t.late(i.ID, i.OpenedAt, i.ReceivedAt)
}

// owned says whether a service belongs to the team that is asked about.
func (t *Tally) owned(service string) bool { return t.teams[service].name == t.query.Team }

func (t *Tally) within(at time.Time) bool { return !at.Before(t.query.From) && at.Before(t.query.To) }

// late counts a fact of which it is known when it was first told.
func (t *Tally) late(id string, at, received time.Time) {
	if !received.IsZero() {
		t.count(Late, id, at, received.Sub(at) > LateAfter)
	}
}

func (t *Tally) count(n Name, id string, at time.Time, lacks bool) {
	c := t.checks[n]
	c.whole++
	if !lacks {
		return
	}
	c.part++
	c.examples = append(c.examples, example{id, at})
	if len(c.examples) >= 2*mostExamples {
		c.newest()
	}
}

// newest leaves the newest examples.
func (c *count) newest() {
	slices.SortFunc(c.examples, func(a, b example) int { return cmp.Or(b.at.Compare(a.at), cmp.Compare(a.id, b.id)) })
	c.examples = c.examples[:min(len(c.examples), mostExamples)]
}

// Report is what was counted, and ends the counting. OwnerMistakes is left to who knows them.
func (t *Tally) Report() Report {
	for _, service := range slices.Sorted(maps.Keys(t.teams)) {
		if t.query.Team == "" {
			t.count(WithoutTeam, service, time.Time{}, t.teams[service].name == "")
		}
	}
	r := Report{
		Environment: t.query.Environment, From: t.query.From, To: t.query.To, Changes: t.changes, Incidents: t.incidents,
		OwnerMistakes: []string{},
	}
	for _, n := range Names() {
		c := t.checks[n]
		c.newest()
		ids := []string{}
		for _, e := range c.examples {
			ids = append(ids, e.id)
		}
		r.Checks = append(r.Checks, Check{n, stats.Part(c.part, c.whole), ids})
	}
	return r
}
