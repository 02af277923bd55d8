package api

import (
	"maps"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // zones are known wherever the daemon runs

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
)

// scope is what of DORA numbers was asked for.
func (p *parameters) scope() dora.Scope {
	s := dora.Scope{
		Service: p.text("service"), Environment: p.text("environment"), Team: p.text("team"), System: p.text("system"),
		Class: choice(p, "class", append(dora.Classes(), dora.NoGroup)...),
		Kind:  choice(p, "kind", correlate.Kinds()...),
	}
	for _, parameter := range slices.Sorted(maps.Keys(p.query)) {
		name, is := strings.CutPrefix(parameter, labelParameter)
		switch {
		case !is:
		case p.text(parameter) == "":
			p.wrong(parameter, "is empty; %s asks for changes without this label", dora.NoGroup)
		default:
			s.Labels = append(s.Labels, dora.Label{Name: name, Value: p.text(parameter)})
		}
	}
	return s
}

// groupBy is one of those that are listed, or one by a label.
func (p *parameters) groupBy() dora.GroupBy {
	by := dora.GroupBy(p.text("by"))
	if _, label := by.Label(); label || slices.Contains(dora.GroupBys(), by) {
		return by
	}
	p.wrong("by", "%q is unknown; use one of %v, or label:NAME", clip(string(by)), dora.GroupBys()[1:])
	return ""
}

// zone is a time zone of the IANA database; that of the machine isn't one.
func (p *parameters) zone(name string) *time.Location {
	if !p.query.Has(name) {
		return nil
	}
	zone, err := time.LoadLocation(p.text(name))
	if err != nil || p.text(name) == "" || p.text(name) == "Local" {
		p.wrong(name, "%q is not a time zone such as UTC or Europe/Berlin", clip(p.text(name)))
		return nil
	}
	return zone
}

// standardDays is the window of a DORA report when nobody says otherwise; standardPeriods that of a series.
const standardDays = 30

var standardPeriods = map[dora.Calendar]int{dora.Day: 30, dora.Week: 12, dora.Month: 12, dora.Quarter: 8}

// window sets the window of a report. One of a series begins with a period, unless its beginning is told.
func (p *parameters) window(q *dora.Query, now time.Time) {
	q.From, q.To = p.span(now)
	if q.To.IsZero() {
		q.To = now
	}
	zone := q.Zone
	if zone == nil {
		zone = time.UTC
	}
	switch {
	case q.Series != "" && !p.query.Has("from") && p.err == nil:
		if q.From.IsZero() {
			q.From = q.Series.Back(q.To.Add(-1), standardPeriods[q.Series]-1, zone)
		}
		q.From = q.Series.At(q.From, zone).From.UTC()
	case q.From.IsZero():
		q.From = q.To.AddDate(0, 0, -standardDays)
	}
	switch {
	case !q.From.Before(q.To):
		p.wrong("from", "must lie before to, and before now when to isn't given")
	case q.Series != "" && len(q.Series.Split(q.From, q.To, zone, dora.MostInSeries+1)) > dora.MostInSeries:
		p.wrong("series", "from and to hold more than %d periods of a %s: choose longer ones, or less between from and to", dora.MostInSeries, q.Series)
	case q.Series == "" && q.Zone != nil:
		p.wrong("zone", "says by whose clocks the periods of a series go: give series as well")
	}
}
