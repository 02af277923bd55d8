package changelog

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
)

func TestEveryFieldSurvives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		deliveries := rapid.SliceOfN(anyDelivery(), 0, 4).Draw(t, "deliveries")
		if len(deliveries) == 0 {
			deliveries = nil
		}
		var move *correlate.Position
		if rapid.Bool().Draw(t, "moves") {
			move = &correlate.Position{
				Stream: rapid.String().Draw(t, "stream"),
				Expect: rapid.Int64().Draw(t, "expect"),
				Next:   rapid.Int64().Draw(t, "next"),
			}
		}

		logs := ToLogs(deliveries, move)
		gotDeliveries, gotMove, rest, err := FromLogs(throughTheWire(t, logs))
		require.NoError(t, err)
		require.Equal(t, deliveries, gotDeliveries)
		require.Equal(t, move, gotMove)
		require.Zero(t, rest)
		require.Equal(t, len(deliveries) > 0 || move != nil, Holds(logs))
	})
}

func TestOrdinaryLogsAreTheRest(t *testing.T) {
	logs := plog.NewLogs()
	records := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for range 3 {
		records.AppendEmpty().Body().SetStr("request served")
	}
	require.False(t, Holds(logs))

	ToLogs([]correlate.Delivery{{ID: "1", Source: "generic"}}, nil).ResourceLogs().MoveAndAppendTo(logs.ResourceLogs())
	require.True(t, Holds(logs))
	deliveries, move, rest, err := FromLogs(logs)
	require.NoError(t, err)
	require.Len(t, deliveries, 1)
	require.Nil(t, move)
	require.Equal(t, 3, rest)
}

func TestDamageIsAnError(t *testing.T) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	whole := func() (plog.Logs, plog.LogRecordSlice) {
		change := correlate.Change{ID: "c", Service: "s", StartedAt: noon}
		logs := ToLogs([]correlate.Delivery{{ID: "1", Source: "generic", Facts: []correlate.Fact{{Change: &change}}}},
			&correlate.Position{Stream: "s"})
		return logs, logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
	}
	for name, c := range map[string]struct {
		damage func(plog.Logs, plog.LogRecordSlice)
		want   string
	}{
		"a fact that was split off": {
			func(_ plog.Logs, records plog.LogRecordSlice) {
				records.RemoveIf(func(r plog.LogRecord) bool { return r.EventName() == EventChange })
			},
			"announces 1 facts and 0 records follow",
		},
		"an absurd number of facts": {
			func(_ plog.Logs, records plog.LogRecordSlice) {
				records.At(0).Attributes().PutInt(attrFacts, 1<<62)
			},
			"keep processors that split or batch out",
		},
		"a body that a processor turned to text": {
			func(_ plog.Logs, records plog.LogRecordSlice) { records.At(0).Body().SetStr("{}") },
			"the body of a shipwake.delivery must be bytes, not Str",
		},
		"a time that isn't one": {
			func(_ plog.Logs, records plog.LogRecordSlice) {
				records.At(1).Attributes().PutStr(attrStartedAt, "yesterday")
			},
			"attribute shipwake.change.started_at must be an RFC 3339 time",
		},
		"a fact that isn't valid": {
			func(_ plog.Logs, records plog.LogRecordSlice) { records.At(1).Attributes().Remove(attrService) },
			"change.service: required",
		},
		"a position that isn't a number": {
			func(logs plog.Logs, _ plog.LogRecordSlice) {
				logs.ResourceLogs().At(1).ScopeLogs().At(0).LogRecords().At(0).Attributes().PutStr(attrNext, "9")
			},
			"attribute shipwake.position.next must be an integer",
		},
	} {
		t.Run(name, func(t *testing.T) {
			logs, records := whole()
			c.damage(logs, records)
			_, _, _, err := FromLogs(logs)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func FuzzFromLogs(f *testing.F) {
	marshaler := new(plog.ProtoMarshaler)
	for _, logs := range []plog.Logs{ToLogs(exampleDeliveries(), &correlate.Position{Stream: "kafka/deploys/3", Next: 1}), reportedChange()} {
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
		deliveries, move, _, err := FromLogs(logs)
		if err != nil {
			return
		}
		require.Equal(t, held, len(deliveries) > 0 || move != nil)
		for _, d := range deliveries {
			for _, fact := range d.Facts {
				require.NoError(t, fact.Validate())
			}
		}
	})
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
