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
		require.Equal(t, Contents{Deliveries: deliveries, Move: move}, FromLogs(throughTheWire(t, logs)))
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
	found := FromLogs(logs)
	require.NoError(t, found.Why)
	require.Len(t, found.Deliveries, 1)
	require.Nil(t, found.Move)
	require.Equal(t, 3, found.Rest)
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// sealed are two deliveries of one change each, and the position that moves with them.
func sealed() plog.Logs {
	var deliveries []correlate.Delivery
	for _, id := range []string{"1", "2"} {
		change := correlate.Change{ID: id, Service: "s", StartedAt: noon, Labels: map[string]string{"region": "eu"}}
		deliveries = append(deliveries, correlate.Delivery{ID: id, Source: "github", ReceivedAt: noon, Raw: []byte("{}"), Facts: []correlate.Fact{{Change: &change}}})
	}
	return ToLogs(deliveries, &correlate.Position{Stream: "kafka/deploys/3", Expect: 5, Next: 7})
}

func recordsOf(logs plog.Logs, resource int) plog.LogRecordSlice {
	return logs.ResourceLogs().At(resource).ScopeLogs().At(0).LogRecords()
}

func TestWhatWasChangedOnTheWayIsLeftOut(t *testing.T) {
	gone, whole := []string{"github"}, []string{"github", "github"}
	alone := []string{"otlp", "github"} // the fact stands for itself, as if anybody had reported it
	for name, c := range map[string]struct {
		damage func(logs plog.Logs, first, position plog.LogRecordSlice)
		want   string
		left   []string // the sources of the deliveries
	}{
		"a fact that was split off": {
			func(_ plog.Logs, first, _ plog.LogRecordSlice) {
				first.RemoveIf(func(r plog.LogRecord) bool { return r.EventName() == EventChange })
			},
			"announces 1 facts and 0 records follow", gone,
		},
		"an absurd number of facts": {
			func(_ plog.Logs, first, _ plog.LogRecordSlice) { first.At(0).Attributes().PutInt(attrFacts, 1<<62) },
			"keep processors that split or batch out", alone,
		},
		"a body that a processor turned to text": {
			func(_ plog.Logs, first, _ plog.LogRecordSlice) { first.At(0).Body().SetStr("{}") },
			"the body of a shipwake.delivery must be bytes, not Str", alone,
		},
		"another body": {
			func(_ plog.Logs, first, _ plog.LogRecordSlice) {
				first.At(0).Body().SetEmptyBytes().FromRaw([]byte("[]"))
			},
			"isn't sealed", alone,
		},
		"another source": {
			func(_ plog.Logs, first, _ plog.LogRecordSlice) { first.At(0).Attributes().PutStr(attrSource, "gitlab") },
			"isn't sealed", alone,
		},
		"another version": {
			func(_ plog.Logs, first, _ plog.LogRecordSlice) { first.At(1).Attributes().PutStr(attrVersion, "v9") },
			"isn't sealed", alone,
		},
		"one fact less announced": {
			func(_ plog.Logs, first, _ plog.LogRecordSlice) { first.At(0).Attributes().PutInt(attrFacts, 0) },
			"isn't sealed", alone,
		},
		"a seal that was taken off": {
			func(_ plog.Logs, first, _ plog.LogRecordSlice) { first.At(0).Attributes().Remove(attrSeal) },
			"isn't sealed", alone,
		},
		"a seal that is a text": {
			func(_ plog.Logs, first, _ plog.LogRecordSlice) { first.At(0).Attributes().PutStr(attrSeal, "seal") },
			"isn't sealed", alone,
		},
		"an empty seal": {
			func(_ plog.Logs, first, _ plog.LogRecordSlice) { first.At(0).Attributes().PutEmptyBytes(attrSeal) },
			"isn't sealed", alone,
		},
		"the seal of the position on a delivery": {
			func(_ plog.Logs, first, position plog.LogRecordSlice) {
				seal, _ := position.At(0).Attributes().Get(attrSeal)
				seal.CopyTo(first.At(0).Attributes().PutEmpty(attrSeal))
			},
			"isn't sealed", alone,
		},
		"a time that isn't one": {
			func(_ plog.Logs, first, _ plog.LogRecordSlice) {
				first.At(1).Attributes().PutStr(attrStartedAt, "yesterday")
			},
			"attribute shipwake.change.started_at must be an RFC 3339 time", alone,
		},
		"a delivery that a filter took away": {
			func(logs plog.Logs, _, _ plog.LogRecordSlice) {
				first := true
				logs.ResourceLogs().RemoveIf(func(plog.ResourceLogs) bool { defer func() { first = false }(); return first })
			},
			"the deliveries beside it aren't those it came with", gone,
		},
		"deliveries in another order": {
			func(logs plog.Logs, _, _ plog.LogRecordSlice) {
				other := plog.NewResourceLogs()
				logs.ResourceLogs().At(0).MoveTo(other)
				logs.ResourceLogs().At(1).MoveTo(logs.ResourceLogs().At(0))
				other.MoveTo(logs.ResourceLogs().At(1))
			},
			"the deliveries beside it aren't those it came with", whole,
		},
		"a position further on": {
			func(_ plog.Logs, _, position plog.LogRecordSlice) { position.At(0).Attributes().PutInt(attrNext, 9) },
			"a shipwake.position isn't sealed", whole,
		},
		"a position that isn't a number": {
			func(_ plog.Logs, _, position plog.LogRecordSlice) { position.At(0).Attributes().PutStr(attrNext, "9") },
			"attribute shipwake.position.next must be an integer", whole,
		},
		"a position of another batch": {
			func(logs plog.Logs, _, _ plog.LogRecordSlice) {
				ToLogs(nil, &correlate.Position{Stream: "kafka/deploys/4"}).ResourceLogs().MoveAndAppendTo(logs.ResourceLogs())
			},
			"a shipwake.position isn't sealed", whole,
		},
	} {
		t.Run(name, func(t *testing.T) {
			logs := sealed()
			c.damage(logs, recordsOf(logs, 0), recordsOf(logs, 2))
			found := fromLogs(processSeal(), logs, noon)
			require.ErrorContains(t, found.Why, c.want)
			require.Positive(t, found.Rejected)
			require.Equal(t, c.left, sourcesOf(found))
		})
	}
}

func sourcesOf(found Contents) []string {
	var sources []string
	for _, d := range found.Deliveries {
		sources = append(sources, d.Source)
	}
	return sources
}

func TestTwoPositionsAreOneTooMany(t *testing.T) {
	logs := ToLogs(nil, &correlate.Position{Stream: "kafka/deploys/3", Next: 1})
	ToLogs(nil, &correlate.Position{Stream: "kafka/deploys/4", Next: 1}).ResourceLogs().MoveAndAppendTo(logs.ResourceLogs())
	found := FromLogs(logs)
	require.Equal(t, "kafka/deploys/3", found.Move.Stream)
	require.Equal(t, 1, found.Rejected)
	require.ErrorContains(t, found.Why, "more than one shipwake.position")
}

// What a processor may do: add what is no word of ours, to the records and to their resource.
func TestWhatWasAddedOnTheWayDoesNoHarm(t *testing.T) {
	logs := sealed()
	for _, resource := range logs.ResourceLogs().All() {
		resource.Resource().Attributes().PutStr("k8s.cluster.name", "eu-1")
		for _, record := range resource.ScopeLogs().At(0).LogRecords().All() {
			record.Attributes().PutStr("team", "payments")
		}
	}
	found := FromLogs(logs)
	require.NoError(t, found.Why)
	require.Len(t, found.Deliveries, 2)
	require.Equal(t, int64(7), found.Move.Next)
}

// The bytes that one process wrote are worth nothing in another, nor what somebody made up.
func TestForgeriesAreLeftOut(t *testing.T) {
	stranger := sealer{key: []byte("guessed")}
	change := correlate.Change{ID: "c", Service: "s", StartedAt: noon}
	forged := toLogs(stranger, []correlate.Delivery{{ID: "1", Source: "github", ReceivedAt: noon, Facts: []correlate.Fact{{Change: &change}}}},
		&correlate.Position{Stream: "kafka/deploys/3", Next: 1 << 40})
	reportedChange().ResourceLogs().MoveAndAppendTo(forged.ResourceLogs())
	sealed().ResourceLogs().MoveAndAppendTo(forged.ResourceLogs())

	found := fromLogs(processSeal(), forged, noon)
	require.Equal(t, 2, found.Rejected, "the delivery and its position")
	require.Equal(t, []string{"otlp", "otlp", "github", "github"}, sourcesOf(found))
	require.Equal(t, int64(7), found.Move.Next, "what is genuine beside them is taken")
}

func FuzzFromLogs(f *testing.F) {
	fixed := sealer{key: []byte("the same in every process of the fuzzer")}
	marshaler := new(plog.ProtoMarshaler)
	for _, logs := range []plog.Logs{
		toLogs(fixed, exampleDeliveries(), &correlate.Position{Stream: "kafka/deploys/3", Next: 1}), reportedChange(), sealed(),
	} {
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
		found := fromLogs(fixed, logs, noon)
		require.Equal(t, held, len(found.Deliveries) > 0 || found.Move != nil || found.Rejected > 0)
		require.Equal(t, found.Rejected > 0, found.Why != nil)
	})
}
