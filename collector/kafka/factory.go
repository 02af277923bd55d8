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
func NewFactory(sources []source.Source, tally *correlate.Tally) receiver.Factory {
	names := make([]string, 0, len(sources))
	for _, s := range sources {
		names = append(names, s.Name)
	}
	create := func(_ context.Context, set receiver.Settings, cfg component.Config, _ consumer.Logs) (receiver.Logs, error) {
		return newMember(set, cfg.(*Config), sources, tally)
	}
	return receiver.NewFactory(Type,
		func() component.Config { return defaultConfig(names) },
		receiver.WithLogs(create, component.StabilityLevelBeta))
}

// reader is the source of a topic.
type reader struct{ source.Configured }

// readers makes the source of each topic.
func readers(topics []TopicConfig, sources []source.Source) (map[string]reader, error) {
	byTopic := make(map[string]reader, len(topics))
	for _, t := range topics {
		configured, err := configure(t.source(), sources)
		if err != nil {
			return nil, fmt.Errorf("topic %q: %w", t.Topic, err)
		}
		byTopic[t.Topic] = reader{configured}
	}
	return byTopic, nil
}

func configure(name string, sources []source.Source) (source.Configured, error) {
	for _, s := range sources {
		if s.Name == name {
			return s.Configure(name, nil)
		}
	}
	return source.Configured{}, fmt.Errorf("source %q is unknown", name)
}
