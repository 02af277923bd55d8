package page

import (
	"context"
	"net/http"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora/quality"
	"github.com/shipwake/shipwake/correlate/names/meet"
	"github.com/shipwake/shipwake/sinks"
)

// qualityBody is what the records lack, and which names don't meet.
type qualityBody struct {
	Days   int
	Spans  []int
	Report quality.Report
	Checks []qualityCheck
	// Names are those that don't meet; Busy says that nobody can say now which do.
	Names meet.Names
	Busy  bool
}

// qualityCheck is one check in words.
type qualityCheck struct {
	quality.Check
	What, Mend string
	Shown      []string // the first of its examples
	Path       func(string) string
}

// mostShown is how many examples of a check are shown.
const mostShown = 5

// checked says what a check is about, what mends it, and where its examples are seen; nil where there is no page of one.
func checked(c quality.Check) qualityCheck {
	q := qualityCheck{Check: c, Shown: c.Examples[:min(len(c.Examples), mostShown)], Path: changePath}
	switch c.Name {
	case quality.WithoutCommits:
		q.What, q.Mend = "Deployments that told no commits", "They have no lead time. Tell commits with the deployment, or let them be asked for (change_pull)."
	case quality.WithoutTelemetry:
		q.What, q.Mend = "Changes without telemetry", "They can't be judged. Most often one service has two names: see below."
	case quality.WithoutService:
		q.What, q.Mend, q.Path = "Incidents of no service for sure", "They can't be linked by service. Let the alert or the incident carry the service.", nil
	case quality.Unattributed:
		q.What, q.Mend, q.Path = "Incidents that no change is held responsible for", "Either the change wasn't told, or something else breaks.", nil
	case quality.Late:
		q.What, q.Mend, q.Path = "Facts told more than an hour late", "Numbers that were published before they came were restated.", nil
	case quality.WithoutTeam:
		q.What, q.Mend, q.Path = "Services without a team", "Name owners by catalog-info.yaml, CODEOWNERS or a mapping.", servicePath
	default:
		q.What = string(c.Name)
	}
	return q
}

func (s *sink) quality(ctx context.Context, r *http.Request) (view, error) {
	at, err := asOf(r)
	if err != nil {
		return view{}, err
	}
	body := qualityBody{Spans: spans}
	if body.Days, err = days(r); err != nil {
		return view{}, err
	}
	to := s.reader.Status().Now
	if !at.IsZero() {
		to = at
	}
	body.Report, err = s.reader.Quality(ctx, quality.Query{From: to.AddDate(0, 0, -body.Days), To: to, AsOf: at})
	if err != nil {
		return view{}, err
	}
	for _, c := range body.Report.Checks {
		body.Checks = append(body.Checks, checked(c))
	}
	told, err := sinks.Places(ctx, s.reader, correlate.Place{}, false, sinks.MostPlaces)
	if err != nil {
		return view{}, err
	}
	heard := s.reader.Heard(ctx)
	body.Busy, body.Names = heard == nil, meet.Compare(told, heard)
	return view{Template: "quality", Title: "Data quality", Nav: "dora", AsOf: at, Body: body}, nil
}
