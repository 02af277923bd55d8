package prometheus

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"

	"github.com/shipwake/shipwake/correlate"
)

// Type is the receiver's name in a configuration.
var Type = component.MustNewType("telemetry_prometheus")

// NewFactory makes the receiver known to a Collector. What can't be had is counted in the tally.
func NewFactory(tally *correlate.Tally) receiver.Factory {
	create := func(_ context.Context, set receiver.Settings, cfg component.Config, next consumer.Metrics) (receiver.Metrics, error) {
		return &asking{set: set, cfg: cfg.(*Config), next: next, tally: tally}, nil
	}
	return receiver.NewFactory(Type, defaultConfig, receiver.WithMetrics(create, component.StabilityLevelDevelopment))
}
