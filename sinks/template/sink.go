package template

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/route"
)

// Name is that of the sink whose targets name files of their own.
const Name = "template"

// Factory makes the sink whose targets name files of their own.
func Factory() sinks.Factory { return factory(Config{sink: Name}) }

// Shipped makes the sink of a file.
func Shipped(f File) sinks.Factory { return factory(Config{sink: f.Name, shipped: &f}) }

func factory(c Config) sinks.Factory {
	return sinks.Kind[Config]{Name: c.sink, Defaults: func() Config { return c }, Prepare: prepared, Open: open}.Factory()
}

func open(_ sinks.Reader, c Config) (sinks.Sink, error) {
	targets, err := c.open()
	if err != nil {
		return nil, err
	}
	return &sink{name: c.sink, publicURL: c.PublicURL, targets: targets}, nil
}

type sink struct {
	name, publicURL string
	targets         []*target
}

var _ sinks.Outgoing = (*sink)(nil)

func (s *sink) Name() string { return s.name }

func (s *sink) Close() error {
	for _, t := range s.targets {
		t.client.Close()
	}
	return nil
}

// Queues has one for each target, so that one that is down holds up no other.
func (s *sink) Queues() []string {
	var names []string
	for _, t := range s.targets {
		names = append(names, t.name)
	}
	return names
}

// Messages has one for each decision and each incident, for each target that takes it.
func (s *sink) Messages(b sinks.Batch) ([]sinks.Message, error) {
	var all []sinks.Message
	for _, d := range b.Decisions {
		takes := func(r route.Config) bool { return r.Takes(d) }
		more, err := s.messages(takes, d.Verdict.ChangeID, sinks.RevisionKey(d.Verdict), func() Note { return noteOf(d, s.publicURL) })
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	for _, i := range b.Incidents {
		takes := func(r route.Config) bool { return r.TakesIncident(i) }
		more, err := s.messages(takes, "incident "+i.ID, incidentKey(i), func() Note { return incidentNote(i) })
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	return all, nil
}

// messages are those of one note.
func (s *sink) messages(takes func(route.Config) bool, subject, key string, note func() Note) ([]sinks.Message, error) {
	var all []sinks.Message
	var payload []byte
	for _, t := range s.targets {
		if !takes(t.route) {
			continue
		}
		if payload == nil {
			var err error
			if payload, err = json.Marshal(note()); err != nil {
				return nil, fmt.Errorf("the message about %s: %w", subject, err)
			}
		}
		all = append(all, sinks.Message{Queue: t.name, Subject: subject, Key: key, Each: t.Revisions, Payload: payload})
	}
	return all, nil
}

// incidentKey is another one whenever there is something else to say of an incident.
func incidentKey(i correlate.IncidentRecord) string {
	return sinks.MessageKey("incident", i.ID, i.OpenedAt.String(), i.ResolvedAt.String(), i.Service, i.Severity, i.Title, i.AttributedTo,
		string(i.UnlinkedReason), fmt.Sprint(i.Retracted))
}

// Deliver sends a message to the target whose queue it is from.
func (s *sink) Deliver(ctx context.Context, m sinks.Message) (sinks.Receipt, error) {
	i := slices.IndexFunc(s.targets, func(t *target) bool { return t.name == m.Queue })
	if i < 0 {
		return nil, &sinks.Undelivered{Cause: sinks.Refused, Err: fmt.Errorf("there is no target %q", m.Queue)}
	}
	return s.targets[i].deliver(ctx, m)
}
