package webhook

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/rollback"
	"github.com/shipwake/shipwake/sinks"
)

// RollbackPayload is the body of a message about a request for a rollback. docs/rollback.md shows one and says what a receiver
// owes.
type RollbackPayload struct {
	// Type is rollback.requested, rollback.withdrawn or rollback.unanswered.
	Type string `json:"type"`
	// Timestamp is when that came about, by the daemon's clock.
	Timestamp time.Time    `json:"timestamp"`
	Data      RollbackData `json:"data"`
}

// RollbackData is what a message about a request is about.
type RollbackData struct {
	Rollback correlate.Rollback `json:"rollback"`
	// ValidUntil is when the request is to be answered; it isn't sent later, and is not to be carried out later.
	ValidUntil time.Time `json:"valid_until"`
	// Change is the change that is to be taken back.
	Change Change `json:"change"`
	Links  Links  `json:"links"`
}

// Acknowledging implements sinks.Acknowledging.
func (s *sink) Acknowledging() []string {
	var names []string
	for _, e := range s.endpoints {
		if e.selection.rollbacks {
			names = append(names, e.name)
		}
	}
	return names
}

// rollbackMessages has one for each piece of news and each endpoint that takes requests.
func (s *sink) rollbackMessages(b sinks.Batch) ([]sinks.Message, error) {
	var all []sinks.Message
	for _, n := range b.Rollbacks {
		body, err := s.rollbackPayload(n)
		if err != nil {
			return nil, err
		}
		for _, e := range s.endpoints {
			if e.selection.rollbacks && e.selection.place.Holds(n.Rollback.Service, n.Rollback.Environment, n.Record.Team) {
				all = append(all, sinks.Message{
					Queue: e.name, Subject: sinks.RollbackSubject(n.Rollback.ChangeID), Key: sinks.RollbackKey(n.Rollback, n.Rollback.State()), Payload: body,
				})
			}
		}
	}
	return all, nil
}

func (s *sink) rollbackPayload(n sinks.RollbackNews) ([]byte, error) {
	r, c := n.Rollback, n.Record
	p := RollbackPayload{Type: "rollback." + string(r.State()), Data: RollbackData{
		Rollback: r, ValidUntil: r.DecidedAt.Add(rollback.AnswerWithin), Links: links(r.ChangeID, c.URL, s.publicURL),
		Change: changeOf(correlate.Verdict{ChangeID: r.ChangeID, Service: r.Service, Environment: r.Environment, Version: r.Version}, c),
	}}
	switch r.State() {
	case correlate.RollbackStateWithdrawn:
		p.Timestamp = r.WithdrawnAt
	case correlate.RollbackStateUnanswered:
		p.Timestamp = r.UnansweredAt
	default:
		p.Timestamp = r.DecidedAt
	}
	body, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("the message about the rollback %s: %w", r.ID, err)
	}
	return body, nil
}
