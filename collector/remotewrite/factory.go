package remotewrite

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"

	"github.com/shipwake/shipwake/collector/admission"
	"github.com/shipwake/shipwake/correlate"
)

// Type is the receiver's name in a configuration.
var Type = component.MustNewType("telemetry_remote_write")

// NewFactory makes the receiver known to a Collector. Bodies take their memory from the budget, and what is lost is counted in
// the tally.
func NewFactory(budget *admission.Budget, tally *correlate.Tally) receiver.Factory {
	create := func(_ context.Context, set receiver.Settings, cfg component.Config, next consumer.Metrics) (receiver.Metrics, error) {
		return newDoor(set, cfg.(*Config), next, budget, tally)
	}
	return receiver.NewFactory(Type, defaultConfig, receiver.WithMetrics(create, component.StabilityLevelDevelopment))
}
