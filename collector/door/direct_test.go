package door_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"go.opentelemetry.io/collector/pipeline"

	"github.com/shipwake/shipwake/collector/direct"
	"github.com/shipwake/shipwake/collector/door"
	"github.com/shipwake/shipwake/correlate"
)

// keeper is a ledger that has a registry as well.
type keeper struct {
	ledger
	registry direct.Registry
}

func (k *keeper) DirectEnds() *direct.Registry { return &k.registry }

// plenty is a room that is never full, full one that always is.
type (
	plenty struct{}
	full   struct{}
)

var errFull = errors.New("full")

func (plenty) Take(int64) error { return nil }
func (full) Take(int64) error   { return errFull }

// bodies are a request of each signal, with one record.
func bodies(t *testing.T) map[pipeline.Signal][]byte {
	t.Helper()
	at := pcommon.NewTimestampFromTime(time.Now())
	traces := ptrace.NewTraces()
	rs := traces.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "checkout")
	span := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	span.SetKind(ptrace.SpanKindServer)
	span.SetEndTimestamp(at)
	spans, err := ptraceotlp.NewExportRequestFromTraces(traces).MarshalProto()
	require.NoError(t, err)

	metrics := pmetric.NewMetrics()
	rm := metrics.ResourceMetrics().AppendEmpty()
	rm.Resource().Attributes().PutStr("service.name", "checkout")
	m := rm.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	m.SetName("kpi")
	point := m.SetEmptyGauge().DataPoints().AppendEmpty()
	point.SetTimestamp(at)
	point.SetDoubleValue(7)
	points, err := pmetricotlp.NewExportRequestFromMetrics(metrics).MarshalProto()
	require.NoError(t, err)

	logs := plog.NewLogs()
	addLog(logs)
	records, err := plogotlp.NewExportRequestFromLogs(logs).MarshalProto()
	require.NoError(t, err)
	return map[pipeline.Signal][]byte{pipeline.SignalTraces: spans, pipeline.SignalMetrics: points, pipeline.SignalLogs: records}
}

// opened is a door that offered itself to a registry.
func opened(t *testing.T, k *keeper, tally *correlate.Tally) direct.End {
	t.Helper()
	factory := door.NewFactory(tally)
	set := exportertest.NewNopSettings(door.Type)
	set.ID = component.NewID(door.Type)
	d, err := factory.CreateTraces(t.Context(), set, factory.CreateDefaultConfig())
	require.NoError(t, err)
	require.NoError(t, d.Start(t.Context(), extensions{set.ID: k}))
	require.Equal(t, 1, k.attached)
	end, ok := d.(direct.End)
	require.True(t, ok)
	return end
}

func TestRequestsThatAreWalkedAreReducedWhenTheyAreHandedOn(t *testing.T) {
	for signal, body := range bodies(t) {
		t.Run(signal.String(), func(t *testing.T) {
			k := &keeper{}
			end := opened(t, k, &correlate.Tally{})
			batch, err := end.Walk(signal, body, plenty{})
			require.NoError(t, err)
			require.Equal(t, 1, batch.Len())
			require.Empty(t, k.measurer.Drain(), "nothing is reduced before")
			require.NoError(t, batch.Hand(t.Context()))
			batch.Release()
			require.Len(t, k.measurer.Drain(), 1)

			batch, err = end.Walk(signal, body[:len(body)-1], plenty{})
			require.NoError(t, err)
			require.Nil(t, batch, "it is for the decoder to say what is wrong")

			_, err = end.Walk(signal, body, full{})
			require.ErrorIs(t, err, errFull)
		})
	}
}

func TestRequestsThatAreWalkedAreRefusedWithoutMemory(t *testing.T) {
	for signal, body := range bodies(t) {
		t.Run(signal.String(), func(t *testing.T) {
			tally := &correlate.Tally{}
			k := &keeper{ledger: ledger{full: errFull}}
			batch, err := opened(t, k, tally).Walk(signal, body, plenty{})
			require.NoError(t, err)
			defer batch.Release()
			require.ErrorIs(t, batch.Hand(t.Context()), errFull)
			require.Empty(t, k.measurer.Drain())
			shed := func(v correlate.CountValue) bool { return v.Result == correlate.LostShed && v.Value == 1 }
			require.True(t, slices.ContainsFunc(tally.Values(), shed))
		})
	}
}

func TestFactsAreNotWalked(t *testing.T) {
	logs := plog.NewLogs()
	addLog(logs)
	report(logs)
	body, err := plogotlp.NewExportRequestFromLogs(logs).MarshalProto()
	require.NoError(t, err)
	batch, err := opened(t, &keeper{}, &correlate.Tally{}).Walk(pipeline.SignalLogs, body, plenty{})
	require.NoError(t, err)
	require.Nil(t, batch)
}
