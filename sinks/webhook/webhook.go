// Package webhook answers: how does a program of yours learn of a verdict at once?
//
// It posts every revision that an endpoint asks for, signed by the rules of Standard Webhooks, in order, until it has
// arrived. README.md says what a receiver gets and what it has to do.
package webhook

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
)

// Name is the name of the sink in the configuration.
const Name = "webhook"

// Factory makes the sink.
func Factory() sinks.Factory {
	return sinks.Factory{Name: Name, New: newSink, Check: check}
}

func check(raw map[string]any) error {
	c, err := newConfig(raw)
	if err == nil {
		_, err = c.open()
	}
	return err
}

func newSink(r sinks.Reader, raw map[string]any) (sinks.Sink, error) {
	c, err := newConfig(raw)
	if err != nil {
		return nil, err
	}
	endpoints, err := c.open()
	if err != nil {
		return nil, err
	}
	return &sink{reader: r, publicURL: c.PublicURL, endpoints: endpoints}, nil
}

type sink struct {
	reader    sinks.Reader
	publicURL string
	endpoints []*endpoint
}

var _ sinks.Outgoing = (*sink)(nil)

func (s *sink) Name() string { return Name }

// Publish has nothing left to do: messages come from the ledger.
func (s *sink) Publish([]correlate.Effect) {}

func (s *sink) Routes() map[string]http.Handler { return nil }

func (s *sink) Close() error {
	for _, e := range s.endpoints {
		e.client.CloseIdleConnections()
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

// Messages has one for each verdict and each endpoint that takes it.
func (s *sink) Messages(effects []correlate.Effect) ([]sinks.Message, error) {
	var all []sinks.Message
	for i, e := range effects {
		if e.Verdict == nil || replaced(e.Verdict, effects[i+1:]) {
			continue
		}
		takers := s.takers(e.Verdict, effects[:i])
		if len(takers) == 0 {
			continue
		}
		body, err := payload(e.Verdict, s.record(e.Verdict.ChangeID, effects), s.publicURL)
		if err != nil {
			return nil, err
		}
		for _, name := range takers {
			all = append(all, sinks.Message{Queue: name, Key: key(e.Verdict), Payload: body})
		}
	}
	return all, nil
}

// replaced: a later revision follows in the same transaction, as when facts came late. Nobody needs to hear of both.
func replaced(v *correlate.Verdict, after []correlate.Effect) bool {
	return slices.ContainsFunc(after, func(e correlate.Effect) bool {
		return e.Verdict != nil && e.Verdict.ChangeID == v.ChangeID && e.Verdict.Revision > v.Revision
	})
}

// takers are the endpoints that are told of a revision. Before are the effects of the same transaction that precede it.
func (s *sink) takers(v *correlate.Verdict, before []correlate.Effect) []string {
	var revisions []correlate.Verdict
	read := false
	earlier := func() []correlate.Verdict {
		if !read {
			revisions, read = s.earlier(v, before), true
		}
		return revisions
	}
	var names []string
	for _, e := range s.endpoints {
		if e.selection.takes(v, earlier) {
			names = append(names, e.name)
		}
	}
	return names
}

// patience bounds a read of the record, which the engine waits for.
const patience = 5 * time.Second

// earlier are the revisions before v. When they can't be read, every endpoint counts as told: a correction too many
// does less harm than one too few.
func (s *sink) earlier(v *correlate.Verdict, before []correlate.Effect) []correlate.Verdict {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, revisions, err := s.reader.Change(ctx, v.ChangeID)
	if err != nil && !errors.Is(err, sinks.ErrNotFound) {
		return []correlate.Verdict{
			{Outcome: correlate.Regressed, Final: true}, {Outcome: correlate.Healthy, Final: true}, {Outcome: correlate.Inconclusive, Final: true},
		}
	}
	revisions = slices.DeleteFunc(revisions, func(r correlate.Verdict) bool { return r.Revision >= v.Revision })
	for _, e := range before {
		if e.Verdict != nil && e.Verdict.ChangeID == v.ChangeID && e.Verdict.Revision < v.Revision {
			revisions = append(revisions, *e.Verdict)
		}
	}
	return revisions
}

// record is the newest record of a change: that of the same transaction, or the one before.
func (s *sink) record(id string, effects []correlate.Effect) correlate.ChangeRecord {
	for _, e := range slices.Backward(effects) {
		if e.Change != nil && e.Change.ID == id {
			return *e.Change
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, _, err := s.reader.Change(ctx, id)
	if err != nil {
		return correlate.ChangeRecord{} // the verdict itself says the most of it
	}
	return c
}

// Deliver posts a message to the endpoint whose queue it is from.
func (s *sink) Deliver(ctx context.Context, m sinks.Message) error {
	i := slices.IndexFunc(s.endpoints, func(e *endpoint) bool { return e.name == m.Queue })
	if i < 0 {
		return &sinks.Undelivered{Cause: sinks.Refused, Err: fmt.Errorf("there is no endpoint %q", m.Queue)}
	}
	return s.endpoints[i].deliver(ctx, m)
}
