package page

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/sinks"
)

// mostRows is how many changes a page lists.
const mostRows = 100

// changesBody is the list of changes and their timeline.
type changesBody struct {
	Filters  []filter
	Timeline *timeline
	Rows     []row
	Next     string // the page of older ones
	Filtered bool
}

// filter is one field of the form that says what is listed.
type filter struct {
	Name, Label, Value string
	Choices            []string // of a closed list
}

// row is one change in a list.
type row struct {
	Change correlate.ChangeRecord
	Mark   mark
	Blame  string // how probable it is that this change did it, of one that regressed
}

func (s *sink) changes(ctx context.Context, r *http.Request) (view, error) {
	q, values, err := query(r)
	if err != nil {
		return view{}, err
	}
	found, err := s.listed(ctx, q, values)
	if err != nil {
		return view{}, err
	}
	body := changesBody{Timeline: newTimeline(found, values), Filters: filters(values), Filtered: len(values) > 0}
	for _, c := range found {
		body.Rows = append(body.Rows, newRow(c))
	}
	if len(found) == mostRows && !values.Has("counted") {
		values.Set("before", found[len(found)-1].ID)
		body.Next = "/changes?" + values.Encode()
	}
	v := view{Template: "changes", Title: "Changes", Nav: "changes", AsOf: q.AsOf, Body: body}
	if q.AsOf.IsZero() && q.Before == "" && q.To.IsZero() {
		v.Live = "/events/"
	}
	return v, nil
}

// listed are the changes that a query selects; with "counted" those that a DORA number counts, all of them.
func (s *sink) listed(ctx context.Context, q sinks.ChangeQuery, values url.Values) ([]correlate.ChangeRecord, error) {
	if !values.Has("counted") {
		return s.reader.Changes(ctx, q)
	}
	what, policy := dora.Counted(values.Get("counted")), dora.Policy(values.Get("policy"))
	if !slices.Contains(dora.AllCounted(), what) {
		return nil, &problem{http.StatusBadRequest, fmt.Sprintf("counted: %.64q is unknown", what), fmt.Sprintf("Choose one of %v.", dora.AllCounted())}
	}
	if policy != "" && !slices.Contains(dora.Policies(), policy) {
		return nil, &problem{http.StatusBadRequest, fmt.Sprintf("policy: %.64q is unknown", policy), fmt.Sprintf("Choose one of %v.", dora.Policies())}
	}
	if q.To.IsZero() {
		q.To = s.reader.Status().Now
	}
	if q.From.IsZero() {
		q.From = q.To.AddDate(0, 0, -standardDays)
	}
	return s.reader.Counted(ctx, dora.Query{
		Scope: dora.Scope{Service: q.Service, Environment: q.Environment, Team: values.Get("team")},
		By:    dora.GroupBy(values.Get("by")), // without an environment it is all of them when numbers are split by it
		From:  q.From, To: q.To, AsOf: q.AsOf, Policy: policy,
	}, what)
}

func newRow(c correlate.ChangeRecord) row {
	r := row{Change: c, Mark: listedMark(c)}
	if v := c.Verdict; v != nil && v.Outcome == correlate.Regressed {
		r.Blame = fmt.Sprintf("%.0f %%", 100*v.Blame)
	}
	return r
}

// query is what the address of a list asks for, and its parameters without those that are empty.
func query(r *http.Request) (q sinks.ChangeQuery, values url.Values, err error) {
	values = r.URL.Query()
	for name := range values {
		if values.Get(name) == "" {
			values.Del(name)
		}
	}
	q = sinks.ChangeQuery{
		Service: values.Get("service"), Namesakes: true, Environment: values.Get("environment"), Version: values.Get("version"),
		Verdict: correlate.Outcome(values.Get("verdict")), Before: values.Get("before"), Limit: mostRows,
	}
	if _, known := marks[q.Verdict]; q.Verdict != "" && !known {
		return q, nil, &problem{http.StatusBadRequest, fmt.Sprintf("verdict: %.64q is unknown", q.Verdict), "Choose regressed, healthy or inconclusive."}
	}
	if q.AsOf, err = asOf(r); err != nil {
		return q, nil, err
	}
	for name, at := range map[string]*time.Time{"from": &q.From, "to": &q.To} {
		if text := values.Get(name); text != "" {
			if *at, err = time.Parse(time.RFC3339Nano, text); err != nil {
				return q, nil, &problem{http.StatusBadRequest, fmt.Sprintf("%s: %.64q is not a time", name, text), "Write it as 2026-03-01T10:00:00Z."}
			}
		}
	}
	return q, values, nil
}

func filters(values url.Values) []filter {
	outcomes := []string{"", string(correlate.Regressed), string(correlate.Healthy), string(correlate.Inconclusive)}
	return []filter{
		{"service", "Service", values.Get("service"), nil}, {"environment", "Environment", values.Get("environment"), nil},
		{"version", "Version", values.Get("version"), nil}, {"verdict", "Verdict", values.Get("verdict"), outcomes},
	}
}
