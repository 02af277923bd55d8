package template

import (
	"strings"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/route"
)

// Example is a message as it may come, to try a sink with. Batches follow each other, the last is what it is about.
type Example struct {
	Name    string
	Batches []sinks.Batch
}

// noon of the day of the examples.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// Examples has one for each kind of message, one with as little in it as may be, and one that is written to do harm.
func Examples() []Example {
	var all []Example
	for _, k := range route.Kinds() {
		all = append(all, NewExample(string(k), k, func(*correlate.Change) {}))
	}
	return append(all, NewExample("bare", route.Inconclusive, bare), NewExample("harmful", route.Regressed, harmful),
		NewExample("harmful incident", route.Incident, harmful), NewExample("harmful rollback", route.RollbackRequested, harmful))
}

func bare(c *correlate.Change) { *c = correlate.Change{ID: c.ID, Service: c.Service} }

// Harm is a text that mentions everybody, forges links and ends quotes in all the languages of receivers.
const Harm = "<!channel> @everyone @here </b><script>alert(1)</script> [a](javascript:b) \"'`*_~\n\\ {{.Key}} \x07\u202e & é 👩‍🚀"

func harmful(c *correlate.Change) {
	c.Version, c.PreviousVersion, c.Actor, c.Team, c.Commit, c.URL = Harm, Harm, Harm, Harm, Harm, "javascript:alert(1)"
	c.Service, c.Environment = "checkout"+Harm, "production"+Harm
	for name := range c.Labels {
		c.Labels[name] = strings.Repeat(Harm, 100)
	}
}

// NewExample is a message of a kind on a change that may be edited.
func NewExample(name string, k route.Kind, edit func(*correlate.Change)) Example {
	c := correlate.ChangeRecord{
		Change: correlate.Change{
			ID: "checkout-4711", Service: "checkout", Version: "v2.8.0", PreviousVersion: "v2.7.3", Commit: "9fceb02d0ae598e95dc970b74767f19372d61af8",
			Team: "shop", Actor: "ada", Source: "github", URL: "https://github.com/acme/checkout/actions/runs/4711",
			StartedAt: noon.Add(-10 * time.Minute), FinishedAt: noon.Add(-5 * time.Minute),
		},
		WindowEnd: noon.Add(time.Hour),
	}
	c.Labels = map[string]string{"repository": "acme/checkout", "project": "acme/checkout", "deployment_id": "987654", "issue": "SHOP-42", "change_request": "CHG0030001"}
	edit(&c.Change)
	c.Change = c.WithDefaults()
	bad := verdict(c, 1, correlate.Regressed, correlate.ReasonErrorRatio)
	over := verdict(c, 2, correlate.Regressed, correlate.ReasonErrorRatio)
	ended := noon.Add(24 * time.Minute)
	over.RecoveredAt, over.Final, over.DecidedAt = &ended, true, noon.Add(time.Hour)
	fine := verdict(c, 2, correlate.Healthy, correlate.ReasonWithinMargin)
	fine.Final = true
	open := verdict(c, 1, correlate.Inconclusive, correlate.ReasonUnderpowered)
	open.Final = true
	e := Example{Name: name}
	switch k {
	case route.Regressed:
		e.Batches = course(c, bad)
	case route.Recovered:
		c.RolledBackBy = "checkout-4712"
		e.Batches = course(c, bad, over)
	case route.Corrected:
		fine.Supersedes, fine.Reopened, fine.ReopenedBy = 1, correlate.LateChange, "ads-7"
		e.Batches = course(c, bad, fine)
	case route.Healthy:
		fine.Revision = 1
		e.Batches = course(c, fine)
	case route.Inconclusive:
		e.Batches = course(c, open)
	case route.RollbackRequested, route.RollbackWithdrawn, route.RollbackUnanswered:
		c.Verdict = &bad
		e.Batches = requests(c, k)
	case route.Incident:
		i := correlate.IncidentRecord{
			Incident: correlate.Incident{
				ID: "PD-88", Service: c.Service, Severity: "critical", Title: "Checkout fails", URL: "https://acme.pagerduty.com/incidents/PD-88", Source: "pagerduty",
				OpenedAt: noon.Add(3 * time.Minute),
			}.WithDefaults(),
			AttributedTo: c.ID, Inferred: true,
		}
		if c.Actor == Harm {
			i.Title, i.Severity, i.URL = Harm, Harm, c.URL
		}
		e.Batches = []sinks.Batch{{Incidents: []correlate.IncidentRecord{i}}}
	}
	return e
}

// requests has a transaction for each state of a request to take a change back.
func requests(c correlate.ChangeRecord, k route.Kind) []sinks.Batch {
	r := correlate.Rollback{
		ID: correlate.RollbackID(c.ID, 1), ChangeID: c.ID, Revision: 1, Service: c.Service, Environment: c.Environment, Version: c.Version,
		To: "v2.7.3", ToChange: "checkout-4698", Mode: correlate.RollbackOn, Result: correlate.RollbackRequested, DecidedAt: noon, Grade: correlate.GradeA, Blame: 0.93,
	}
	if c.Version == Harm {
		r.To = Harm
	}
	all := []sinks.Batch{{Rollbacks: []sinks.RollbackNews{{Rollback: r, Record: c}}}}
	switch k {
	case route.RollbackWithdrawn:
		r.AcknowledgedAt, r.WithdrawnAt, r.WithdrawnFor = noon.Add(time.Second), noon.Add(3*time.Minute), correlate.RollbackNotRegressed
		return append(all, sinks.Batch{Rollbacks: []sinks.RollbackNews{{Rollback: r, Record: c}}})
	case route.RollbackUnanswered:
		r.UnansweredAt = noon.Add(5 * time.Minute)
		return []sinks.Batch{{Rollbacks: []sinks.RollbackNews{{Rollback: r, Record: c}}}}
	}
	return all
}

// course has a transaction for each revision.
func course(c correlate.ChangeRecord, revisions ...correlate.Verdict) []sinks.Batch {
	var all []sinks.Batch
	for i, v := range revisions {
		record := c
		record.Verdict = &v
		all = append(all, sinks.Batch{Decisions: []sinks.Decision{{Verdict: v, Record: record, Prior: revisions[:i]}}})
	}
	return all
}

func verdict(c correlate.ChangeRecord, revision int, o correlate.Outcome, why correlate.Reason) correlate.Verdict {
	v := correlate.Verdict{
		ChangeID: c.ID, Service: c.Service, Environment: c.Environment, Version: c.Version,
		Outcome: o, Reason: why, Revision: revision, DecidedAt: noon, Grade: correlate.GradeA,
		Evidence: []correlate.Evidence{{
			Signal: "error_ratio", Baseline: 0.004, Observed: 0.031, Ratio: 7.75, Interval: [2]float64{4.9, 11.8},
			EValue: 8100, N: 12000, Events: 372, Grade: correlate.GradeA,
		}},
	}
	switch onset := noon.Add(-4 * time.Minute); o {
	case correlate.Regressed:
		v.OnsetAt, v.Blame = &onset, 0.93
	case correlate.Healthy:
		v.Evidence[0].Observed, v.Evidence[0].Ratio, v.Evidence[0].Interval, v.Evidence[0].Events = 0.004, 1.01, [2]float64{0.9, 1.1}, 48
		v.Evidence[0].AtMost = correlate.AtMost{Ratio: 1.1, Difference: 0.0004, Level: 0.95, MarginRatio: 1.25, MarginDifference: 0.002}
	default:
		v.Evidence[0].Interval, v.Evidence[0].Observed, v.Evidence[0].N, v.Evidence[0].Events = [2]float64{0.4, 9}, 0.008, 250, 2
		v.SmallestVisible = 6.2
	}
	return v
}

// notes are what an example says, one after the other.
func (e Example) notes(publicURL string) []Note {
	var all []Note
	for _, b := range e.Batches {
		for _, d := range b.Decisions {
			all = append(all, noteOf(d, publicURL))
		}
		for _, i := range b.Incidents {
			all = append(all, incidentNote(i))
		}
		for _, n := range b.Rollbacks {
			if kind, takes := (route.Config{On: route.Kinds()}).TakesRollback(n); takes {
				all = append(all, rollbackNote(n, kind, publicURL))
			}
		}
	}
	return all
}
