package changelog

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/shipwake/shipwake/correlate"
)

var (
	eventAt    = time.Date(2026, 3, 1, 10, 6, 0, 0, time.UTC)
	receivedAt = time.Date(2026, 3, 1, 10, 7, 0, 0, time.UTC)
)

// reportedChange is what a deploy script would emit with an OpenTelemetry SDK.
func reportedChange() plog.Logs {
	logs := plog.NewLogs()
	resource := logs.ResourceLogs().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", "checkout")
	resource.Resource().Attributes().PutStr("service.version", "v2")
	resource.Resource().Attributes().PutStr("deployment.environment.name", "staging")
	record := resource.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	record.SetEventName("shipwake.change")
	record.SetTimestamp(pcommon.NewTimestampFromTime(eventAt))
	record.Attributes().PutStr("deployment.id", "checkout-4711")
	record.Attributes().PutStr("deployment.status", "succeeded")
	return logs
}

func TestAChangeReportedByAnybodyIsADelivery(t *testing.T) {
	found := Read(reportedChange(), receivedAt)
	require.NoError(t, found.Why)
	require.Zero(t, found.Rest)
	require.Len(t, found.Entries, 1)
	e := found.Entries[0]
	require.Equal(t, "otlp", e.Source)
	require.Equal(t, receivedAt, e.ReceivedAt)
	require.True(t, strings.HasPrefix(e.ID, "sha256:"))
	require.Equal(t, correlate.Projection{Digest: Digest, Facts: []correlate.Fact{{Change: &correlate.Change{
		ID: "checkout-4711", Kind: correlate.KindDeployment, Status: correlate.StatusSucceeded, Service: "checkout",
		Environment: "staging", Version: "v2", FinishedAt: eventAt, Source: "otlp",
	}}}}, e.Projection)

	again := Read(reportedChange(), receivedAt.Add(time.Hour))
	require.Equal(t, e.ID, again.Entries[0].ID, "the same record is the same delivery")
}

func TestAKeptRecordIsReadAgain(t *testing.T) {
	e := Read(reportedChange(), receivedAt).Entries[0]
	for name, c := range map[string]struct {
		body []byte
		want string // the problem
	}{
		"as it came":           {e.Body, ""},
		"no record":            {[]byte("{}"), "unmapped: the record that was kept can't be read: it must be one log record as OTLP/JSON"},
		"what isn't OTLP":      {[]byte("hello"), "unmapped: the record that was kept can't be read: it must be one log record as OTLP/JSON"},
		"two records, not one": {twoRecords(t), "unmapped: the record that was kept can't be read: it must be one log record as OTLP/JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			p := Project(correlate.Raw{Source: SourceOTLP, Body: c.body})
			require.Equal(t, c.want, p.Problem)
			require.Equal(t, Digest, p.Digest)
			if c.want == "" {
				require.Equal(t, e.Projection, p)
			}
		})
	}
}

func twoRecords(t *testing.T) []byte {
	logs := reportedChange()
	reportedChange().ResourceLogs().MoveAndAppendTo(logs.ResourceLogs())
	body, err := new(plog.JSONMarshaler).MarshalLogs(logs)
	require.NoError(t, err)
	return body
}

// What only our own receivers know is not for a log record to say, whoever sends it and however it is dressed up.
func TestADeliveryInALogRecordIsRejected(t *testing.T) {
	logs := plog.NewLogs()
	records := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for _, event := range []string{"shipwake.delivery", "shipwake.position", "shipwake.verdict", "", "other"} {
		records.AppendEmpty().SetEventName(event)
	}
	records.At(0).Attributes().PutStr("shipwake.source", "github")
	records.AppendEmpty().Attributes().PutStr("event.name", "shipwake.delivery")
	reportedChange().ResourceLogs().MoveAndAppendTo(logs.ResourceLogs())
	require.True(t, Holds(logs))
	found := Read(logs, receivedAt)
	require.Len(t, found.Entries, 1, "the change beside them is taken")
	require.Equal(t, 3, found.Rejected)
	require.EqualError(t, found.Why, "a shipwake.delivery is not for a log record to say: deliveries come in by the receiver of their source")
	require.Equal(t, 3, found.Rest, "a verdict is no fact")
}

// What a processor may do: add, change and take away, as with every record.
func TestWhatAProcessorChangedIsWhatIsTold(t *testing.T) {
	logs := reportedChange()
	resource := logs.ResourceLogs().At(0)
	resource.Resource().Attributes().PutStr("k8s.cluster.name", "eu-1")
	resource.Resource().Attributes().PutStr("deployment.environment.name", "production")
	resource.ScopeLogs().At(0).LogRecords().At(0).Attributes().PutStr("shipwake.change.team", "payments")
	change := Read(logs, receivedAt).Entries[0].Facts[0].Change
	require.Equal(t, "production", change.Environment)
	require.Equal(t, "payments", change.Team)
}

func TestReportedFacts(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(plog.ResourceLogs, plog.LogRecord)
		want func(*testing.T, correlate.Entry)
	}{
		"a started change starts at the record's time": {
			func(_ plog.ResourceLogs, r plog.LogRecord) { r.Attributes().PutStr("deployment.status", "started") },
			func(t *testing.T, d correlate.Entry) {
				require.Equal(t, eventAt, d.Facts[0].Change.StartedAt)
				require.True(t, d.Facts[0].Change.FinishedAt.IsZero())
			},
		},
		"the event's name in an attribute": {
			func(_ plog.ResourceLogs, r plog.LogRecord) {
				r.SetEventName("")
				r.Attributes().PutStr("event.name", "shipwake.change")
			},
			func(t *testing.T, d correlate.Entry) { require.Equal(t, "checkout", d.Facts[0].Change.Service) },
		},
		"another service than the resource's doesn't take the resource's version": {
			func(_ plog.ResourceLogs, r plog.LogRecord) { r.Attributes().PutStr("service.name", "cart") },
			func(t *testing.T, d correlate.Entry) {
				require.Equal(t, "cart", d.Facts[0].Change.Service)
				require.Empty(t, d.Facts[0].Change.Version)
			},
		},
		"an incident": {
			func(_ plog.ResourceLogs, r plog.LogRecord) {
				r.SetEventName("shipwake.incident")
				r.Attributes().PutStr("shipwake.incident.id", "PD-88")
			},
			func(t *testing.T, d correlate.Entry) {
				require.Equal(t, correlate.Incident{
					ID: "PD-88", Service: "checkout", Environment: "staging", OpenedAt: eventAt, Source: "otlp",
				}, *d.Facts[0].Incident)
			},
		},
		"its own delivery id": {
			func(_ plog.ResourceLogs, r plog.LogRecord) { r.Attributes().PutStr("shipwake.delivery.id", "mine") },
			func(t *testing.T, d correlate.Entry) { require.Equal(t, "mine", d.ID) },
		},
		"no id: kept with its problem": {
			func(_ plog.ResourceLogs, r plog.LogRecord) { r.Attributes().Remove("deployment.id") },
			func(t *testing.T, d correlate.Entry) {
				require.Empty(t, d.Facts)
				require.Contains(t, d.Problem, "unmapped: change.id: required")
				require.Contains(t, string(d.Body), "deployment.status")
			},
		},
		"an attribute of the wrong type: kept with its problem": {
			func(_ plog.ResourceLogs, r plog.LogRecord) { r.Attributes().PutInt("deployment.id", 4711) },
			func(t *testing.T, d correlate.Entry) {
				require.Contains(t, d.Problem, "attribute deployment.id must be a string")
			},
		},
		"the name of a source that it isn't: it stays otlp": {
			func(_ plog.ResourceLogs, r plog.LogRecord) { r.Attributes().PutStr("shipwake.source", "github") },
			func(t *testing.T, d correlate.Entry) {
				require.Equal(t, "otlp", d.Source)
				require.Equal(t, "otlp", d.Facts[0].Change.Source)
			},
		},
		"a service of ten kilobytes: kept with its problem": {
			func(_ plog.ResourceLogs, r plog.LogRecord) {
				r.Attributes().PutStr("service.name", strings.Repeat("x", 10_000))
			},
			func(t *testing.T, d correlate.Entry) {
				require.Equal(t, "unmapped: shipwake.change: attribute service.name must be no longer than 4096 bytes", d.Problem)
			},
		},
		"a resource whose service has ten kilobytes: kept with its problem": {
			func(resource plog.ResourceLogs, _ plog.LogRecord) {
				resource.Resource().Attributes().PutStr("service.name", strings.Repeat("x", 10_000))
			},
			func(t *testing.T, d correlate.Entry) {
				require.Contains(t, d.Problem, "unmapped: resource: attribute service.name must be no longer")
			},
		},
		"the year 9999: kept with its problem": {
			func(_ plog.ResourceLogs, r plog.LogRecord) {
				r.Attributes().PutStr("shipwake.change.finished_at", "9999-12-31T23:59:59Z")
			},
			func(t *testing.T, d correlate.Entry) {
				require.Contains(t, d.Problem, "attribute shipwake.change.finished_at must be a time between the years 1970 and 2261")
			},
		},
		"before 1970: kept with its problem": {
			func(_ plog.ResourceLogs, r plog.LogRecord) {
				r.Attributes().PutStr("shipwake.change.started_at", "1969-12-31T23:59:59Z")
			},
			func(t *testing.T, d correlate.Entry) {
				require.Contains(t, d.Problem, "between the years 1970 and 2261")
			},
		},
		"a timestamp beyond all time is none: kept with its problem": {
			func(_ plog.ResourceLogs, r plog.LogRecord) { r.SetTimestamp(math.MaxUint64) },
			func(t *testing.T, d correlate.Entry) { require.Contains(t, d.Problem, "change.started_at") },
		},
		"no time at all: kept with its problem": {
			func(_ plog.ResourceLogs, r plog.LogRecord) { r.SetTimestamp(0) },
			func(t *testing.T, d correlate.Entry) { require.Contains(t, d.Problem, "change.started_at") },
		},
	} {
		t.Run(name, func(t *testing.T) {
			logs := reportedChange()
			resource := logs.ResourceLogs().At(0)
			c.edit(resource, resource.ScopeLogs().At(0).LogRecords().At(0))
			require.True(t, Holds(logs))
			found := Read(logs, receivedAt)
			require.NoError(t, found.Why)
			require.Len(t, found.Entries, 1)
			c.want(t, found.Entries[0])
		})
	}
}

func TestARecordTooLargeToBeAChangeIsLeftOut(t *testing.T) {
	logs := reportedChange()
	logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Body().SetStr(strings.Repeat("x", maxReported))
	found := Read(logs, receivedAt)
	require.Empty(t, found.Entries)
	require.Equal(t, 1, found.Rejected)
	require.ErrorContains(t, found.Why, "it may have at most 262144")
}
