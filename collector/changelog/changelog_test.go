package changelog

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
)

// newRecord is an empty record in logs of its own.
func newRecord() (plog.Logs, plog.LogRecord) {
	logs := plog.NewLogs()
	return logs, logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
}

func TestEveryFieldOfAFactSurvives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fact := anyFact(t)
		logs, record := newRecord()
		WriteFact(record, fact, receivedAt)
		found := Read(throughTheWire(t, logs), receivedAt)
		require.NoError(t, found.Why)
		require.Len(t, found.Entries, 1)
		require.Empty(t, found.Entries[0].Problem)

		want := fact.WithDefaults()
		if want.Change != nil {
			want.Change.Source = SourceOTLP
		} else {
			want.Incident.Source = SourceOTLP
		}
		require.Equal(t, want, found.Entries[0].Facts[0])
	})
}

func TestAVerdictIsToldInTheWordsOfItsChange(t *testing.T) {
	onset := eventAt.Add(-time.Minute)
	v := correlate.Verdict{
		ChangeID: "checkout-4711", Service: "checkout", Environment: "production", Version: "v2", Outcome: correlate.Regressed,
		Reason: correlate.ReasonErrorRatio, Revision: 3, Final: true, DecidedAt: eventAt, OnsetAt: &onset, Blame: 0.875,
		Supersedes: 1, Reopened: correlate.LateIncident, ReopenedBy: "PD-88",
		Evidence: []correlate.Evidence{{
			Signal: "error_ratio", Baseline: 0.001, Observed: 0.25, Ratio: 250, Interval: [2]float64{180, 320}, N: 800, Events: 200, Grade: correlate.GradeA,
		}},
	}
	logs, record := newRecord()
	WriteVerdict(record, v)
	require.Equal(t, "shipwake.verdict", record.EventName())
	require.Equal(t, eventAt, record.Timestamp().AsTime())
	require.Equal(t, "regressed checkout v2 production error_ratio", record.Body().Str())
	require.Equal(t, plog.SeverityNumberWarn, record.SeverityNumber())
	require.Equal(t, map[string]any{
		"deployment.id": "checkout-4711", "service.name": "checkout", "service.version": "v2", "deployment.environment.name": "production",
		"shipwake.verdict.outcome": "regressed", "shipwake.verdict.reason": "error_ratio", "shipwake.verdict.revision": int64(3),
		"shipwake.verdict.final": true, "shipwake.verdict.blame": 0.875, "shipwake.verdict.onset_at": "2026-03-01T10:05:00Z",
		"shipwake.verdict.supersedes": int64(1), "shipwake.verdict.reopened": "late_incident", "shipwake.verdict.reopened_by": "PD-88",
		"shipwake.verdict.evidence": []any{map[string]any{
			"signal": "error_ratio", "grade": "A", "baseline": 0.001, "observed": 0.25, "ratio": 250.0, "ratio_low": 180.0, "ratio_high": 320.0,
			"exposures": int64(800), "events": int64(200),
		}},
	}, record.Attributes().AsRaw())
	require.False(t, Holds(logs), "told verdicts that come back are no facts")

	for name, c := range map[string]struct {
		edit func(*correlate.Verdict)
		want plog.SeverityNumber
	}{
		"healthy":                      {func(v *correlate.Verdict) { v.Outcome = correlate.Healthy }, plog.SeverityNumberInfo},
		"regressed and then withdrawn": {func(v *correlate.Verdict) { v.Withdrawn = true }, plog.SeverityNumberInfo},
	} {
		other := v
		c.edit(&other)
		_, record := newRecord()
		WriteVerdict(record, other)
		require.Equal(t, c.want, record.SeverityNumber(), name)
	}
}

func FuzzRead(f *testing.F) {
	marshaler := new(plog.ProtoMarshaler)
	written, record := newRecord()
	WriteFact(record, anyFactExample(), receivedAt)
	for _, logs := range []plog.Logs{written, reportedChange()} {
		raw, err := marshaler.MarshalLogs(logs)
		require.NoError(f, err)
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		logs, err := new(plog.ProtoUnmarshaler).UnmarshalLogs(raw)
		if err != nil {
			return
		}
		held := Holds(logs)
		found := Read(logs, receivedAt)
		require.Equal(t, held, len(found.Entries) > 0 || found.Rejected > 0)
		require.Equal(t, found.Rejected > 0, found.Why != nil)
		for _, e := range found.Entries {
			requireReported(t, e)
		}
	})
}

// requireReported checks what holds for whatever comes from anybody.
func requireReported(t *testing.T, e correlate.Entry) {
	require.Equal(t, SourceOTLP, e.Source)
	require.NotEmpty(t, e.ID)
	require.LessOrEqual(t, len(e.Body), maxReported)
	require.Equal(t, len(e.Facts) == 0, e.Problem != "")
	require.Equal(t, e.Projection, Project(e.Raw), "it is read in the same way again")
	for _, fact := range e.Facts {
		require.NoError(t, fact.Validate())
		require.Equal(t, fact, fact.WithDefaults())
	}
}

func BenchmarkHoldsOrdinaryLogs(b *testing.B) {
	logs := plog.NewLogs()
	records := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for range 1000 {
		record := records.AppendEmpty()
		for _, name := range []string{"http.route", "user.id", "exception.type", "thread.name"} {
			record.Attributes().PutStr(name, "x")
		}
	}
	for b.Loop() {
		Holds(logs)
	}
}

// throughTheWire encodes and decodes, as an exporter to another Collector would.
func throughTheWire(t require.TestingT, logs plog.Logs) plog.Logs {
	raw, err := new(plog.ProtoMarshaler).MarshalLogs(logs)
	require.NoError(t, err)
	back, err := new(plog.ProtoUnmarshaler).UnmarshalLogs(raw)
	require.NoError(t, err)
	return back
}
