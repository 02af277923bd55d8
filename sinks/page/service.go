package page

import (
	"context"
	"net/http"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/sinks"
)

// standardDays is the time that numbers are counted over.
const standardDays = 30

// serviceBody is what a service went through.
type serviceBody struct {
	Service     string
	Live        []row // what is live, one for each environment
	Timeline    *timeline
	Rows        []row
	Open        []correlate.Regression
	Incidents   []correlate.IncidentRecord
	Numbers     dora.Report
	HeardIn     []string
	Reliability reliability
}

// reliability is how far the verdicts on a service can be trusted: how many said something, and how many were corrected.
type reliability struct {
	Judged, Conclusive, Corrected int
}

func (s *sink) service(ctx context.Context, r *http.Request) (view, error) {
	at, err := asOf(r)
	if err != nil {
		return view{}, err
	}
	name := r.PathValue("name")
	now := s.reader.Status().Now
	body := serviceBody{Service: name, HeardIn: s.reader.HeardIn(ctx, name)}
	found, err := s.reader.Changes(ctx, sinks.ChangeQuery{Service: name, Limit: mostRows, AsOf: at})
	if err != nil {
		return view{}, err
	}
	if len(found) == 0 && len(body.HeardIn) == 0 {
		return view{}, &problem{http.StatusNotFound, "Nothing is known of the service " + name, "The list of changes has all services that changed."}
	}
	body.Timeline = newTimeline(found, r.URL.Query())
	for _, c := range found {
		body.Rows = append(body.Rows, newRow(c))
	}
	body.Live, body.Reliability = liveOf(found), reliabilityOf(found)
	if body.Incidents, err = s.reader.Incidents(ctx, sinks.IncidentQuery{Service: name, Limit: mostBeside, AsOf: at}); err != nil {
		return view{}, err
	}
	if body.Open, err = s.open(ctx, name, now, at); err != nil {
		return view{}, err
	}
	body.Numbers, err = s.reader.DORA(ctx, numbersOf(name, now, at, dora.ByNothing))
	v := view{Template: "service", Title: name, Nav: "changes", AsOf: at, Body: body}
	if at.IsZero() {
		v.Live = "/events/"
	}
	return v, err
}

// numbersOf asks for the numbers of the last days.
func numbersOf(service string, now, at time.Time, by dora.GroupBy) dora.Query {
	if !at.IsZero() {
		now = at
	}
	return dora.Query{Scope: dora.Scope{Service: service}, From: now.AddDate(0, 0, -standardDays), To: now, AsOf: at, By: by}
}

// open are the regressions of a service that last; of the past no history of them is kept.
func (s *sink) open(ctx context.Context, name string, now, at time.Time) ([]correlate.Regression, error) {
	if !at.IsZero() {
		return nil, nil
	}
	found, err := s.reader.Regressions(ctx, sinks.RegressionQuery{Service: name, From: now.AddDate(0, 0, -standardDays), Limit: mostRows})
	var all []correlate.Regression
	for _, r := range found {
		if r.RecoveredAt == nil && !r.Withdrawn {
			all = append(all, r)
		}
	}
	return all, err
}

// liveOf is the newest change of each environment that is complete, among changes with the newest first.
func liveOf(changes []correlate.ChangeRecord) (all []row) {
	seen := map[string]bool{}
	for _, c := range changes {
		if !seen[c.Environment] && c.Status == correlate.StatusSucceeded && c.Version != "" && c.Phase != correlate.PhaseMerged && c.Phase != correlate.PhaseRetracted {
			seen[c.Environment] = true
			all = append(all, newRow(c))
		}
	}
	return all
}

func reliabilityOf(changes []correlate.ChangeRecord) (r reliability) {
	for _, c := range changes {
		v := c.Verdict
		if v == nil || !v.Final {
			continue
		}
		r.Judged++
		if v.Outcome != correlate.Inconclusive {
			r.Conclusive++
		}
		if v.Supersedes > 0 {
			r.Corrected++
		}
	}
	return r
}
