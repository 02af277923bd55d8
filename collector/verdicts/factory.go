// Package verdicts answers: how do verdicts get into a pipeline of a Collector, and so to any log backend?
//
// The receiver `verdicts` gives a logs pipeline a record for each revision of a verdict and for each regression that begins,
// changes or recovers, in the words of package changelog. Records wait in the ledger until the pipeline has taken them, and
// go on there after a restart: each comes at least once, under a log.record.uid that is the same when it comes again.
package verdicts

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"

	"github.com/shipwake/shipwake/collector/told"
)

// Type is the receiver's name in a configuration.
var Type = component.MustNewType("verdicts")

// Config is the configuration of the receiver: there is nothing to set.
type Config struct{}

// NewFactory makes the receiver known to a Collector. The host of the process finds it in the registry.
func NewFactory(host *told.Registry) receiver.Factory {
	create := func(_ context.Context, set receiver.Settings, _ component.Config, next consumer.Logs) (receiver.Logs, error) {
		return &teller{seat: host.Join(&telling{name: set.ID.String(), next: next})}, nil
	}
	return receiver.NewFactory(Type, func() component.Config { return &Config{} },
		receiver.WithLogs(create, component.StabilityLevelDevelopment))
}

// teller is the component. What it does is done by the host, through its seat.
type teller struct{ seat *told.Seat }

// Start says that the pipeline is ready.
func (t *teller) Start(context.Context, component.Host) error { return t.seat.Open() }

// Shutdown leaves what has not been passed on in the ledger.
func (t *teller) Shutdown(context.Context) error {
	t.seat.Leave()
	return nil
}
