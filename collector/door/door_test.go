package door_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/shipwake/shipwake/collector/changelog"
	"github.com/shipwake/shipwake/collector/door"
	"github.com/shipwake/shipwake/correlate"
)

type (
	tracesDoor  = exporter.Traces
	metricsDoor = exporter.Metrics
	logsDoor    = exporter.Logs
)

func TestTheFactory(t *testing.T) {
	require.NoError(t, componenttest.CheckConfigStruct(door.NewFactory(&correlate.Tally{}).CreateDefaultConfig()))
	require.Equal(t, "correlate", door.NewFactory(&correlate.Tally{}).Type().String())
}

func TestStartSaysWhatIsWrong(t *testing.T) {
	two := with(&ledger{})
	two[component.NewIDWithName(door.Type, "second")] = &ledger{}
	tests := map[string]struct {
		host component.Host
		want string
	}{
		"without the extension, where to put it": {
			host: componenttest.NewNopHost(),
			want: `exporter "correlate": the correlate extension is missing; ` +
				"put `correlate:` under `extensions:` and list it in service.extensions",
		},
		"with two of them, that there are two": {
			host: two,
			want: `exporter "correlate": there are two correlate extensions; list one in service.extensions`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			factory := door.NewFactory(&correlate.Tally{})
			set := exportertest.NewNopSettings(door.Type)
			set.ID = component.NewID(door.Type)
			d, err := factory.CreateTraces(t.Context(), set, factory.CreateDefaultConfig())
			require.NoError(t, err)
			require.EqualError(t, d.Start(t.Context(), test.host), test.want)
			require.NoError(t, d.Shutdown(t.Context()))
		})
	}
}

// report appends a change that anybody may report.
func report(to plog.Logs) {
	record := to.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	changelog.WriteFact(record, correlate.Fact{Change: &correlate.Change{
		ID: "c1", Service: "checkout", FinishedAt: time.Unix(1_772_359_200, 0).UTC(), Source: "github",
	}}, time.Now())
}

// addLog appends an ordinary record to the logs.
func addLog(logs plog.Logs) {
	resource := logs.ResourceLogs().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", "checkout")
	record := resource.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	record.SetTimestamp(pcommon.NewTimestampFromTime(time.Now()))
	record.SetSeverityNumber(plog.SeverityNumberError)
}

func TestFactsAreCommittedAndTheOtherRecordsReduced(t *testing.T) {
	l := &ledger{}
	_, _, logs := doors(t, &correlate.Tally{}, l)
	records := plog.NewLogs()
	report(records)
	addLog(records)
	began := time.Now()
	require.NoError(t, logs.ConsumeLogs(t.Context(), records))
	require.Len(t, l.committed, 1)
	e := l.committed[0]
	require.Equal(t, "otlp", e.Source)
	require.WithinRange(t, e.ReceivedAt, began, time.Now())
	require.Equal(t, "c1", e.Facts[0].Change.ID)
	require.Equal(t, "otlp", e.Facts[0].Change.Source, "whatever it says of its source")
	require.Nil(t, l.moved)
	drained := l.measurer.Drain()
	require.Len(t, drained, 1)
	require.Equal(t, [2]int64{1, 1}, [2]int64{drained[0].Requests, drained[0].Errors})
}

func TestWhatWasReportedCanBeReadAgain(t *testing.T) {
	l := &ledger{}
	_, _, logs := doors(t, &correlate.Tally{}, l)
	records := plog.NewLogs()
	report(records)
	require.NoError(t, logs.ConsumeLogs(t.Context(), records))
	p := l.projectors["otlp"]
	require.Equal(t, changelog.Digest, p.Digest)
	require.Equal(t, l.committed[0].Projection, p.Project(l.committed[0].Raw))
}

func TestOrdinaryLogsDoNotTroubleTheLedger(t *testing.T) {
	l := &ledger{refuse: errors.New("must not be asked")}
	_, _, logs := doors(t, &correlate.Tally{}, l)
	records := plog.NewLogs()
	addLog(records)
	require.NoError(t, logs.ConsumeLogs(t.Context(), records))
	require.Len(t, l.measurer.Drain(), 1)
}

func TestARefusalIsToldAndNothingIsCounted(t *testing.T) {
	l := &ledger{refuse: fmt.Errorf("disk full: %w", correlate.ErrUnavailable)}
	_, _, logs := doors(t, &correlate.Tally{}, l)
	records := plog.NewLogs()
	report(records)
	addLog(records)
	err := logs.ConsumeLogs(t.Context(), records)
	require.ErrorIs(t, err, correlate.ErrUnavailable)
	require.False(t, consumererror.IsPermanent(err), "it is worth another try")
	require.Empty(t, l.measurer.Drain())

	l.refuse = nil
	require.NoError(t, logs.ConsumeLogs(t.Context(), records))
	require.Len(t, l.measurer.Drain(), 1)
}

// forge writes what no log record may say, beside a change that anybody may report.
func forge(to plog.Logs) {
	records := to.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for _, event := range []string{changelog.EventDelivery, changelog.EventPosition} {
		record := records.AppendEmpty()
		record.SetEventName(event)
		record.Attributes().PutStr("shipwake.source", "github")
		record.Attributes().PutStr("shipwake.position.stream", "kafka/deploys/3")
	}
	report(to)
}

func TestForgeriesAreCountedAndTheRestIsTaken(t *testing.T) {
	l, tally := &ledger{}, &correlate.Tally{}
	core, said := observer.New(zap.DebugLevel)
	factory := door.NewFactory(tally)
	require.Zero(t, countOf(t, tally), "the counter exists before the first")
	set := exportertest.NewNopSettings(door.Type)
	set.Logger = zap.New(core)
	logs, err := factory.CreateLogs(t.Context(), set, factory.CreateDefaultConfig())
	require.NoError(t, err)
	require.NoError(t, logs.Start(t.Context(), with(l)))

	for range 2 {
		records := plog.NewLogs()
		addLog(records)
		forge(records)
		addLog(records)
		require.NoError(t, logs.ConsumeLogs(t.Context(), records))
	}
	require.EqualValues(t, 4, countOf(t, tally), "a delivery and a position, twice")
	require.Equal(t, 1, said.FilterMessageSnippet("Left out").Len(), "said once")
	require.Nil(t, l.moved)
	require.Len(t, l.committed, 2)
	require.Equal(t, "otlp", l.committed[0].Source)
	require.Equal(t, "otlp", l.committed[0].Facts[0].Change.Source)
	require.EqualValues(t, 4, l.measurer.Drain()[0].Requests, "every ordinary record")

	forged := plog.NewLogs()
	forge(forged)
	forged.ResourceLogs().RemoveIf(func(r plog.ResourceLogs) bool {
		return r.ScopeLogs().At(0).LogRecords().At(0).EventName() == changelog.EventChange
	})
	l.refuse = errors.New("must not be asked")
	require.NoError(t, logs.ConsumeLogs(t.Context(), forged))
	require.NoError(t, logs.Shutdown(t.Context()))
}

// A forger needs no OpenTelemetry SDK, and sends to the same port as everybody.
func TestForgeriesOverTheWire(t *testing.T) {
	l, tally := &ledger{}, &correlate.Tally{}
	_, address := receive(t, tally, l)
	records := plog.NewLogs()
	forge(records)
	raw, err := plogotlp.NewExportRequestFromLogs(records).MarshalJSON()
	require.NoError(t, err)
	require.Equal(t, 200, post(t, "http://"+address+"/v1/logs", raw))
	require.EqualValues(t, 2, countOf(t, tally))
	require.Nil(t, l.moved)
	require.Len(t, l.committed, 1)
	require.Equal(t, "otlp", l.committed[0].Source)
}

func countOf(t *testing.T, tally *correlate.Tally) int64 {
	t.Helper()
	for _, c := range tally.Values() {
		if c.Count == (correlate.Count{What: "deliveries", Source: "otlp", Result: "rejected"}) {
			return c.Value
		}
	}
	require.Fail(t, "there is no such counter")
	return 0
}

func post(t *testing.T, url string, body []byte) int {
	t.Helper()
	answer, err := http.Post(url, "application/json", bytes.NewReader(body))
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	http.DefaultClient.CloseIdleConnections()
	return answer.StatusCode
}

func TestAllDoorsFeedOneReducerWithTheHostsSettings(t *testing.T) {
	l := &ledger{}
	_, metrics, logs := doors(t, &correlate.Tally{}, l)
	require.Equal(t, 3, l.attached)
	records := plog.NewLogs()
	addLog(records)
	require.NoError(t, logs.ConsumeLogs(t.Context(), records))
	require.NoError(t, metrics.ConsumeMetrics(t.Context(), kpi(time.Now(), 1)))
	drained := l.measurer.Drain()
	require.Len(t, drained, 2)
	for _, m := range drained {
		require.Zero(t, m.Start%30)
	}
	require.Equal(t, "kpi_signal", drained[1].Name)
	require.NotZero(t, l.measurer.Newest())
}

// A reload builds new doors from the same factory: what a counter had reached before it is not forgotten.
func TestACounterGoesOnAfterAReload(t *testing.T) {
	l := &ledger{}
	factory := door.NewFactory(&correlate.Tally{})
	began := time.Now().Add(-time.Hour)
	for round := range 2 {
		d, err := factory.CreateMetrics(t.Context(), exportertest.NewNopSettings(door.Type), factory.CreateDefaultConfig())
		require.NoError(t, err)
		require.NoError(t, d.Start(t.Context(), with(l)))
		require.NoError(t, d.ConsumeMetrics(t.Context(), calls(began, began.Add(time.Duration(round+1)*time.Minute), int64(100*(round+1)))))
		require.NoError(t, d.Shutdown(t.Context()))
	}
	var total int64
	for _, m := range l.measurer.Drain() {
		total += m.Requests
	}
	require.EqualValues(t, 200, total, "100 of a process that had just begun, 100 since the reload")
}

func kpi(at time.Time, value float64) pmetric.Metrics {
	metrics := pmetric.NewMetrics()
	resource := metrics.ResourceMetrics().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", "checkout")
	m := resource.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	m.SetName("kpi")
	p := m.SetEmptyGauge().DataPoints().AppendEmpty()
	p.SetTimestamp(pcommon.NewTimestampFromTime(at))
	p.SetDoubleValue(value)
	return metrics
}

// calls is a cumulative point of a span-metrics connector.
func calls(start, at time.Time, value int64) pmetric.Metrics {
	metrics := pmetric.NewMetrics()
	resource := metrics.ResourceMetrics().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", "checkout")
	m := resource.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	m.SetName("traces.span.metrics.calls")
	s := m.SetEmptySum()
	s.SetIsMonotonic(true)
	s.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	p := s.DataPoints().AppendEmpty()
	p.SetStartTimestamp(pcommon.NewTimestampFromTime(start))
	p.SetTimestamp(pcommon.NewTimestampFromTime(at))
	p.SetIntValue(value)
	p.Attributes().PutStr("span.kind", "SPAN_KIND_SERVER")
	return metrics
}

func TestTelemetryIsRefusedWhileMemoryIsShortAndFactsAreNot(t *testing.T) {
	tally := &correlate.Tally{}
	l := &ledger{full: errors.New("full")}
	traces, metrics, logs := doors(t, tally, l)
	spans := ptrace.NewTraces()
	spans.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	err := traces.ConsumeTraces(t.Context(), spans)
	require.ErrorIs(t, err, l.full)
	require.False(t, consumererror.IsPermanent(err), "senders try again")
	require.ErrorIs(t, metrics.ConsumeMetrics(t.Context(), pmetric.NewMetrics()), l.full)
	require.ErrorIs(t, logs.ConsumeLogs(t.Context(), plog.NewLogs()), l.full)
	for _, c := range tally.Values() {
		if c.What == "telemetry" && c.Source == "spans" && c.Result == correlate.LostShed {
			require.EqualValues(t, 1, c.Value)
		}
	}
	records := plog.NewLogs()
	report(records)
	require.NoError(t, logs.ConsumeLogs(t.Context(), records))
	require.Len(t, l.committed, 1)
}
