package verdicts

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/shipwake/shipwake/collector/told"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func decision(revision int, o correlate.Outcome, evidence ...correlate.Evidence) sinks.Decision {
	v := correlate.Verdict{
		ChangeID: "checkout-1", Service: "checkout", Environment: "production", Version: "v2", Outcome: o, Reason: correlate.ReasonErrorRatio,
		Revision: revision, DecidedAt: noon, Evidence: evidence,
	}
	return sinks.Decision{Verdict: v, Record: correlate.ChangeRecord{Change: correlate.Change{
		ID: "checkout-1", Kind: correlate.KindDeployment, Commit: "abc", Team: "shop", URL: "https://ci.example/1", Source: "github",
	}}}
}

func regression(change func(*correlate.Regression)) correlate.Regression {
	r := correlate.Regression{
		ID: "r1", Service: "cart", Environment: "production", Signal: "error_ratio", OnsetAt: noon.Add(-time.Minute), DecidedAt: noon,
		Suspects: []correlate.Suspect{{ChangeID: "checkout-1", Probability: 0.9}},
	}
	if change != nil {
		change(&r)
	}
	return r
}

// told is what a pipeline is given of a batch.
func passedOn(t *testing.T, b sinks.Batch) []plog.ResourceLogs {
	t.Helper()
	sink := new(consumertest.LogsSink)
	out := &telling{name: "verdicts", next: sink}
	messages, err := out.Messages(b)
	require.NoError(t, err)
	for _, m := range messages {
		_, err := out.Deliver(t.Context(), m)
		require.NoError(t, err)
	}
	var all []plog.ResourceLogs
	for _, logs := range sink.AllLogs() {
		all = append(all, logs.ResourceLogs().At(0))
	}
	return all
}

func record(r plog.ResourceLogs) plog.LogRecord { return r.ScopeLogs().At(0).LogRecords().At(0) }

func attribute(t *testing.T, a pcommon.Map, name string) any {
	t.Helper()
	v, ok := a.Get(name)
	require.True(t, ok, name)
	return v.AsRaw()
}

func TestAVerdictIsARecordOfItsService(t *testing.T) {
	got := passedOn(t, sinks.Batch{Decisions: []sinks.Decision{decision(1, correlate.Regressed)}})
	require.Len(t, got, 1)
	require.Equal(t, map[string]any{
		"service.name": "checkout", "service.version": "v2", "deployment.environment.name": "production",
	}, got[0].Resource().Attributes().AsRaw())
	r := record(got[0])
	require.Equal(t, "shipwake.verdict", r.EventName())
	require.Equal(t, noon, r.Timestamp().AsTime())
	require.Equal(t, plog.SeverityNumberWarn, r.SeverityNumber())
	for name, want := range map[string]any{
		"deployment.id": "checkout-1", "shipwake.verdict.outcome": "regressed", "shipwake.verdict.revision": int64(1),
		"vcs.ref.head.revision": "abc", "shipwake.change.team": "shop", "url.full": "https://ci.example/1", "shipwake.source": "github",
	} {
		require.Equal(t, want, attribute(t, r.Attributes(), name))
	}
}

func TestAFaultThatShowsElsewhereIsARecordOfThatService(t *testing.T) {
	d := decision(1, correlate.Regressed, correlate.Evidence{Service: "cart", Signal: "error_ratio"})
	d.Verdict.Reason = correlate.ReasonDownstream
	got := passedOn(t, sinks.Batch{Decisions: []sinks.Decision{d}})
	require.Equal(t, map[string]any{"service.name": "cart", "deployment.environment.name": "production"}, got[0].Resource().Attributes().AsRaw())
	require.Equal(t, "checkout", attribute(t, record(got[0]).Attributes(), "service.name"), "the change is still that of its service")
}

func TestARegressionIsTold(t *testing.T) {
	recovered := noon.Add(5 * time.Minute)
	for name, c := range map[string]struct {
		change   func(*correlate.Regression)
		state    string
		at       time.Time
		severity plog.SeverityNumber
		body     string
	}{
		"when it begins":    {nil, "began", noon, plog.SeverityNumberWarn, "regression of error_ratio of cart production began"},
		"when it recovers":  {func(r *correlate.Regression) { r.RecoveredAt = &recovered }, "recovered", recovered, plog.SeverityNumberInfo, "regression of error_ratio of cart production recovered"},
		"when it never was": {func(r *correlate.Regression) { r.Withdrawn = true }, "withdrawn", noon, plog.SeverityNumberInfo, "regression of error_ratio of cart production withdrawn"},
	} {
		t.Run(name, func(t *testing.T) {
			got := passedOn(t, sinks.Batch{Regressions: []correlate.Regression{regression(c.change)}})
			r := record(got[0])
			require.Equal(t, "shipwake.regression", r.EventName())
			require.Equal(t, c.state, attribute(t, r.Attributes(), "shipwake.regression.state"))
			require.Equal(t, c.at, r.Timestamp().AsTime())
			require.Equal(t, c.severity, r.SeverityNumber())
			require.Equal(t, c.body, r.Body().Str())
			require.Equal(t, "r1", attribute(t, r.Attributes(), "shipwake.regression.id"))
			require.Equal(t, []any{map[string]any{"deployment.id": "checkout-1", "probability": 0.9}}, attribute(t, r.Attributes(), "shipwake.regression.suspects"))
			require.Equal(t, "cart", attribute(t, got[0].Resource().Attributes(), "service.name"))
		})
	}
}

func TestARecordKeepsItsID(t *testing.T) {
	keys := func(b sinks.Batch) []string {
		messages, err := (&telling{}).Messages(b)
		require.NoError(t, err)
		var all []string
		for _, m := range messages {
			require.True(t, m.Each)
			all = append(all, m.Key)
		}
		return all
	}
	first := sinks.Batch{Decisions: []sinks.Decision{decision(1, correlate.Regressed)}, Regressions: []correlate.Regression{regression(nil)}}
	require.Equal(t, keys(first), keys(first))
	for i, got := range passedOn(t, first) {
		require.Equal(t, keys(first)[i], attribute(t, record(got).Attributes(), "log.record.uid"))
	}
	corrected := sinks.Batch{Decisions: []sinks.Decision{decision(2, correlate.Healthy)}, Regressions: []correlate.Regression{regression(nil)}}
	again := keys(corrected)
	require.NotEqual(t, keys(first)[0], again[0], "a correction is another record")
	require.NotEqual(t, keys(first)[1], again[1], "and so is a state that comes back with it")
}

func TestThePipelineSaysWhetherAnotherTryHelps(t *testing.T) {
	full, broken := errors.New("the queue is full"), consumererror.NewPermanent(errors.New("no such tenant"))
	good, err := (&telling{}).Messages(sinks.Batch{Regressions: []correlate.Regression{regression(nil)}})
	require.NoError(t, err)
	for name, c := range map[string]struct {
		payload []byte
		answer  error
		want    sinks.Cause
	}{
		"it can't just now": {good[0].Payload, full, sinks.Unreachable},
		"it never will":     {good[0].Payload, broken, sinks.Refused},
		"it can't be read":  {[]byte("no protobuf"), nil, sinks.Refused},
	} {
		t.Run(name, func(t *testing.T) {
			out := &telling{next: consumertest.NewErr(c.answer)}
			_, err := out.Deliver(t.Context(), sinks.Message{Payload: c.payload})
			var u *sinks.Undelivered
			require.ErrorAs(t, err, &u)
			require.Equal(t, c.want, u.Cause)
		})
	}
}

func TestTheReceiverSitsWhereTheHostFindsIt(t *testing.T) {
	var desk told.Registry
	f := NewFactory(&desk)
	sink := new(consumertest.LogsSink)
	r, err := f.CreateLogs(t.Context(), receivertest.NewNopSettings(Type), f.CreateDefaultConfig(), sink)
	require.NoError(t, err)
	require.ErrorContains(t, r.Start(t.Context(), componenttest.NewNopHost()), "list the extension correlate")
	taken := desk.Take()
	require.Len(t, taken, 1)
	require.Contains(t, taken[0].Name(), "verdicts")
	require.NoError(t, r.Start(t.Context(), componenttest.NewNopHost()))
	messages, err := taken[0].Messages(sinks.Batch{Decisions: []sinks.Decision{decision(1, correlate.Healthy)}})
	require.NoError(t, err)
	_, err = taken[0].Deliver(t.Context(), messages[0])
	require.NoError(t, err)
	require.Equal(t, 1, sink.LogRecordCount())
	require.NoError(t, r.Shutdown(t.Context()))
	require.NoError(t, r.Shutdown(t.Context()))
	require.Empty(t, desk.Take())
}
