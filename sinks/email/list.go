package email

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/words"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/route"
)

// list is one list of readers.
type list struct {
	name      string
	addresses []string
	route     route.Config
	digest    *digest // nil: a mail each
}

// letter is what a mail says, as it is stored with what was decided.
type letter struct {
	Subject  string       `json:"subject"` // the same for every mail of a thread
	Headline string       `json:"headline"`
	Lines    []words.Line `json:"lines"`
	Link     string       `json:"link,omitempty"`   // to what Shipwake knows
	Source   string       `json:"source,omitempty"` // to the change or the incident where it was reported
}

// messages are the mails of a batch, or the digest that is due.
func (l list) messages(b sinks.Batch, publicURL string) ([]sinks.Message, error) {
	if l.digest != nil {
		return l.digest.due(b)
	}
	return l.letters(b, publicURL)
}

// letters are the mails of a batch.
func (l list) letters(b sinks.Batch, publicURL string) ([]sinks.Message, error) {
	var all []sinks.Message
	for _, d := range b.Decisions {
		if !l.route.Takes(d) || route.Quiet(d) {
			continue
		}
		m, err := message("change/"+d.Verdict.ChangeID, sinks.RevisionKey(d.Verdict), ofDecision(d, publicURL))
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	for _, i := range b.Incidents {
		if !l.route.TakesIncident(i) {
			continue
		}
		letter := ofIncident(i)
		state, err := json.Marshal(letter)
		if err != nil {
			return nil, err
		}
		m, err := message("incident/"+i.ID, sinks.MessageKey("incident", i.ID, string(state)), letter)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

func message(subject, key string, content any) (sinks.Message, error) {
	body, err := json.Marshal(content)
	if err != nil {
		return sinks.Message{}, fmt.Errorf("the mail about %s: %w", subject, err)
	}
	return sinks.Message{Subject: subject, Key: key, Payload: body}, nil
}

func ofDecision(d sinks.Decision, publicURL string) letter {
	e, kind := words.Explain(d.Record, d.Faults), route.KindOf(d)
	return letter{
		Subject: e.Subject, Headline: headline(kind, e), Lines: e.Lines(),
		Link: sinks.ChangePage(publicURL, d.Verdict.ChangeID), Source: d.Record.URL,
	}
}

// headline is the answer in one line, which says at once when it is about the end of something.
func headline(kind route.Kind, e words.Explanation) string {
	switch kind {
	case route.Recovered:
		return "Recovered: " + e.Headline()
	case route.Corrected:
		return "Corrected: " + e.Headline()
	}
	return e.Headline()
}

func ofIncident(i correlate.IncidentRecord) letter {
	e := letter{
		Subject: "Incident " + i.ID + ": " + i.Title, Source: i.URL,
		Headline: "Incident " + i.ID + " of " + words.Or(i.Service) + " in " + i.Environment + ": " + stateOf(i),
	}
	for _, l := range []words.Line{
		{About: "title", Text: i.Title}, {About: "severity", Text: i.Severity},
		{About: "opened", Text: instant(i.OpenedAt)}, {About: "acknowledged", Text: instant(i.AcknowledgedAt)}, {About: "resolved", Text: instant(i.ResolvedAt)},
		{About: "change", Text: i.AttributedTo}, {About: "no change", Text: words.Unlinked(i)},
	} {
		if l.Text != "" {
			e.Lines = append(e.Lines, l)
		}
	}
	return e
}

func stateOf(i correlate.IncidentRecord) string {
	switch {
	case i.Retracted:
		return "it doesn't count"
	case i.ResolvedAt.IsZero():
		return "open"
	}
	return "resolved"
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return words.Instant(t)
}
