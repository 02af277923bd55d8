package pull

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// Type is the receiver's name in a configuration.
var Type = component.MustNewType("change_pull")

// NewFactory makes the receiver known to a Collector. It asks those of the sources that can be pulled; what happens is
// counted in the tally.
func NewFactory(sources []source.Source, tally *correlate.Tally) receiver.Factory {
	create := func(_ context.Context, set receiver.Settings, cfg component.Config, _ consumer.Logs) (receiver.Logs, error) {
		return newPuller(set, cfg.(*Config), tally), nil
	}
	return receiver.NewFactory(Type,
		func() component.Config { return defaultConfig(sources) },
		receiver.WithLogs(create, component.StabilityLevelDevelopment))
}
