package template

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/words"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/route"
)

// Note is what a template may say of a change, or of an incident. What isn't known is empty.
type Note struct {
	Kind route.Kind `json:"kind"`
	// Headline is all of it in one line, Subject the change and its place, Answer what came of it, Why the reason.
	Headline string `json:"headline"`
	Subject  string `json:"subject"`
	Answer   string `json:"answer"`
	Why      string `json:"why"`
	// Told is what it comes down to, in numbers; Next what to do about it. Lines say everything, in the words of the page.
	Told  string       `json:"told,omitempty"`
	Next  string       `json:"next,omitempty"`
	Lines []words.Line `json:"lines,omitempty"`

	ID              string `json:"id"` // of the change, or of the incident
	Service         string `json:"service"`
	Environment     string `json:"environment"`
	Version         string `json:"version,omitempty"`
	PreviousVersion string `json:"previous_version,omitempty"`
	Commit          string `json:"commit,omitempty"`
	Team            string `json:"team,omitempty"`
	Actor           string `json:"actor,omitempty"`
	Source          string `json:"source,omitempty"`
	// ChangeKind is deployment, rollback, feature_flag …, Status how far the change has come.
	ChangeKind   string            `json:"change_kind,omitempty"`
	Status       string            `json:"status,omitempty"`
	Labels       map[string]string `json:"labels,omitempty"` // those that its source told, for repositories, deployments, tickets
	RolledBackBy string            `json:"rolled_back_by,omitempty"`
	Incidents    []string          `json:"incidents,omitempty"`

	StartedAt   time.Time `json:"started_at,omitzero"`
	FinishedAt  time.Time `json:"finished_at,omitzero"`
	OnsetAt     time.Time `json:"onset_at,omitzero"`
	RecoveredAt time.Time `json:"recovered_at,omitzero"`
	DecidedAt   time.Time `json:"decided_at,omitzero"`

	// Outcome is regressed, healthy or inconclusive, Reason one of the list of reasons.
	Outcome    string  `json:"outcome,omitempty"`
	Reason     string  `json:"reason,omitempty"`
	Revision   int     `json:"revision,omitempty"`
	Final      bool    `json:"final,omitempty"`
	Confidence float64 `json:"confidence,omitempty"` // how likely it is that this change did it
	Grade      string  `json:"grade,omitempty"`
	// Evidence are the signals, at most 20.
	Evidence []correlate.Evidence `json:"evidence,omitempty"`

	// Link leads to everything that Shipwake knows of it, with public_url; SourceLink to the change at its source.
	Link       string `json:"link,omitempty"`
	SourceLink string `json:"source_link,omitempty"`

	Incident *IncidentNote `json:"incident,omitempty"` // of an incident
	Rollback *RollbackNote `json:"rollback,omitempty"` // of a request for a rollback
	Group    []Note        `json:"group,omitempty"`    // of several changes that are told of together: what is news of each
}

// IncidentNote is what is said of an incident beyond its Note.
type IncidentNote struct {
	Title      string    `json:"title,omitempty"`
	Severity   string    `json:"severity,omitempty"`
	OpenedAt   time.Time `json:"opened_at,omitzero"`
	ResolvedAt time.Time `json:"resolved_at,omitzero"`
	ChangeID   string    `json:"change_id,omitempty"` // that is held responsible
}

// What a note repeats at most of lists that have no end.
const (
	mostEvidence  = 20
	mostIncidents = 20
	mostLabels    = 50
)

// Line is what Lines say about something, such as blame; "" when they say nothing of it.
func (n Note) Line(about string) string {
	i := slices.IndexFunc(n.Lines, func(l words.Line) bool { return strings.TrimSpace(l.About) == about })
	if i < 0 {
		return ""
	}
	return n.Lines[i].Text
}

// Hurts: there is something to act on.
func (n Note) Hurts() bool {
	return n.Kind == route.Regressed || n.Kind == route.RollbackUnanswered || n.open()
}

func (n Note) open() bool { return n.Incident != nil && n.Incident.ResolvedAt.IsZero() }

// Over: what hurt is over, or was never true.
func (n Note) Over() bool {
	return n.Kind == route.Recovered || n.Kind == route.Corrected || (n.Incident != nil && !n.open())
}

func noteOf(d sinks.Decision, publicURL string) Note {
	v, c := d.Verdict, d.Record
	e := words.Explain(c, d.Faults)
	n := Note{
		Kind: route.KindOf(d), Headline: e.Headline(), Subject: e.Subject, Answer: e.Answer, Why: e.Why, Told: e.Told, Next: e.Next,
		Lines: e.Lines(), ID: v.ChangeID, Service: v.Service, Environment: v.Environment, Version: v.Version,
		PreviousVersion: c.PreviousVersion, Commit: c.Commit, Team: c.Team, Actor: c.Actor, Source: c.Source,
		ChangeKind: string(c.Kind), Status: string(c.Status), RolledBackBy: c.RolledBackBy,
		Incidents: c.Incidents[:min(len(c.Incidents), mostIncidents)],
		StartedAt: c.StartedAt.UTC(), FinishedAt: c.FinishedAt.UTC(), DecidedAt: v.DecidedAt.UTC(),
		OnsetAt: instantOf(v.OnsetAt), RecoveredAt: instantOf(v.RecoveredAt),
		Outcome: string(v.Outcome), Reason: string(v.Reason), Revision: v.Revision, Final: v.Final, Confidence: v.Blame, Grade: string(v.Grade),
		Evidence: v.Evidence[:min(len(v.Evidence), mostEvidence)],
		Link:     webLink(sinks.ChangePage(publicURL, v.ChangeID)), SourceLink: webLink(c.URL),
	}
	if len(c.Labels) <= mostLabels {
		n.Labels = c.Labels
	}
	switch n.Kind {
	case route.Recovered:
		n.Headline += ", recovered " + words.Instant(n.RecoveredAt)
	case route.Corrected:
		n.Headline += "; that it regressed no longer stands"
	}
	return n
}

func instantOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

// webLink is a link that somebody else wrote, if it leads to a web page.
func webLink(text string) string {
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
		return ""
	}
	return unquoted.Replace(u.String())
}

// unquoted writes the characters of a URL otherwise that would end it in a message.
var unquoted = strings.NewReplacer("|", "%7C", "<", "%3C", ">", "%3E", `"`, "%22", "'", "%27", "(", "%28", ")", "%29", "[", "%5B", "]", "%5D", " ", "%20", "`", "%60", "*", "%2A", "\\", "%5C")

// mostServices is how many services of one incident are named.
const mostServices = 5

// servicesOf names what an incident is about.
func servicesOf(i correlate.IncidentRecord) string {
	about := i.About()
	named := strings.Join(about[:min(len(about), mostServices)], ", ")
	if more := len(about) - mostServices; more > 0 {
		named += fmt.Sprintf(" and %d more", more)
	}
	return named
}

func incidentNote(i correlate.IncidentRecord) Note {
	n := Note{
		Kind: route.Incident, ID: i.ID, Service: i.Service, Environment: i.Environment, Source: i.Source, SourceLink: webLink(i.URL),
		Subject: "incident " + i.ID + " on " + words.Or(servicesOf(i)) + " in " + words.Or(i.Environment), Answer: "open", Why: words.Or(i.Title),
		StartedAt: i.OpenedAt.UTC(), FinishedAt: i.ResolvedAt.UTC(), DecidedAt: i.OpenedAt.UTC(),
		Incident: &IncidentNote{Title: i.Title, Severity: i.Severity, OpenedAt: i.OpenedAt.UTC(), ResolvedAt: i.ResolvedAt.UTC(), ChangeID: i.AttributedTo},
	}
	about := func(about, text string) { n.Lines = append(n.Lines, words.Line{About: about, Text: text}) }
	about("opened", words.Instant(i.OpenedAt))
	if i.Severity != "" {
		about("severity", i.Severity)
	}
	switch {
	case i.Retracted:
		n.Answer = "retracted"
	case !i.ResolvedAt.IsZero():
		n.Answer, n.DecidedAt = "resolved", i.ResolvedAt.UTC()
		about("resolved", words.Instant(i.ResolvedAt))
	}
	if lasted, known := i.Lasted(); known {
		about("lasted", words.Span(lasted.Seconds()))
	}
	if i.AttributedTo != "" {
		about("caused by", i.AttributedTo)
	} else {
		about("caused by", "no change that is known: "+words.Unlinked(i))
	}
	n.Headline = fmt.Sprintf("%s: %s (%s)", n.Subject, n.Answer, n.Why)
	return n
}
