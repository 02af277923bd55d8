package otlp

import (
	"context"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"

	"github.com/shipwake/shipwake/collector/admission"
	"github.com/shipwake/shipwake/correlate"
)

// Type is the receiver's type in a configuration.
func Type() component.Type { return component.MustNewType("otlp") }

const stability = component.StabilityLevelBeta

// NewFactory makes the factory of the receiver. All receivers that it creates share the budget, and the places where
// requests are decoded. What comes in is counted in the tally, by request.
func NewFactory(budget *admission.Budget, tally *correlate.Tally) receiver.Factory {
	f := &factory{
		entry:     entry{budget: budget, gate: admission.NewGate(), tally: tally},
		receivers: map[*Config]*otlp{},
	}
	countFromZero(tally)
	return receiver.NewFactory(Type(), defaultConfig,
		receiver.WithTraces(func(_ context.Context, set receiver.Settings, cfg component.Config, next consumer.Traces) (receiver.Traces, error) {
			return f.receiver(set, cfg, traces(next))
		}, stability),
		receiver.WithMetrics(func(_ context.Context, set receiver.Settings, cfg component.Config, next consumer.Metrics) (receiver.Metrics, error) {
			return f.receiver(set, cfg, metrics(next))
		}, stability),
		receiver.WithLogs(func(_ context.Context, set receiver.Settings, cfg component.Config, next consumer.Logs) (receiver.Logs, error) {
			return f.receiver(set, cfg, logs(next))
		}, stability))
}

// factory makes one receiver for each configuration: the signals come by the same servers.
type factory struct {
	entry     entry
	mu        sync.Mutex
	receivers map[*Config]*otlp
}

func (f *factory) receiver(set receiver.Settings, cfg component.Config, s *signal) (*otlp, error) {
	config, err := configOf(cfg)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	o, ok := f.receivers[config]
	if !ok {
		if o, err = newReceiver(set, config, f.entry); err != nil {
			return nil, err
		}
		o.forget = func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			delete(f.receivers, config)
		}
		f.receivers[config] = o
	}
	o.signals = append(o.signals, s)
	return o, nil
}
