// Package door answers: how does what the pipelines carry come in?
//
// The exporter "correlate" ends traces, metrics and logs pipelines. It has no queue, no retry and no timeout, so that
// its answer means done: facts are in the ledger, telemetry is in the reducer.
//
// Anybody who reaches the OTLP port may report a change or an incident as a log record: it is a delivery of the source
// "otlp", whatever it says of its source; package changelog has the words. A record that is not for a log record to say is
// left out and counted (deliveries, otlp, rejected), and the rest of its batch is taken.
package door

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"

	"github.com/shipwake/shipwake/collector/reduce"
	"github.com/shipwake/shipwake/collector/reduce/wire"
	"github.com/shipwake/shipwake/correlate"
)

// Type is the component type of the exporter.
var Type = component.MustNewType("correlate")

const stability = component.StabilityLevelAlpha

// Config is the configuration of a door: there is nothing to configure. What is to be watched, and how, stands in the
// extension.
type Config struct{}

// NewFactory makes the factory of the exporter. Every door it creates feeds one reducer, also after a reload of the
// configuration: cumulative counters and edges that wait for their other half live on.
func NewFactory(tally *correlate.Tally) exporter.Factory {
	tally.Add(rejected, 0)
	for _, source := range []string{reduce.Spans, reduce.Points, reduce.Logs} {
		tally.Add(correlate.Count{What: "telemetry", Source: source, Result: correlate.LostShed}, 0)
	}
	reducer := sync.OnceValue(func() *reduce.Reducer {
		return reduce.New(reduce.Options{Tally: tally, Now: time.Now})
	})
	known := wire.NewKnown()
	open := func(set exporter.Settings) *door {
		return &door{id: set.ID, reducer: reducer(), known: known, tally: tally, log: set.Logger}
	}
	return exporter.NewFactory(Type,
		func() component.Config { return &Config{} },
		exporter.WithTraces(func(_ context.Context, set exporter.Settings, _ component.Config) (exporter.Traces, error) {
			return open(set), nil
		}, stability),
		exporter.WithMetrics(func(_ context.Context, set exporter.Settings, _ component.Config) (exporter.Metrics, error) {
			return open(set), nil
		}, stability),
		exporter.WithLogs(func(_ context.Context, set exporter.Settings, _ component.Config) (exporter.Logs, error) {
			return open(set), nil
		}, stability),
	)
}
