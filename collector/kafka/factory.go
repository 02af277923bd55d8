package kafka

import (
	"context"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// Type is the receiver's name in a configuration.
var Type = component.MustNewType("change_kafka")

// NewFactory makes the receiver known to a Collector. Topics may use any of the sources; what happens to messages is
// counted in the tally.
func NewFactory(sources []source.Factory, tally *correlate.Tally) receiver.Factory {
	names := make([]string, 0, len(sources))
	for _, s := range sources {
		names = append(names, s.Name)
	}
	create := func(_ context.Context, set receiver.Settings, cfg component.Config, next consumer.Logs) (receiver.Logs, error) {
		return newMember(set, cfg.(*Config), sources, tally, next)
	}
	return receiver.NewFactory(Type,
		func() component.Config { return defaultConfig(names) },
		receiver.WithLogs(create, component.StabilityLevelBeta))
}

// reader is a source with the name its deliveries carry.
type reader struct {
	name   string
	source source.Reader
}

// readers makes the source of each topic.
func readers(topics []TopicConfig, factories []source.Factory) (map[string]reader, error) {
	byTopic := make(map[string]reader, len(topics))
	for _, t := range topics {
		s, err := newSource(t.source(), factories)
		if err != nil {
			return nil, fmt.Errorf("topic %q: %w", t.Topic, err)
		}
		byTopic[t.Topic] = reader{name: t.source(), source: s}
	}
	return byTopic, nil
}

func newSource(name string, factories []source.Factory) (source.Reader, error) {
	for _, f := range factories {
		if f.Name == name {
			return f.New(source.ReaderConfig{})
		}
	}
	return nil, fmt.Errorf("source %q is unknown", name)
}
