package admission

import (
	"bytes"
	"math"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/stretchr/testify/require"
)

// FuzzProto walks over anything as each request: no panic, next to no memory, and what is let in decodes within the
// estimate.
func FuzzProto(f *testing.F) {
	for _, request := range requests {
		for _, s := range spots(request) {
			for _, v := range s.values() {
				f.Add(s.bomb(v.value[:min(len(v.value), 16)], v.wire, 3))
			}
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, request := range requests {
			holds(t, body, request, Proto, unmarshaler.UnmarshalProto)
			if cost, err := Proto(body, request, math.MaxInt64); err == nil {
				require.False(t, Within(body, request, cost-1))
			}
		}
	})
}

// FuzzJSON is the same for JSON.
func FuzzJSON(f *testing.F) {
	for _, request := range requests {
		body := []byte(sample(request))
		f.Add(body)
		f.Add(bytes.ReplaceAll(body, []byte("List"), []byte(`\u004cist`)))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, request := range requests {
			holds(t, body, request, JSON, unmarshaler.UnmarshalJSON)
		}
	})
}

func holds(t *testing.T, body []byte, request Kind, walk func([]byte, Kind, int64) (int64, error), decode func(unmarshaler, []byte) error) {
	var cost int64
	var err error
	require.LessOrEqual(t, allocates(func() { cost, err = walk(body, request, math.MaxInt64) }), int64(8*len(body)+noise))
	if err != nil {
		return
	}
	r := requestOf(request)
	require.LessOrEqual(t, allocates(func() { _ = decode(r, body) }), slack*cost+noise)
	if cost > base {
		_, err = walk(body, request, cost-1)
		require.Error(t, err)
	}
}

// FuzzDecompress decompresses anything: never more than the limit, in memory that was reserved.
func FuzzDecompress(f *testing.F) {
	const limit = 64 << 10
	for i, encoding := range Encodings() {
		f.Add(byte(i), compressed(f, encoding, []byte("telemetry, telemetry, telemetry")))
		f.Add(byte(i), compressed(f, encoding, make([]byte, limit+1)))
	}
	f.Fuzz(func(t *testing.T, encoding byte, wire []byte) {
		name := Encodings()[int(encoding)%len(Encodings())]
		budget := NewBudget(64 << 20)
		room := budget.Grant()
		var body []byte
		var err error
		_, own := decompressor(name, wire, limit)
		taken := allocates(func() { body, err = room.Decompress(name, wire, limit) })
		require.LessOrEqual(t, taken, 4*limit+2*own+8*int64(len(wire))+noise)
		require.LessOrEqual(t, len(body), limit)
		if err != nil {
			require.ErrorAs(t, err, new(*Refusal))
		}
		room.Release()
		require.Zero(t, budget.Used())
	})
}

// compressed is a body in an encoding.
func compressed(t testing.TB, encoding string, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var err error
	switch encoding {
	case "":
		return body
	case "snappy":
		return snappy.Encode(nil, body)
	case "x-snappy-framed":
		w := snappy.NewBufferedWriter(&b)
		_, err = w.Write(body)
		require.NoError(t, w.Close())
	case "gzip":
		w := gzip.NewWriter(&b)
		_, err = w.Write(body)
		require.NoError(t, w.Close())
	case "zlib", "deflate":
		w := zlib.NewWriter(&b)
		_, err = w.Write(body)
		require.NoError(t, w.Close())
	case "zstd":
		w, werr := zstd.NewWriter(&b)
		require.NoError(t, werr)
		_, err = w.Write(body)
		require.NoError(t, w.Close())
	case "lz4":
		w := lz4.NewWriter(&b)
		_, err = w.Write(body)
		require.NoError(t, w.Close())
	}
	require.NoError(t, err)
	return b.Bytes()
}

// sample is a request of each kind in JSON.
func sample(request Kind) string {
	const attributes = `"attributes":[{"key":"a","value":{"stringValue":"b"}},{"key":"c","value":{"kvlistValue":{"values":[
		{"key":"d","value":{"arrayValue":{"values":[{"intValue":"1"},{"doubleValue":2.5},{"boolValue":true},{"bytesValue":"AQI="}]}}}]}}}]`
	const from = `"resource":{` + attributes + `,"entityRefs":[{"type":"host","idKeys":["host.id"]}]},"schemaUrl":"u"`
	switch request {
	case TracesRequest:
		return `{"resourceSpans":[{` + from + `,"scopeSpans":[{"scope":{"name":"s"},"spans":[{"traceId":"5b8efff798038103d269b633813fc60c",
			"spanId":"eee19b7ec3c1b174","name":"GET","kind":2,"startTimeUnixNano":"1","endTimeUnixNano":2,` + attributes + `,
			"events":[{"name":"e",` + attributes + `}],"links":[{` + attributes + `}],"status":{"code":2,"message":"m"}}]}]}]}`
	case MetricsRequest:
		return `{"resourceMetrics":[{` + from + `,"scopeMetrics":[{"metrics":[{"name":"n","unit":"s","histogram":{"dataPoints":[{"count":"3",
			"sum":1.5,"bucketCounts":["1",2],"explicitBounds":[1],` + attributes + `,"exemplars":[{"asDouble":1}]}],"aggregationTemporality":2}},
			{"exponentialHistogram":{"dataPoints":[{"scale":3,"positive":{"offset":1,"bucketCounts":[1,2]}}]}},
			{"gauge":{"dataPoints":[{"asInt":"7"}]}},{"summary":{"dataPoints":[{"quantileValues":[{"quantile":0.5,"value":1}]}]}}]}]}]}`
	}
	return `{"resourceLogs":[{` + from + `,"scopeLogs":[{"logRecords":[{"severityText":"INFO","body":{"stringValue":"x"},` + attributes + `}]}]}]}`
}
