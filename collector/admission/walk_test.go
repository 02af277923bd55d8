package admission

import (
	"bytes"
	"io"
	"math"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

// spans is what an SDK sends: n server spans with five attributes each.
func spans(n int) ptraceotlp.ExportRequest {
	traces := ptrace.NewTraces()
	resource := traces.ResourceSpans().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", "checkout")
	list := resource.ScopeSpans().AppendEmpty().Spans()
	for i := range n {
		s := list.AppendEmpty()
		s.SetTraceID([16]byte{byte(i), byte(i >> 8), 1})
		s.SetSpanID([8]byte{byte(i), byte(i >> 8), 1})
		s.SetName("GET /cart")
		s.SetKind(ptrace.SpanKindServer)
		s.SetStartTimestamp(pcommon.Timestamp(1_772_359_200e9))
		s.SetEndTimestamp(pcommon.Timestamp(1_772_359_201e9))
		s.Attributes().PutStr("http.request.method", "GET")
		s.Attributes().PutStr("url.path", "/cart/items")
		s.Attributes().PutStr("server.address", "checkout.example")
		s.Attributes().PutInt("http.response.status_code", 200)
		s.Attributes().PutStr("http.route", "/cart/{id}")
	}
	return ptraceotlp.NewExportRequestFromTraces(traces)
}

func encoded(t testing.TB, r ptraceotlp.ExportRequest) []byte {
	t.Helper()
	body, err := r.MarshalProto()
	require.NoError(t, err)
	return body
}

func reason(t testing.TB, err error) Reason {
	t.Helper()
	var refusal *Refusal
	require.ErrorAs(t, err, &refusal)
	return refusal.Reason
}

func TestWhatIsRefused(t *testing.T) {
	deep := func(levels int) []byte {
		var b []byte
		for range levels {
			b = delimit(6, delimit(1, delimit(2, b))) // a list of one pair whose value is …
		}
		return delimit(1, delimit(2, delimit(2, delimit(9, delimit(2, b)))))
	}
	deepJSON := func(levels int) []byte {
		return []byte(`{"resourceSpans":[{"resource":{"attributes":[{"key":"a","value":` +
			strings.Repeat(`{"arrayValue":{"values":[`, levels) + strings.Repeat(`]}}`, levels) + `}]}}]}`)
	}
	for name, c := range map[string]struct {
		body []byte
		walk func([]byte, Kind, int64) (int64, error)
		want Reason // "" is let in
	}{
		"an SDK's spans":                     {encoded(t, spans(512)), Proto, ""},
		"nothing":                            {nil, Proto, ""},
		"ten levels of lists":                {deep(10), Proto, ""},
		"a thousand levels of lists":         {deep(1000), Proto, TooDeep},
		"a million spans":                    {delimit(1, delimit(2, bytes.Repeat([]byte{0x12, 0}, 1_000_000))), Proto, TooCostly},
		"a length beyond the end":            {[]byte{0x0a, 5, 1}, Proto, Malformed},
		"a length of 2⁶⁴−1":                  {append([]byte{0x0a}, bytes.Repeat([]byte{0xff}, 10)...), Proto, Malformed},
		"half a tag":                         {[]byte{0x80}, Proto, Malformed},
		"a group":                            {[]byte{0x0b, 0x0c}, Proto, Malformed},
		"text":                               {[]byte("GET / HTTP/1.1"), Proto, Malformed},
		"JSON":                               {[]byte(sample(TracesRequest)), JSON, ""},
		"JSON, ten levels":                   {deepJSON(10), JSON, ""},
		"JSON, a thousand levels":            {deepJSON(1000), JSON, TooDeep},
		"JSON, a million brackets":           {bytes.Repeat([]byte("["), 1_000_000), JSON, Malformed},
		"JSON, nested under an unknown name": {[]byte(`{"x":` + strings.Repeat("[", 10_000)), JSON, TooDeep},
		"JSON, a million spans": {
			[]byte(`{"resourceSpans":[{"scopeSpans":[{"spans":[{}` + strings.Repeat(",{}", 1_000_000) + `]}]}]}`), JSON, TooCostly,
		},
		"JSON, the end is missing":    {[]byte(`{"resourceSpans":[`), JSON, Malformed},
		"JSON, twice":                 {[]byte(`{}{}`), JSON, Malformed},
		"JSON, a comma is missing":    {[]byte(`{"a":1 "b":2}`), JSON, Malformed},
		"JSON, a name without quotes": {[]byte(`{a:1}`), JSON, Malformed},
		"JSON, a string without end":  {[]byte(`{"a":"`), JSON, Malformed},
		"protobuf sent as JSON":       {encoded(t, spans(1)), JSON, Malformed},
	} {
		t.Run(name, func(t *testing.T) {
			cost, err := c.walk(c.body, TracesRequest, 64<<20)
			if c.want == "" {
				require.NoError(t, err)
				require.Positive(t, cost)
				return
			}
			require.Equal(t, c.want, reason(t, err), "%v", err)
		})
	}
}

// An ordinary request is charged no more than a few times its bytes, so that it isn't mistaken for a bomb.
func TestAnOrdinaryRequestIsCheap(t *testing.T) {
	body := encoded(t, spans(512))
	cost, err := Proto(body, TracesRequest, math.MaxInt64)
	require.NoError(t, err)
	require.Less(t, cost, 10*int64(len(body)))
}

func TestABodyTakesRoomAsItComes(t *testing.T) {
	budget := NewBudget(100 << 10)
	room := budget.Grant()
	body, err := room.ReadAll(iotest.OneByteReader(strings.NewReader("hello")), 64<<20)
	require.NoError(t, err)
	require.Equal(t, "hello", string(body))
	require.Equal(t, int64(firstRead), budget.Used(), "not what the limit would allow")
	room.Release()

	_, err = room.ReadAll(bytes.NewReader(make([]byte, 1000)), 999)
	require.Equal(t, TooLarge, reason(t, err))
	room.Release()
	_, err = room.ReadAll(bytes.NewReader(make([]byte, 90<<10)), 1<<20)
	require.Equal(t, Busy, reason(t, err))
	room.Release()
	_, err = room.ReadAll(iotest.ErrReader(io.ErrUnexpectedEOF), 1<<20)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	room.Release()
	require.Zero(t, budget.Used())
}

func TestEveryEncodingIsBounded(t *testing.T) {
	for _, encoding := range append(Encodings(), "") {
		t.Run(encoding, func(t *testing.T) {
			budget := NewBudget(DefaultBudget)
			room := budget.Grant()
			body := bytes.Repeat([]byte("telemetry "), 1000)
			got, err := room.Decompress(encoding, compressed(t, encoding, body), 1<<20)
			require.NoError(t, err)
			require.Equal(t, body, got)
			if encoding != "" {
				_, err = room.Decompress(encoding, compressed(t, encoding, make([]byte, 1<<20)), 1<<19)
				require.Contains(t, []Reason{TooLarge, Malformed}, reason(t, err))
				_, err = room.Decompress(encoding, []byte("not compressed at all"), 1<<20)
				require.Equal(t, Malformed, reason(t, err))
			}
			room.Release()
			require.Zero(t, budget.Used())
		})
	}
}

// Connections that nobody uses leave half to those who have something to say.
func TestTheIdleHoldAtMostHalf(t *testing.T) {
	budget := NewBudget(100)
	require.True(t, budget.TakeIdle(50))
	require.False(t, budget.TakeIdle(1))
	require.True(t, budget.Take(50))
	require.False(t, budget.Take(1))
	budget.ReleaseIdle(50)
	require.Equal(t, int64(50), budget.Used())
}

// processorTime is what the process used so far, garbage collection included, whatever else the machine does.
func processorTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// What the walk adds to decoding: compare cpu-ns/span.
func BenchmarkSpan(b *testing.B) {
	const n = 512
	body := encoded(b, spans(n))
	json, err := spans(n).MarshalJSON()
	require.NoError(b, err)
	for name, f := range map[string]func() error{
		"walk":       func() error { _, err := Proto(body, TracesRequest, math.MaxInt64); return err },
		"decode":     func() error { return ptraceotlp.NewExportRequest().UnmarshalProto(body) },
		"walkJSON":   func() error { _, err := JSON(json, TracesRequest, math.MaxInt64); return err },
		"decodeJSON": func() error { return ptraceotlp.NewExportRequest().UnmarshalJSON(json) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			before := processorTime(b)
			for b.Loop() {
				if err := f(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(processorTime(b)-before)/float64(b.N)/n, "cpu-ns/span")
		})
	}
}

func TestRefusalsSayWhatWouldBeRight(t *testing.T) {
	_, err := Proto(encoded(t, spans(100)), TracesRequest, 1000)
	require.EqualError(t, err, "decoding the request would take more than 1000 bytes of memory; send it in smaller parts")
	_, err = JSON([]byte("\xef\xbb\xbf{}"), TracesRequest, 1000)
	require.EqualError(t, err, "the request is not JSON: it begins with a byte order mark; send UTF-8 without one")
	_, err = JSON([]byte("\xff\xfe{\x00}\x00"), TracesRequest, 1000)
	require.EqualError(t, err, "the request is not JSON: it is UTF-16; send UTF-8")
	_, err = JSON([]byte(" \n"), TracesRequest, 1000)
	require.EqualError(t, err, "the request is not JSON: it is empty")
	require.Len(t, Reasons(), 6)
	require.True(t, KnowsEncoding("identity"))
	require.False(t, KnowsEncoding("br"))

}
