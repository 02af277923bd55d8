package kubernetes

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"

	"github.com/shipwake/shipwake/collector/source/kubernetes"
	"github.com/shipwake/shipwake/correlate"
)

// Type is the receiver's name in a configuration.
var Type = component.MustNewType("change_kubernetes")

// NewFactory makes the receiver known to a Collector. What happens is counted in the tally.
func NewFactory(tally *correlate.Tally) receiver.Factory {
	create := func(_ context.Context, set receiver.Settings, cfg component.Config, _ consumer.Logs) (receiver.Logs, error) {
		return newWatching(set, cfg.(*Config), tally), nil
	}
	return receiver.NewFactory(Type,
		func() component.Config { return &Config{source: kubernetes.Source()} },
		receiver.WithLogs(create, component.StabilityLevelDevelopment))
}
