package changelog

import (
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
	deliveries, _, rest, err := fromLogs(reportedChange(), receivedAt)
	require.NoError(t, err)
	require.Zero(t, rest)
	require.Len(t, deliveries, 1)
	d := deliveries[0]
	require.Equal(t, "otlp", d.Source)
	require.Equal(t, "shipwake.change", d.Event)
	require.Equal(t, receivedAt, d.ReceivedAt)
	require.True(t, strings.HasPrefix(d.ID, "sha256:"))
	require.Empty(t, d.Problem)
	require.Equal(t, []correlate.Fact{{Change: &correlate.Change{
		ID: "checkout-4711", Kind: correlate.KindDeployment, Status: correlate.StatusSucceeded, Service: "checkout",
		Environment: "staging", Version: "v2", FinishedAt: eventAt, Source: "otlp",
	}}}, d.Facts)

	again, _, _, err := fromLogs(reportedChange(), receivedAt.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, d.ID, again[0].ID, "the same record is the same delivery")
}

func TestReportedFacts(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(plog.ResourceLogs, plog.LogRecord)
		want func(*testing.T, correlate.Delivery)
	}{
		"a started change starts at the record's time": {
			func(_ plog.ResourceLogs, r plog.LogRecord) { r.Attributes().PutStr("deployment.status", "started") },
			func(t *testing.T, d correlate.Delivery) {
				require.Equal(t, eventAt, d.Facts[0].Change.StartedAt)
				require.True(t, d.Facts[0].Change.FinishedAt.IsZero())
			},
		},
		"the event's name in an attribute": {
			func(_ plog.ResourceLogs, r plog.LogRecord) {
				r.SetEventName("")
				r.Attributes().PutStr("event.name", "shipwake.change")
			},
			func(t *testing.T, d correlate.Delivery) { require.Equal(t, "checkout", d.Facts[0].Change.Service) },
		},
		"another service than the resource's doesn't take the resource's version": {
			func(_ plog.ResourceLogs, r plog.LogRecord) { r.Attributes().PutStr("service.name", "cart") },
			func(t *testing.T, d correlate.Delivery) {
				require.Equal(t, "cart", d.Facts[0].Change.Service)
				require.Empty(t, d.Facts[0].Change.Version)
			},
		},
		"an incident": {
			func(_ plog.ResourceLogs, r plog.LogRecord) {
				r.SetEventName("shipwake.incident")
				r.Attributes().PutStr("shipwake.incident.id", "PD-88")
			},
			func(t *testing.T, d correlate.Delivery) {
				require.Equal(t, correlate.Incident{
					ID: "PD-88", Service: "checkout", Environment: "staging", OpenedAt: eventAt, Source: "otlp",
				}, *d.Facts[0].Incident)
			},
		},
		"its own delivery id": {
			func(_ plog.ResourceLogs, r plog.LogRecord) { r.Attributes().PutStr("shipwake.delivery.id", "mine") },
			func(t *testing.T, d correlate.Delivery) { require.Equal(t, "mine", d.ID) },
		},
		"no id: kept with its problem": {
			func(_ plog.ResourceLogs, r plog.LogRecord) { r.Attributes().Remove("deployment.id") },
			func(t *testing.T, d correlate.Delivery) {
				require.Empty(t, d.Facts)
				require.Contains(t, d.Problem, "unmapped: change.id: required")
				require.Contains(t, string(d.Raw), "deployment.status")
			},
		},
		"an attribute of the wrong type: kept with its problem": {
			func(_ plog.ResourceLogs, r plog.LogRecord) { r.Attributes().PutInt("deployment.id", 4711) },
			func(t *testing.T, d correlate.Delivery) {
				require.Contains(t, d.Problem, "attribute deployment.id must be a string")
			},
		},
		"no time at all: kept with its problem": {
			func(_ plog.ResourceLogs, r plog.LogRecord) { r.SetTimestamp(0) },
			func(t *testing.T, d correlate.Delivery) { require.Contains(t, d.Problem, "change.started_at") },
		},
	} {
		t.Run(name, func(t *testing.T) {
			logs := reportedChange()
			resource := logs.ResourceLogs().At(0)
			c.edit(resource, resource.ScopeLogs().At(0).LogRecords().At(0))
			require.True(t, Holds(logs))
			deliveries, _, _, err := fromLogs(logs, receivedAt)
			require.NoError(t, err)
			require.Len(t, deliveries, 1)
			c.want(t, deliveries[0])
		})
	}
}
