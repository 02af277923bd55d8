// Package email answers: how does a verdict reach people who read mail?
//
// As one mail for each decision that a list of readers asks for, those of one change in one thread, or as one digest a day. A
// mail has the same Message-ID whenever it is sent, so that a second copy is known as one. docs/outputs/email.md shows them.
package email

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/shipwake/shipwake/sinks"
)

// Name is the name of the sink in the configuration.
const Name = "email"

// Factory makes the sink.
func Factory() sinks.Factory {
	return sinks.Kind[Config]{Name: Name, Prepare: prepared, Open: open}.Factory()
}

func open(r sinks.Reader, c Config) (sinks.Sink, error) {
	server, err := c.dialer()
	if err != nil {
		return nil, err
	}
	s := &sink{reader: r, server: server, from: c.From, publicURL: c.PublicURL, lists: map[string]list{}}
	for name, l := range c.To {
		if s.lists[name], err = l.open(name); err != nil {
			return nil, err
		}
	}
	return s, nil
}

type sink struct {
	reader    sinks.Reader
	server    *server
	from      string
	publicURL string
	lists     map[string]list
}

var _ sinks.Outgoing = (*sink)(nil)

func (s *sink) Name() string { return Name }

func (s *sink) Close() error { return nil }

// Queues has one for each list, so that an address that a server doesn't take holds up nobody else.
func (s *sink) Queues() []string { return slices.Sorted(maps.Keys(s.lists)) }

// Messages has one for each decision and incident that a list takes, or the digest that is due.
func (s *sink) Messages(b sinks.Batch) ([]sinks.Message, error) {
	var all []sinks.Message
	for _, name := range s.Queues() {
		l := s.lists[name]
		messages, err := l.messages(b, s.publicURL)
		if err != nil {
			return nil, err
		}
		for _, m := range messages {
			m.Queue = name
			all = append(all, m)
		}
	}
	return all, nil
}

// Deliver sends one mail.
func (s *sink) Deliver(ctx context.Context, m sinks.Message) (sinks.Receipt, error) {
	l, known := s.lists[m.Queue]
	if !known {
		return nil, &sinks.Undelivered{Cause: sinks.Refused, Err: fmt.Errorf("there is no list %q", m.Queue)}
	}
	if l.digest != nil {
		return s.deliverDigest(ctx, l, m)
	}
	return s.deliverLetter(ctx, l, m)
}
