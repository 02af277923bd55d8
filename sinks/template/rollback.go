package template

import (
	"fmt"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/rollback"
	"github.com/shipwake/shipwake/correlate/words"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/route"
)

// RollbackNote is what is said of a request for a rollback beyond its Note, whose ID is that of the request.
type RollbackNote struct {
	ChangeID string `json:"change_id"`           // to be taken back
	To       string `json:"to,omitempty"`        // the version to go back to
	ToChange string `json:"to_change,omitempty"` // that brought it
	// ValidUntil is when the request is to be answered: later it isn't sent, and is not to be carried out.
	ValidUntil time.Time `json:"valid_until"`
}

// states are what the kinds of messages tell of a request.
var states = map[route.Kind]correlate.RollbackState{
	route.RollbackRequested: correlate.RollbackStateRequested, route.RollbackWithdrawn: correlate.RollbackStateWithdrawn,
	route.RollbackUnanswered: correlate.RollbackStateUnanswered,
}

// answers are what came of a request, by the kind of message.
var answers = map[route.Kind]string{
	route.RollbackRequested: "requested", route.RollbackWithdrawn: "no longer requested", route.RollbackUnanswered: "nobody answered",
}

func rollbackNote(news sinks.RollbackNews, kind route.Kind, publicURL string) Note {
	r, c := news.Rollback, news.Record
	n := Note{
		Kind: kind, ID: "rollback-" + r.ID, Service: r.Service, Environment: r.Environment, Version: r.Version, PreviousVersion: c.PreviousVersion,
		Commit: c.Commit, Team: c.Team, Actor: c.Actor, Source: c.Source, ChangeKind: string(c.Kind), Status: string(c.Status),
		StartedAt: c.StartedAt.UTC(), FinishedAt: c.FinishedAt.UTC(), DecidedAt: r.DecidedAt.UTC(), Revision: r.Revision, Confidence: r.Blame, Grade: string(r.Grade),
		Subject: fmt.Sprintf("rollback of %s %s to %s in %s", r.Service, words.Or(r.Version), words.Or(r.To), r.Environment), Answer: answers[kind],
		Why: words.Rollback(r), Link: webLink(sinks.ChangePage(publicURL, r.ChangeID)), SourceLink: webLink(c.URL),
		Rollback: &RollbackNote{ChangeID: r.ChangeID, To: r.To, ToChange: r.ToChange, ValidUntil: r.DecidedAt.Add(rollback.AnswerWithin).UTC()},
	}
	if len(c.Labels) <= mostLabels {
		n.Labels = c.Labels
	}
	if kind == route.RollbackUnanswered {
		n.Next = "take it back, or find out why the pipeline doesn't answer"
	}
	n.Lines = []words.Line{{About: "change", Text: r.ChangeID}, {About: "back to", Text: words.Or(r.To)}, {About: "decided", Text: words.Instant(r.DecidedAt)}}
	n.Headline = fmt.Sprintf("%s: %s (%s)", n.Subject, n.Answer, n.Why)
	return n
}
