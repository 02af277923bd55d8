package door_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.uber.org/goleak"

	"github.com/shipwake/shipwake/collector/door"
	"github.com/shipwake/shipwake/collector/host"
	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ledger is an extension that is a feed and remembers what it was given.
type ledger struct {
	component.StartFunc
	component.ShutdownFunc
	refuse     error
	full       error
	committed  []correlate.Entry
	moved      *correlate.Move
	projectors map[string]source.Projector
	measurer   host.Measurer
	attached   int
}

var _ host.Feed = (*ledger)(nil)

func (l *ledger) Register(name string, p source.Projector) {
	l.projectors = map[string]source.Projector{name: p}
}

func (l *ledger) Commit(_ context.Context, entries []correlate.Entry, move *correlate.Move) (correlate.Receipt, error) {
	if l.refuse != nil {
		return correlate.Receipt{}, l.refuse
	}
	l.committed, l.moved = append(l.committed, entries...), move
	return correlate.Receipt{Accepted: len(entries)}, nil
}

func (l *ledger) Cursor(context.Context, string) ([]byte, error) { return nil, nil }

func (l *ledger) Attach(m host.Measurer) { l.measurer, l.attached = m, l.attached+1 }

func (l *ledger) Signals() []correlate.Signal {
	return []correlate.Signal{{Name: "kpi_signal", Metric: "kpi", Type: correlate.SignalGauge}}
}

func (l *ledger) Resolution() time.Duration { return 30 * time.Second }

func (l *ledger) Room() int64 { return 10 << 20 }

func (l *ledger) Admit() error { return l.full }

// extensions is a component.Host.
type extensions map[component.ID]component.Component

func (e extensions) GetExtensions() map[component.ID]component.Component { return e }

func with(l *ledger) extensions { return extensions{component.NewID(door.Type): l} }

// doors are the three doors of a factory, started.
func doors(t *testing.T, tally *correlate.Tally, l *ledger) (traces tracesDoor, metrics metricsDoor, logs logsDoor) {
	t.Helper()
	factory := door.NewFactory(tally)
	set, cfg := exportertest.NewNopSettings(door.Type), factory.CreateDefaultConfig()
	traces, err := factory.CreateTraces(t.Context(), set, cfg)
	require.NoError(t, err)
	metrics, err = factory.CreateMetrics(t.Context(), set, cfg)
	require.NoError(t, err)
	logs, err = factory.CreateLogs(t.Context(), set, cfg)
	require.NoError(t, err)
	for _, d := range []component.Component{traces, metrics, logs} {
		require.NoError(t, d.Start(t.Context(), with(l)))
		t.Cleanup(func() { require.NoError(t, d.Shutdown(context.Background())) })
	}
	return traces, metrics, logs
}
