// Package dorapage answers: what would a leader forward of a month's DORA numbers?
//
// A page of the five metrics with their intervals, their own past, what became another number after it was published and
// why, the changes behind the failures, how far the data can be trusted, and the definitions by which it was counted.
package dorapage

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/correlate/words"
	"github.com/shipwake/shipwake/internal/chart"
	"github.com/shipwake/shipwake/internal/figures"
)

// Content is what a page is made of.
type Content struct {
	Month    time.Time // its first instant, in the zone of the page
	Team     string    // "" for all
	Report   dora.Report
	Before   dora.Numbers // of the month before
	Past     dora.Report  // of which the periods are shown
	Restated []dora.Restatement
	Failures []correlate.ChangeRecord // newest first
	More     bool                     // there are more failures than these
	Quality  *Quality                 // nil: the daemon doesn't tell
	Daemon   *url.URL                 // where the changes can be looked at
	Made     time.Time
}

// Quality is how far the data can be trusted, as /api/v1/quality tells it.
type Quality struct {
	Checks        []Check  `json:"checks"`
	OwnerMistakes []string `json:"owner_mistakes"`
	Names         *struct {
		Told int `json:"told"` // names of changes and incidents that telemetry doesn't have
	} `json:"names"`
}

// Notes are what is to be known beside the checks.
func (q Quality) Notes() []string {
	var all []string
	if q.Names != nil && q.Names.Told > 0 {
		all = append(all, fmt.Sprintf("%d names of changes and incidents that telemetry doesn't have (shipwake names lists them)", q.Names.Told))
	}
	if n := len(q.OwnerMistakes); n > 0 {
		all = append(all, fmt.Sprintf("%d mistakes in the files of owners, the first: %s", n, q.OwnerMistakes[0]))
	}
	return all
}

// Check is one question to the data: which part of the whole lacks something.
type Check struct {
	Name     string      `json:"check"`
	Share    *dora.Ratio `json:"share"`
	Examples []string    `json:"examples"`
}

// Such are a few examples.
func (c Check) Such() string {
	const few = 3
	text := strings.Join(c.Examples[:min(few, len(c.Examples))], ", ")
	if len(c.Examples) > few {
		text += ", …"
	}
	return text
}

// Says is the check in words.
func (c Check) Says() string { return strings.ReplaceAll(c.Name, "_", " ") }

// Line is a metric of the page.
type Line struct {
	figures.Metric
	Now, Before figures.Figure
	Reference   string // the reference from elsewhere, in words
	Chart       chart.Line
}

// Heading names the page.
func (c Content) Heading() string {
	whose := "all teams"
	if c.Team != "" {
		whose = "team " + c.Team
	}
	return fmt.Sprintf("Delivery in %s: %s", c.Month.Format("January 2006"), whose)
}

// Stands says what was counted, until when, and by which rules.
func (c Content) Stands() string {
	so := ""
	if c.Report.To.After(c.Made) {
		so = ", which is not over"
	}
	return fmt.Sprintf("%s, %s to %s (%s)%s; as known at %s; policy %s.", cmp.Or(c.Report.Environment, "all environments"),
		c.Month.Format(time.DateOnly), c.Month.AddDate(0, 1, -1).Format(time.DateOnly), c.Month.Location(), so,
		words.Instant(c.Report.AsOf), c.Report.Policy.Title())
}

// Lines are the five metrics.
func (c Content) Lines() []Line {
	var all []Line
	for _, m := range figures.Five() {
		line := Line{
			Metric: m, Now: m.Of(c.Report.Policy, &c.Report.Total), Before: m.Of(c.Report.Policy, &c.Before), Reference: m.Reference(),
			Chart: figures.Trend(c.Past, m, dora.Numbers{}),
		}
		all = append(all, line)
	}
	return all
}

// Failure is a change that counts as a failure.
type Failure struct {
	ID, Service, Version, Team string
	Finished                   string
	Why                        string
	Link                       string // its page at the daemon
	Run                        string // the run that rolled it out, as a web address; "" for none
}

// Listed are the failures in words.
func (c Content) Listed() []Failure {
	var all []Failure
	for i := range c.Failures {
		f := &c.Failures[i]
		at := f.FinishedAt
		if at.IsZero() {
			at = f.StartedAt
		}
		all = append(all, Failure{
			ID: f.ID, Service: f.Service, Version: f.Version, Team: words.Or(f.Team), Finished: at.UTC().Format("2006-01-02 15:04Z"), Why: why(f),
			Link: c.Daemon.JoinPath("changes", url.PathEscape(f.ID)).String(), Run: web(f.URL),
		})
	}
	return all
}

// why says what speaks against a change.
func why(c *correlate.ChangeRecord) string {
	var all []string
	if c.Verdict != nil && c.Verdict.Outcome == correlate.Regressed {
		all = append(all, "regressed: "+words.Reason(c.Verdict.Reason))
	}
	if len(c.Incidents) > 0 {
		all = append(all, "incidents: "+strings.Join(c.Incidents, ", "))
	}
	if c.RolledBackBy != "" {
		all = append(all, "rolled back by "+c.RolledBackBy)
	}
	if len(all) == 0 {
		return "an incident or a hotfix speaks against it"
	}
	return strings.Join(all, "; ")
}

// web is an address that a browser opens without doing anything else.
func web(address string) string {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return ""
	}
	u.User = nil
	return u.String()
}

// Counted says how many of the failures are listed.
func (c Content) Counted() string {
	rate := c.Report.Total.ChangeFailRate
	switch {
	case rate == nil && len(c.Failures) == 0:
		return "No deployment with a closed observation window, so no failure can be told."
	case len(c.Failures) == 0:
		return fmt.Sprintf("None of %d deployments with a closed observation window failed.", rate.Denominator)
	case c.More:
		return fmt.Sprintf("The newest %d are listed.", len(c.Failures))
	}
	return "Failures of deployments that are still observed are listed, and not in the rate yet."
}

// Restatement is a number that became another after it was published.
type Restatement struct{ Text, Published, Restated string }

// Changed are the restatements in words.
func (c Content) Changed() []Restatement {
	var all []Restatement
	for _, r := range c.Restated {
		all = append(all, Restatement{
			Text: r.Text, Published: words.Day(r.From) + " to " + words.Day(r.To.Add(-time.Nanosecond)), Restated: r.RestatedAt.UTC().Format("2 January 2006"),
		})
	}
	return all
}
