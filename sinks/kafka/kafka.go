// Package kafka answers: how does a verdict get into a topic of Kafka?
//
// As a CloudEvent in binary mode: the attributes are headers, the value is JSON. The key is the service and the environment, so
// that what is said of one place is in one partition, in order. docs/outputs/kafka.md shows one.
package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/zap"

	"github.com/shipwake/shipwake/internal/kafkaclient"
	"github.com/shipwake/shipwake/internal/opaque"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/call"
	"github.com/shipwake/shipwake/sinks/route"
)

// Name is the name of the sink in the configuration.
const Name = "kafka"

// Config is the configuration of the sink.
type Config struct {
	kafkaclient.Config `mapstructure:",squash"`
	// Route says what is told. Without on it is everything but incidents.
	Route route.Config `mapstructure:",squash"`
	// Topic takes the events. It must exist, unless the brokers make topics.
	Topic string `mapstructure:"topic"`
	// Source is the CloudEvents attribute of that name, a URI reference: which Shipwake says it.
	Source string `mapstructure:"source"`
	// PublicURL is where people reach the daemon's web listener: the start of the links in events. Empty: no links.
	PublicURL string `mapstructure:"public_url"`
}

// Factory makes the sink.
func Factory() sinks.Factory {
	return sinks.Kind[Config]{Name: Name, Defaults: defaults, Prepare: prepared, Open: open}.Factory()
}

func defaults() Config {
	return Config{
		Config: kafkaclient.Default(), Source: "/shipwake",
		Route: route.Config{On: []route.Kind{route.Regressed, route.Recovered, route.Corrected, route.Healthy, route.Inconclusive}},
	}
}

func prepared(raw map[string]any) (map[string]any, error) {
	raw = maps.Clone(raw)
	return raw, opaque.Map(raw, "sasl", "must be the keys of SASL: mechanism, username and password", func(sasl map[string]any) error {
		return opaque.Text(sasl, "password")
	})
}

// Validate names the first key that is wrong.
func (c Config) Validate() error {
	if err := c.Config.Validate(); err != nil {
		return err
	}
	if c.SASL != nil {
		if err := c.SASL.Validate(); err != nil {
			return fmt.Errorf("sasl::%w", err)
		}
	}
	switch {
	case c.Topic == "":
		return errors.New("topic: required: the topic that takes the events")
	case c.Source == "":
		return errors.New("source: must not be empty: it says which Shipwake an event is from, as in /shipwake")
	}
	if c.PublicURL != "" {
		if _, err := call.ParseURL(c.PublicURL); err != nil {
			return fmt.Errorf("public_url: %w", err)
		}
	}
	return c.Route.Validate()
}

func open(_ sinks.Reader, c Config) (sinks.Sink, error) {
	options, err := c.Options(nil, zap.NewNop())
	if err != nil {
		return nil, err
	}
	client, err := kgo.NewClient(append(options,
		kgo.DefaultProduceTopic(c.Topic), kgo.RequiredAcks(kgo.AllISRAcks()), kgo.ProducerLinger(0),
		// A try must end. What was on its way then comes a second time, under the same id.
		kgo.AllowIdempotentProduceCancellation(),
	)...)
	if err != nil {
		return nil, err
	}
	return &sink{client: client, config: c}, nil
}

type sink struct {
	client *kgo.Client
	config Config
}

var _ sinks.Outgoing = (*sink)(nil)

func (s *sink) Name() string { return Name }

func (s *sink) Close() error {
	s.client.Close()
	return nil
}

// Queues implements sinks.Outgoing.
func (s *sink) Queues() []string { return []string{""} }

// Messages has one for each decision and incident that is to be told. Each of them counts: a topic is a history.
func (s *sink) Messages(b sinks.Batch) ([]sinks.Message, error) {
	var all []sinks.Message
	add := func(m sinks.Message, err error) error {
		all = append(all, m)
		return err
	}
	for _, d := range b.Decisions {
		if s.config.Route.Takes(d) {
			if err := add(aboutDecision(d, s.config.PublicURL)); err != nil {
				return nil, err
			}
		}
	}
	for _, i := range b.Incidents {
		if s.config.Route.TakesIncident(i) {
			if err := add(aboutIncident(i)); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// Deliver returns when all replicas in sync have the event.
func (s *sink) Deliver(ctx context.Context, m sinks.Message) (sinks.Receipt, error) {
	record, err := s.record(m)
	if err != nil {
		return nil, &sinks.Undelivered{Cause: sinks.Refused, Err: fmt.Errorf("the stored event can't be read: %w", err)}
	}
	if err := s.client.ProduceSync(ctx, record).FirstErr(); err != nil {
		return nil, &sinks.Undelivered{Cause: causeOf(err), Err: errors.New(call.Clean(err.Error()))}
	}
	return nil, nil
}

// causeOf: only what is wrong with the event itself lets it be set aside.
func causeOf(err error) sinks.Cause {
	for _, refusal := range []error{kerr.MessageTooLarge, kerr.InvalidRecord, kerr.RecordListTooLarge, kerr.InvalidTimestamp, kerr.PolicyViolation} {
		if errors.Is(err, refusal) {
			return sinks.Refused
		}
	}
	return sinks.Unreachable
}
