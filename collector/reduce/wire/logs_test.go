package wire_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/collector/reduce/otlp"
	"github.com/shipwake/shipwake/collector/reduce/wire"
)

func walkLogs(t require.TestingT, w world, body []byte) bool {
	b := wire.NewLogs(&plenty{})
	defer b.Release()
	ok, err := b.Walk(body, known)
	require.NoError(t, err)
	if ok {
		b.Reduce(w.reducer)
	}
	return ok
}

func decodeLogs(_ require.TestingT, w world, body []byte) bool {
	request := plogotlp.NewExportRequest()
	if request.UnmarshalProto(body) != nil {
		return false
	}
	otlp.Logs(w.reducer, request.Logs())
	return true
}

var logShape = request(&shape{5: anyShape, 6: pairShape})

func drawnLogs(t *rapid.T) plog.Logs {
	logs := plog.NewLogs()
	for range rapid.IntRange(0, 2).Draw(t, "resources") {
		rl := logs.ResourceLogs().AppendEmpty()
		describe(t, rl.Resource())
		for range rapid.IntRange(0, 2).Draw(t, "scopes") {
			scope := rl.ScopeLogs().AppendEmpty()
			describeScope(t, scope.Scope())
			for range rapid.IntRange(0, 4).Draw(t, "records") {
				drawnLog(t, scope.LogRecords().AppendEmpty())
			}
		}
	}
	return logs
}

func drawnLog(t *rapid.T, l plog.LogRecord) {
	l.SetTimestamp(rapid.SampledFrom([]pcommon.Timestamp{0, at(t)}).Draw(t, "time"))
	l.SetObservedTimestamp(rapid.SampledFrom([]pcommon.Timestamp{0, at(t)}).Draw(t, "observed"))
	l.SetSeverityNumber(plog.SeverityNumber(rapid.IntRange(0, 25).Draw(t, "severity")))
	l.SetSeverityText(rapid.SampledFrom([]string{"", "error", "INFO", "Fatal"}).Draw(t, "text"))
	l.SetEventName(rarely(t, "event", "", "app.started", "shipwake.change"))
	l.SetTraceID([16]byte{1})
	l.SetFlags(1)
	value(t, l.Body(), 0)
	attributes(t, l.Attributes(), []string{"exception.type", "exception.message", "{OriginalFormat}", "message_template.text", "x"})
	if rapid.IntRange(0, 9).Draw(t, "named") == 0 {
		l.Attributes().PutStr("event.name", rapid.SampledFrom([]string{"", "x", "shipwake.incident"}).Draw(t, "name"))
	}
}

func encodedLogs(t require.TestingT, logs plog.Logs) []byte {
	body, err := plogotlp.NewExportRequestFromLogs(logs).MarshalProto()
	require.NoError(t, err)
	return body
}

func TestLogsComeToTheSameBothWays(t *testing.T) {
	walked, all := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		body := encodedLogs(t, drawnLogs(t))
		if rapid.Bool().Draw(t, "reorder") {
			body = reordered(t, body, logShape)
		}
		walked, all = walked+same(t, walkLogs, decodeLogs, body), all+1
	})
	require.Greater(t, walked, all/4, "most requests should be walked")
}

func TestMutantsOfLogsComeToTheSameBothWays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		same(t, walkLogs, decodeLogs, mutant(t, encodedLogs(t, drawnLogs(t))))
	})
}

func FuzzLogs(f *testing.F) {
	logs := plog.NewLogs()
	rl := logs.ResourceLogs().AppendEmpty()
	rl.Resource().Attributes().PutStr("service.name", "checkout")
	l := rl.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	l.SetTimestamp(pcommon.NewTimestampFromTime(now))
	l.Body().SetStr("connection refused")
	l.Attributes().PutStr("exception.type", "IOError")
	f.Add(encodedLogs(f, logs))
	f.Fuzz(func(t *testing.T, body []byte) {
		same(t, walkLogs, decodeLogs, body)
	})
}

func TestFactsAreDecoded(t *testing.T) {
	record := func(fields ...byte) []byte { return delimited(1, delimited(2, delimited(2, fields))) }
	named := delimited(6, append(delimited(1, []byte("event.name")), delimited(2, delimited(1, []byte("shipwake.change")))...))
	for name, test := range map[string]struct {
		body   []byte
		walked bool
	}{
		"a record":                        {record(), true},
		"an event of somebody else's":     {record(delimited(12, []byte("app.started"))...), true},
		"a change":                        {record(delimited(12, []byte("shipwake.change"))...), false},
		"a change by an attribute":        {record(named...), false},
		"an attribute beside the name":    {record(append(delimited(12, []byte("x")), named...)...), true},
		"a body that can't be read":       {record(delimited(5, []byte{7})...), false},
		"a trace id of one byte":          {record(delimited(9, []byte{7})...), false},
		"a field that isn't in the table": {record(4<<3, 1), false},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.walked, same(t, walkLogs, decodeLogs, test.body) == 1)
		})
	}
}

func TestRecordsAreCharged(t *testing.T) {
	const n = 100_000
	var list []byte
	for range n {
		list = append(list, delimited(2, nil)...)
	}
	body := delimited(1, delimited(2, list))
	room := &plenty{}
	b := wire.NewLogs(room)
	before := allocated()
	ok, err := b.Walk(body, known)
	used := allocated() - before
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, n, b.Len())
	b.Release()
	require.LessOrEqual(t, used, uint64(room.taken+room.taken/2+1<<20))

	full := little(room.taken / 2)
	b = wire.NewLogs(&full)
	defer b.Release()
	_, err = b.Walk(body, known)
	require.ErrorIs(t, err, errFull)
}
