package template

import (
	"context"
	"fmt"
	"slices"
	"strings"

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

// Acknowledging implements sinks.Acknowledging.
func (s *sink) Acknowledging() []string {
	var names []string
	for _, t := range s.targets {
		if t.Acknowledges {
			names = append(names, t.name)
		}
	}
	return names
}

// Messages has one for each decision, each incident and each piece of news of a request for a rollback, or for each group of changes,
// for each target that takes it.
func (s *sink) Messages(b sinks.Batch) ([]sinks.Message, error) {
	var all []sinks.Message
	notes := s.notes(b)
	for _, t := range s.targets {
		more, err := t.messagesOf(notes(t.route))
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	return all, nil
}

// notes returns what a target is told of a batch. Each note is made once, when somebody is told.
func (s *sink) notes(b sinks.Batch) func(route.Config) []keyed {
	made := map[string]Note{}
	note := func(key string, make func() Note) Note {
		if _, ok := made[key]; !ok {
			made[key] = make()
		}
		return made[key]
	}
	return func(r route.Config) []keyed {
		var all []keyed
		for _, d := range b.Decisions {
			if key := sinks.RevisionKey(d.Verdict); r.Takes(d) && !route.Quiet(d) {
				all = append(all, keyed{note(key, func() Note { return noteOf(d, s.publicURL) }), d.Verdict.ChangeID, key})
			}
		}
		for _, i := range b.Incidents {
			if key := incidentKey(i); r.TakesIncident(i) {
				all = append(all, keyed{note(key, func() Note { return incidentNote(i) }), "incident " + i.ID, key})
			}
		}
		for _, n := range b.Rollbacks {
			if kind, takes := r.TakesRollback(n); takes {
				key := sinks.RollbackKey(n.Rollback, states[kind])
				all = append(all, keyed{note(key, func() Note { return rollbackNote(n, kind, s.publicURL) }), sinks.RollbackSubject(n.Rollback.ChangeID), key})
			}
		}
		return all
	}
}

// incidentKey is another one whenever there is something else to say of an incident.
func incidentKey(i correlate.IncidentRecord) string {
	return sinks.MessageKey("incident", i.ID, i.OpenedAt.String(), i.ResolvedAt.String(), strings.Join(i.About(), " "), i.Severity, i.Title, i.AttributedTo,
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
