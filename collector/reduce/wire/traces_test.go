package wire_test

import (
	"fmt"
	"math"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/collector/reduce/otlp"
	"github.com/shipwake/shipwake/collector/reduce/wire"
)

var known = wire.NewKnown()

func walkTraces(t require.TestingT, w world, body []byte) bool {
	b := wire.NewSpans(&plenty{})
	defer b.Release()
	ok, err := b.Walk(body, known)
	require.NoError(t, err)
	if ok {
		b.Reduce(w.reducer)
	}
	return ok
}

func decodeTraces(_ require.TestingT, w world, body []byte) bool {
	request := ptraceotlp.NewExportRequest()
	if request.UnmarshalProto(body) != nil {
		return false
	}
	otlp.Traces(w.reducer, request.Traces())
	return true
}

var traceShape = request(&shape{
	9: pairShape, 11: &shape{3: pairShape}, 13: &shape{4: pairShape}, 15: &shape{},
})

// value draws anything that an attribute may hold.
func value(t *rapid.T, into pcommon.Value, depth int) {
	switch rapid.IntRange(0, 8).Draw(t, "type") {
	case 0:
		into.SetInt(rapid.SampledFrom([]int64{0, 7, 200, 404, 500, 503, 999, 1000, -1, math.MaxInt64}).Draw(t, "int"))
	case 1:
		into.SetBool(rapid.Bool().Draw(t, "bool"))
	case 2:
		into.SetDouble(rapid.SampledFrom([]float64{0, 200, 1.5, -7}).Draw(t, "double"))
	case 3:
		into.SetEmptyBytes().FromRaw([]byte("raw"))
	case 4:
		if depth < 3 {
			value(t, into.SetEmptySlice().AppendEmpty(), depth+1)
		}
	case 5:
		if depth < 3 {
			value(t, into.SetEmptyMap().PutEmpty("k"), depth+1)
		}
	case 6: // empty
	default:
		into.SetStr(rapid.SampledFrom([]string{
			"", "a", "b", "200", "500", "/cart/{id}", "10.0.0.1", "pay.example:8080", "UNAVAILABLE", "not_found", "5xx", "caf\xff", "GET",
		}).Draw(t, "text"))
	}
}

var spanKeys = []string{
	"http.response.status_code", "http.status_code", "rpc.grpc.status_code", "rpc.response.status_code", "rpc.connect_rpc.error_code",
	"peer.service", "server.address", "net.peer.name", "db.system.name", "db.system", "http.route", "rpc.service", "rpc.method",
	"http.request.method", "url.path", "",
}

func attributes(t *rapid.T, into pcommon.Map, keys []string) {
	for range rapid.IntRange(0, 4).Draw(t, "attributes") {
		value(t, into.PutEmpty(rapid.SampledFrom(keys).Draw(t, "key")), 0)
	}
}

var resourceKeys = []string{
	"service.namespace", "service.version", "deployment.environment.name", "deployment.environment", "cloud.availability_zone",
	"k8s.cluster.name", "cloud.region", "service.instance.id", "k8s.pod.uid", "k8s.pod.name", "k8s.container.name", "host.name", "telemetry.sdk.name",
}

func describe(t *rapid.T, r pcommon.Resource) {
	if name := rarely(t, "service", "a", "b", "", "unknown_service:java"); name != "" {
		r.Attributes().PutStr("service.name", name)
	}
	attributes(t, r.Attributes(), resourceKeys)
}

func describeScope(t *rapid.T, s pcommon.InstrumentationScope) {
	s.SetName(rapid.SampledFrom([]string{"", "net/http", "grpc"}).Draw(t, "scope"))
	attributes(t, s.Attributes(), []string{"x"})
}

// at draws an event time.
func at(t *rapid.T) pcommon.Timestamp {
	return pcommon.NewTimestampFromTime(now.Add(rarely(t, "time", -5*time.Second, -time.Minute, 0, time.Minute, time.Hour)))
}

func drawnTraces(t *rapid.T) ptrace.Traces {
	traces := ptrace.NewTraces()
	for range rapid.IntRange(0, 3).Draw(t, "resources") {
		rs := traces.ResourceSpans().AppendEmpty()
		describe(t, rs.Resource())
		for range rapid.IntRange(0, 2).Draw(t, "scopes") {
			scope := rs.ScopeSpans().AppendEmpty()
			describeScope(t, scope.Scope())
			for range rapid.IntRange(0, 5).Draw(t, "spans") {
				drawnSpan(t, scope.Spans().AppendEmpty())
			}
		}
	}
	return traces
}

func drawnSpan(t *rapid.T, s ptrace.Span) {
	id := rapid.Uint8Range(0, 3)
	s.SetTraceID([16]byte{15: id.Draw(t, "trace")})
	s.SetSpanID([8]byte{7: id.Draw(t, "id")})
	s.SetParentSpanID([8]byte{7: id.Draw(t, "parent")})
	s.SetKind(ptrace.SpanKind(rapid.IntRange(0, 6).Draw(t, "kind")))
	s.SetName(rapid.SampledFrom([]string{"", "GET /", "op"}).Draw(t, "name"))
	s.SetFlags(rapid.SampledFrom([]uint32{0, 1, 0x100, 0x300, 0x200}).Draw(t, "flags"))
	s.SetEndTimestamp(at(t))
	s.SetStartTimestamp(s.EndTimestamp() - pcommon.Timestamp(rapid.Int64Range(-5, 5000).Draw(t, "took")*1e6))
	s.Status().SetCode(ptrace.StatusCode(rapid.IntRange(0, 2).Draw(t, "status")))
	if rapid.Bool().Draw(t, "message") {
		s.Status().SetMessage("why")
	}
	attributes(t, s.Attributes(), spanKeys)
	for range rapid.IntRange(0, 2).Draw(t, "events") {
		e := s.Events().AppendEmpty()
		e.SetName(rarely(t, "event", "exception", "retry"))
		attributes(t, e.Attributes(), []string{"exception.type", "exception.message"})
	}
	if rapid.Bool().Draw(t, "links") {
		attributes(t, s.Links().AppendEmpty().Attributes(), []string{"x"})
	}
	s.SetDroppedAttributesCount(rapid.Uint32Range(0, 300).Draw(t, "dropped"))
}

func encodedTraces(t require.TestingT, traces ptrace.Traces) []byte {
	body, err := ptraceotlp.NewExportRequestFromTraces(traces).MarshalProto()
	require.NoError(t, err)
	return body
}

func TestSpansComeToTheSameBothWays(t *testing.T) {
	walked, all := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		var bodies [][]byte
		for range rapid.IntRange(1, 3).Draw(t, "requests") {
			body := encodedTraces(t, drawnTraces(t))
			if rapid.Bool().Draw(t, "reorder") {
				body = reordered(t, body, traceShape)
			}
			bodies = append(bodies, body)
		}
		walked, all = walked+same(t, walkTraces, decodeTraces, bodies...), all+len(bodies)
	})
	require.Greater(t, walked, all/4, "most requests should be walked")
}

func TestMutantsOfSpansComeToTheSameBothWays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		same(t, walkTraces, decodeTraces, mutant(t, encodedTraces(t, drawnTraces(t))))
	})
}

func FuzzTraces(f *testing.F) {
	f.Add(encodedTraces(f, shop(3)))
	f.Fuzz(func(t *testing.T, body []byte) {
		same(t, walkTraces, decodeTraces, body)
	})
}

// shop is what an SDK sends: so many server spans, each of a call from a client span, which is in another resource.
func shop(n int) ptrace.Traces {
	traces := ptrace.NewTraces()
	lists := make([]ptrace.SpanSlice, 2)
	for i, name := range []string{"front", "checkout"} {
		rs := traces.ResourceSpans().AppendEmpty()
		rs.Resource().Attributes().PutStr("service.name", name)
		rs.Resource().Attributes().PutStr("service.version", "v1")
		lists[i] = rs.ScopeSpans().AppendEmpty().Spans()
	}
	for i := range n {
		for side, kind := range []ptrace.SpanKind{ptrace.SpanKindClient, ptrace.SpanKindServer} {
			s := lists[side].AppendEmpty()
			s.SetTraceID([16]byte{byte(i), byte(i >> 8), 1})
			s.SetSpanID([8]byte{byte(side + 1), 1})
			s.SetParentSpanID([8]byte{byte(side), byte(side)})
			s.SetKind(kind)
			s.SetName("GET")
			s.SetEndTimestamp(pcommon.NewTimestampFromTime(now))
			s.SetStartTimestamp(pcommon.NewTimestampFromTime(now.Add(-20 * time.Millisecond)))
			s.Attributes().PutStr("http.route", fmt.Sprintf("/cart/%d", i%8))
			s.Attributes().PutInt("http.response.status_code", 200)
			s.Attributes().PutStr("server.address", "checkout")
		}
	}
	return traces
}

func TestWhatIsWalked(t *testing.T) {
	full := encodedTraces(t, shop(300))
	for name, test := range map[string]struct {
		body   []byte
		walked bool
	}{
		"what an SDK sends":                    {full, true},
		"nothing":                              {nil, true},
		"an empty resource":                    {delimited(1, nil), true},
		"cut short":                            {full[:len(full)-1], false},
		"a field that isn't in the protocol":   {append(delimited(9, []byte("x")), full...), false},
		"a group":                              {append([]byte{1<<3 | 3, 1<<3 | 4}, full...), false},
		"a resource that comes twice":          {delimited(1, append(delimited(1, nil), delimited(1, nil)...)), false},
		"a text where there is a number":       {delimited(1, delimited(2, delimited(2, delimited(6, nil)))), false},
		"a trace id of 15 bytes":               {delimited(1, delimited(2, delimited(2, delimited(1, make([]byte, 15))))), false},
		"the field of spans in the first OTLP": {delimited(1, delimited(1000, nil)), false},
	} {
		t.Run(name, func(t *testing.T) {
			walked := same(t, walkTraces, decodeTraces, test.body)
			require.Equal(t, test.walked, walked == 1)
		})
	}
}

func TestSpansAreCharged(t *testing.T) {
	body := encodedTraces(t, shop(2000))
	room := &plenty{}
	b := wire.NewSpans(room)
	ok, err := b.Walk(body, known)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, 4000, b.Len())
	b.Release()
	require.Greater(t, room.taken, int64(4000*200))

	room2 := little(room.taken / 2)
	b = wire.NewSpans(&room2)
	defer b.Release()
	_, err = b.Walk(body, known)
	require.ErrorIs(t, err, errFull)
}

// TestBombs: nothing takes more memory than it paid for, whatever it is a list of.
func TestBombsOfSpans(t *testing.T) {
	const n = 100_000
	repeat := func(part []byte) []byte {
		var b []byte
		for range n {
			b = append(b, part...)
		}
		return b
	}
	thrown := delimited(11, append(delimited(2, []byte("exception")), delimited(3, append(delimited(1, []byte("exception.type")), delimited(2, delimited(1, []byte("E")))...))...))
	for name, body := range map[string][]byte{
		"resources":          repeat(delimited(1, nil)),
		"resources of spans": repeat(delimited(1, delimited(2, delimited(2, nil)))),
		"scopes":             delimited(1, repeat(delimited(2, nil))),
		"spans":              delimited(1, delimited(2, repeat(delimited(2, nil)))),
		"attributes":         delimited(1, delimited(2, delimited(2, repeat(delimited(9, nil))))),
		"exceptions":         delimited(1, delimited(2, delimited(2, repeat(thrown)))),
		"links":              delimited(1, delimited(2, delimited(2, repeat(delimited(13, nil))))),
	} {
		t.Run(name, func(t *testing.T) {
			room := &plenty{}
			b := wire.NewSpans(room)
			before := allocated()
			_, err := b.Walk(body, known)
			used := allocated() - before
			require.NoError(t, err)
			require.LessOrEqual(t, used, uint64(room.taken+room.taken/2+1<<20))
		})
	}
}

func allocated() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.TotalAlloc
}
