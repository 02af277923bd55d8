package admission

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

// unmarshaler is a request of pdata.
type unmarshaler interface {
	UnmarshalProto([]byte) error
	UnmarshalJSON([]byte) error
}

func requestOf(k Kind) unmarshaler {
	switch k {
	case TracesRequest:
		return ptraceotlp.NewExportRequest()
	case MetricsRequest:
		return pmetricotlp.NewExportRequest()
	}
	return plogotlp.NewExportRequest()
}

var requests = map[string]Kind{"traces": TracesRequest, "metrics": MetricsRequest, "logs": LogsRequest}

// slack is by how much decoding may take more than the estimate says: lists of many thousands grow by a quarter, and leave
// more garbage than those that double.
const slack = 2

// noise is what is allocated in any case, now and then.
const noise = 32 << 10

// allocates is how many bytes a function allocates.
func allocates(f func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

func delimit(number int, b []byte) []byte {
	return append(binary.AppendUvarint(binary.AppendUvarint(nil, uint64(number)<<3|wireLength), uint64(len(b))), b...)
}

// spot is a field somewhere in a request.
type spot struct {
	path   string
	within []int // the fields that lead to its message
	number int
	field  field
}

// spots are all fields that allocate, each where it is reached first.
func spots(request Kind) (all []spot) {
	seen := map[Kind]bool{request: true}
	type place struct {
		kind Kind
		at   spot
	}
	for queue := []place{{kind: request}}; len(queue) > 0; queue = queue[1:] {
		here := queue[0]
		for number, f := range schema[here.kind].fields {
			if f.shape == nothing {
				continue
			}
			at := spot{fmt.Sprintf("%s.%d", here.at.path, number), append(here.at.within[:len(here.at.within):len(here.at.within)], number), number, f}
			all = append(all, at)
			if f.shape == message && !seen[f.kind] {
				seen[f.kind] = true
				queue = append(queue, place{f.kind, at})
			}
		}
	}
	return all
}

// bomb is a request with a field n times.
func (s spot) bomb(value []byte, wire, n int) []byte {
	one := binary.AppendUvarint(nil, uint64(s.number)<<3|uint64(wire))
	if wire == wireLength {
		one = binary.AppendUvarint(one, uint64(len(value)))
	}
	body := bytes.Repeat(append(one, value...), n)
	for i := len(s.within) - 2; i >= 0; i-- {
		body = delimit(s.within[i], body)
	}
	return body
}

// values are encodings of a field that a decoder takes.
func (s spot) values() map[string]struct {
	wire  int
	value []byte
} {
	type encoded = struct {
		wire  int
		value []byte
	}
	switch s.field.shape {
	case message:
		return map[string]encoded{"empty": {wireLength, nil}}
	case text:
		return map[string]encoded{"empty": {wireLength, nil}, "a byte": {wireLength, []byte("x")}, "long": {wireLength, bytes.Repeat([]byte("x"), 1000)}}
	case fixed64s:
		return map[string]encoded{"one": {wireFixed64, make([]byte, 8)}, "packed": {wireLength, make([]byte, 8000)}}
	case varints:
		return map[string]encoded{"one": {wireVarint, []byte{1}}, "packed": {wireLength, bytes.Repeat([]byte{1}, 8000)}}
	}
	return map[string]encoded{"varint": {wireVarint, []byte{1}}, "fixed": {wireFixed64, make([]byte, 8)}}
}

// Every field that allocates, many times: what decoding allocates is within the estimate, which isn't wild either.
func TestWhatDecodingTakes(t *testing.T) {
	for name, request := range requests {
		for _, s := range spots(request) {
			for what, v := range s.values() {
				for _, n := range []int{1, 5, 100, 20_000} {
					if n*len(v.value) > 10<<20 {
						n = 10 << 20 / len(v.value)
					}
					body := s.bomb(v.value, v.wire, n)
					cost, err := Proto(body, request, math.MaxInt64)
					require.NoError(t, err)
					r := requestOf(request)
					taken := allocates(func() { err = r.UnmarshalProto(body) })
					if err != nil {
						require.Contains(t, err.Error(), "wireType", "%s%s %s", name, s.path, what) // not an encoding of this field
						continue
					}
					require.LessOrEqual(t, taken, slack*cost+noise, "%s%s %s × %d", name, s.path, what, n)
					if n > 1000 && s.field.cost > 0 {
						require.LessOrEqual(t, cost, 8*taken, "%s%s %s × %d", name, s.path, what, n)
					}
				}
			}
		}
	}
}

// The same in JSON, under both spellings of each name.
func TestWhatDecodingJSONTakes(t *testing.T) {
	for request, path := range map[Kind][]string{
		TracesRequest:  {"resourceSpans", "scopeSpans", "spans", "attributes", "value", "kvlistValue", "values"},
		MetricsRequest: {"resourceMetrics", "scopeMetrics", "metrics", "histogram", "dataPoints", "bucketCounts"},
		LogsRequest:    {"resource_logs", "scope_logs", "log_records", "body", "array_value", "values"},
	} {
		singular := map[string]bool{"value": true, "kvlistValue": true, "histogram": true, "body": true, "array_value": true}
		for depth := range path {
			if singular[path[depth]] {
				continue
			}
			for _, element := range []string{"{}", "null", `"1"`, "0", `{"a":{"b":[]}}`} {
				var before, after string
				for _, name := range path[:depth] {
					if singular[name] {
						before, after = before+`{"`+name+`":`, `}`+after
					} else {
						before, after = before+`{"`+name+`":[`, `]}`+after
					}
				}
				for _, name := range []string{path[depth], underscored(path[depth]), `\u00` + fmt.Sprintf("%x", path[depth][0]) + path[depth][1:]} {
					body := []byte(before + `{"` + name + `":[` + strings.Repeat(element+",", 5_000) + element + `]}` + after)
					cost, err := JSON(body, request, math.MaxInt64)
					if err != nil { // neither does the decoder take it
						require.Error(t, requestOf(request).UnmarshalJSON(body))
						continue
					}
					r := requestOf(request)
					taken := allocates(func() { _ = r.UnmarshalJSON(body) })
					require.LessOrEqual(t, taken, slack*cost+noise, "%s of %s", body[:min(200, len(body))], element)
				}
			}
		}
	}
}
