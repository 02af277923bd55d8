package host

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"

	"github.com/shipwake/shipwake/collector/told"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
)

// Type is the extension's name in the configuration.
var Type = component.MustNewType("correlate")

// Options are what the program around the extension brings along.
type Options struct {
	Sinks   []sinks.Factory  // the sinks that the configuration may name
	Tally   *correlate.Tally // counts of every door of this process
	Version string
	DataDir string // wins over the configuration when set
	// Intake is what telemetry on its way in may hold: a quarter of the memory limit, unless the receiver says otherwise.
	// nil: nothing is told.
	Intake interface{ Resize(bytes int64) }
	// Told is where receivers wait that pass on what was decided; nil: there are none.
	Told *told.Registry
	// Health is told how the daemon is; nil: nobody is.
	Health Health
	// Now is the clock; nil: that of the machine.
	Now func() time.Time
	// Unsynced: nothing waits until it is on the disk, for what can be made again.
	Unsynced bool
}

// Health is who watches over the daemon from outside, such as a service manager.
type Health interface {
	Ready()    // everything is taken in
	NotReady() // receivers are about to stop
	Alive()    // the loop is at work; it must not block
}

// NewFactory makes the extension's factory.
func NewFactory(o Options) extension.Factory {
	return extension.NewFactory(Type, func() component.Config { return knowing(createDefaultConfig(), o.Sinks) },
		func(_ context.Context, set extension.Settings, cfg component.Config) (extension.Extension, error) {
			return newHost(set.TelemetrySettings, *cfg.(*Config), o), nil
		},
		component.StabilityLevelAlpha)
}
