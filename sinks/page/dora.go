package page

import (
	"context"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/internal/figures"
)

// doraBody is the numbers of the last days, and of what they are made.
type doraBody struct {
	Report       dora.Report
	Policy       dora.Policy
	Policies     []dora.Policy
	By           dora.GroupBy
	Bys          []dora.GroupBy
	Days         int
	Spans        []int
	Restatements []dora.Restatement
	Trends       []trend
}

// trend is how a metric moved.
type trend struct {
	Name, Means string
	Drawn       template.HTML // made by package chart, which escapes what it is told
	Rows        []trendRow
}

// trendRow is one period of it.
type trendRow struct{ Period, Said, Interval, From string }

// trends are the five metrics over the periods of a report.
func trends(r dora.Report) (all []trend) {
	for _, m := range figures.Five() {
		line := figures.Trend(r, m, dora.Numbers{})
		t := trend{Name: m.Name, Means: m.Means, Drawn: template.HTML(line.SVG())} //nolint:gosec // see Drawn
		for i, f := range figures.Past(r, m, dora.Numbers{}) {
			t.Rows = append(t.Rows, trendRow{r.Periods[i].Name, f.Said, f.Interval, f.From})
		}
		all = append(all, t)
	}
	return all
}

// series are the periods into which so many days are told apart.
func series(days int) dora.Calendar {
	switch {
	case days <= 7:
		return dora.Day
	case days <= 90:
		return dora.Week
	}
	return dora.Month
}

// Of is the list of the changes that a number of a group counts.
func (b doraBody) Of(n dora.Numbers, what dora.Counted) string {
	q := url.Values{
		"counted": {string(what)}, "policy": {string(b.Policy)}, "by": {string(b.By)},
		"from": {b.Report.From.UTC().Format(time.RFC3339Nano)}, "to": {b.Report.To.UTC().Format(time.RFC3339Nano)},
	}
	if b.By != dora.ByEnvironment {
		q.Set("environment", b.Report.Environment)
	}
	if n.Group != "" {
		q.Set(string(b.By), n.Group)
	}
	return "/changes?" + q.Encode()
}

// spans are the times that can be chosen, in days.
var spans = []int{7, 30, 90, 365}

// days is how many days a page is asked for.
func days(r *http.Request) (int, error) {
	text := r.URL.Query().Get("days")
	if text == "" {
		return standardDays, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || !slices.Contains(spans, n) {
		return 0, &problem{http.StatusBadRequest, fmt.Sprintf("days: %.64q is none of %v", text, spans), "Choose one of them."}
	}
	return n, nil
}

func (s *sink) dora(ctx context.Context, r *http.Request) (view, error) {
	at, err := asOf(r)
	if err != nil {
		return view{}, err
	}
	q := r.URL.Query()
	body := doraBody{Policy: dora.PolicyShipwake, Policies: dora.Policies(), By: dora.ByService, Bys: []dora.GroupBy{dora.ByService, dora.ByTeam, dora.ByEnvironment}, Spans: spans}
	if p := dora.Policy(q.Get("policy")); p != "" {
		body.Policy = p
	}
	if by := dora.GroupBy(q.Get("by")); by != "" {
		body.By = by
	}
	if body.Days, err = days(r); err != nil {
		return view{}, err
	}
	switch {
	case !slices.Contains(body.Policies, body.Policy):
		return view{}, &problem{http.StatusBadRequest, fmt.Sprintf("policy: %.64q is unknown", body.Policy), fmt.Sprintf("Choose one of %v.", body.Policies)}
	case !slices.Contains(body.Bys, body.By):
		return view{}, &problem{http.StatusBadRequest, fmt.Sprintf("by: %.64q is unknown", body.By), fmt.Sprintf("Choose one of %v.", body.Bys)}
	}
	to := s.reader.Status().Now
	if !at.IsZero() {
		to = at
	}
	from := to.AddDate(0, 0, -body.Days)
	if body.Report, err = s.reader.DORA(ctx, dora.Query{From: from, To: to, AsOf: at, By: body.By, Policy: body.Policy, Series: series(body.Days)}); err != nil {
		return view{}, err
	}
	body.Trends = trends(body.Report)
	if body.Restatements, err = s.restated(ctx, to); err != nil {
		return view{}, err
	}
	return view{Template: "dora", Title: "DORA", Nav: "dora", AsOf: at, Body: body}, nil
}

// restatedDays is how far back numbers that became others are shown.
const restatedDays = 90

// restated are the numbers of the last periods that became others after they were published.
func (s *sink) restated(ctx context.Context, to time.Time) ([]dora.Restatement, error) {
	all, err := s.reader.Restatements(ctx, dora.RestateQuery{From: to.AddDate(0, 0, -restatedDays), To: to, WindowDays: standardDays})
	return all.Restated, err
}
