// Package webhook answers: how does a program of yours learn of a verdict at once?
//
// It posts every revision that an endpoint asks for, signed by the rules of Standard Webhooks, those of one change in
// order, until it has arrived. README.md says what a receiver gets and what it has to do.
package webhook

import (
	"context"
	"fmt"
	"slices"

	"github.com/shipwake/shipwake/sinks"
)

// Name is the name of the sink in the configuration.
const Name = "webhook"

// Factory makes the sink.
func Factory() sinks.Factory {
	return sinks.Kind[Config]{Name: Name, Prepare: prepared, Open: newSink}.Factory()
}

func newSink(_ sinks.Reader, c Config) (sinks.Sink, error) {
	endpoints, err := c.open()
	if err != nil {
		return nil, err
	}
	return &sink{publicURL: c.PublicURL, endpoints: endpoints}, nil
}

type sink struct {
	publicURL string
	endpoints []*endpoint
}

var _ sinks.Outgoing = (*sink)(nil)

func (s *sink) Name() string { return Name }

func (s *sink) Close() error {
	for _, e := range s.endpoints {
		e.client.Close()
	}
	return nil
}

// Queues has one for each endpoint, so that one that is down holds up no other.
func (s *sink) Queues() []string {
	var names []string
	for _, e := range s.endpoints {
		names = append(names, e.name)
	}
	return names
}

// Messages has one for each decision, and each piece of news of a request for a rollback, and each endpoint that takes it.
func (s *sink) Messages(b sinks.Batch) ([]sinks.Message, error) {
	var all []sinks.Message
	for _, d := range b.Decisions {
		takers := s.takers(d)
		if len(takers) == 0 {
			continue
		}
		body, err := payload(d, s.publicURL)
		if err != nil {
			return nil, err
		}
		for _, e := range takers {
			all = append(all, sinks.Message{
				Queue: e.name, Subject: d.Verdict.ChangeID, Key: sinks.RevisionKey(d.Verdict), Each: !e.selection.latestOnly, Payload: body,
			})
		}
	}
	requests, err := s.rollbackMessages(b)
	return append(all, requests...), err
}

// takers are the endpoints that are told of a decision.
func (s *sink) takers(d sinks.Decision) []*endpoint {
	var takers []*endpoint
	for _, e := range s.endpoints {
		if e.selection.takes(d) {
			takers = append(takers, e)
		}
	}
	return takers
}

// Deliver posts a message to the endpoint whose queue it is from. There is nothing to remember of it: a receiver goes by
// the revision.
func (s *sink) Deliver(ctx context.Context, m sinks.Message) (sinks.Receipt, error) {
	i := slices.IndexFunc(s.endpoints, func(e *endpoint) bool { return e.name == m.Queue })
	if i < 0 {
		return nil, &sinks.Undelivered{Cause: sinks.Refused, Err: fmt.Errorf("there is no endpoint %q", m.Queue)}
	}
	return nil, s.endpoints[i].deliver(ctx, m)
}
