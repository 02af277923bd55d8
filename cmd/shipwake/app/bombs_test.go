package app

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// memoryLimit is the daemon's default.
const memoryLimit = 512 << 20

// bomb is a request that is small on the wire and would be large in memory, or costly otherwise.
type bomb struct {
	signal   string // traces unless set
	encoding string
	json     bool
	body     []byte
	httpOnly bool
	accept   bool // it isn't one after all: it may also be taken
}

// delimited encodes a field of protobuf with a length.
func delimited(number int, b []byte) []byte {
	return append(binary.AppendUvarint(binary.AppendUvarint(nil, uint64(number)<<3|2), uint64(len(b))), b...)
}

// within wraps fields around what they hold, the outermost first.
func within(b []byte, numbers ...int) []byte {
	for _, number := range slices.Backward(numbers) {
		b = delimited(number, b)
	}
	return b
}

// many repeats an empty field until there are so many bytes.
func many(number, bytesOf int) []byte {
	one := delimited(number, nil)
	return bytes.Repeat(one, bytesOf/len(one))
}

func squeezed(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	require.NoError(t, err)
	_, err = w.Write(b)
	require.NoError(t, errors.Join(err, w.Close()))
	return out.Bytes()
}

func bombs(t *testing.T) map[string]bomb {
	t.Helper()
	const most = 4<<20 - 64 // what gRPC takes
	deep := func(level ...int) []byte {
		var b []byte
		for range 10_000 {
			b = within(b, level...)
		}
		return delimited(2, b) // the value of an attribute
	}
	zipped := func(signal string, b []byte) bomb {
		return bomb{signal: signal, encoding: "gzip", body: squeezed(t, b)}
	}
	members := bytes.Repeat(squeezed(t, nil), 100_000)
	return map[string]bomb{
		"empty spans":            zipped("traces", within(many(2, most), 1, 2)),
		"empty metrics":          zipped("metrics", within(many(2, most), 1, 2)),
		"empty data points":      zipped("metrics", within(many(1, most), 1, 2, 2, 5)),
		"empty log records":      zipped("logs", within(many(2, most), 1, 2)),
		"empty resources":        zipped("traces", many(1, most)),
		"empty scopes":           zipped("logs", within(many(2, most), 1)),
		"empty links":            zipped("traces", within(many(13, most), 1, 2, 2)),
		"exemplars":              zipped("metrics", within(many(5, most), 1, 2, 2, 7, 1)),
		"lists in lists":         zipped("traces", within(deep(5, 1), 1, 2, 2, 9)),
		"maps in maps":           zipped("logs", within(deep(6, 1, 2), 1, 2, 2, 6)),
		"10⁶ attributes":         zipped("traces", within(many(9, 2_000_000), 1, 2, 2)),
		"10⁶ attributes of logs": zipped("logs", within(many(6, 2_000_000), 1, 2, 2)),
		"2·10⁶ values in a list": zipped("traces", within(many(1, most), 1, 1, 1, 2, 5)),
		"giant exponential histogram": zipped("metrics",
			within(delimited(2, bytes.Repeat([]byte{1}, most-64)), 1, 2, 2, 10, 1, 8)),
		"exponential histogram with a giant offset": {signal: "metrics", accept: true,
			body: within([]byte("\x08\xfe\xff\xff\xff\x0f\x12\x01\x01"), 1, 2, 2, 10, 1, 8)},
		"gzip 1000:1":               zipped("traces", make([]byte, 30<<20)),
		"gzip of many members":      {encoding: "gzip", body: members, accept: true},
		"gzip, members that add up": {encoding: "gzip", body: bytes.Repeat(squeezed(t, make([]byte, 1<<20)), 30)},
		"zstd with a huge window": {encoding: "zstd",
			body: append([]byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xf8, 0x03, 0x00, 0x40}, make([]byte, 1000)...)},
		"snappy that announces 4 GiB": {encoding: "snappy", body: []byte{0xff, 0xff, 0xff, 0xff, 0x0f, 0x00}},
		"garbage":                     {body: bytes.Repeat([]byte{0xff}, 1<<20)},
		"JSON, lists in lists": {json: true, httpOnly: true, body: []byte(`{"resourceSpans":[{"resource":{"attributes":[{"key":"a","value":` +
			strings.Repeat(`{"arrayValue":{"values":[`, 100_000))},
		"JSON, brackets":         {json: true, httpOnly: true, body: bytes.Repeat([]byte("["), 1<<20)},
		"JSON, unknown brackets": {json: true, httpOnly: true, body: append([]byte(`{"x":`), bytes.Repeat([]byte(`{"x":`), 1<<18)...)},
		"JSON, empty spans": {json: true, httpOnly: true, encoding: "gzip", body: squeezed(t,
			[]byte(`{"resourceSpans":[{"scopeSpans":[{"spans":[{}`+strings.Repeat(",{}", 5<<20)+`]}]}]}`))},
		"JSON, numbers": {signal: "metrics", json: true, httpOnly: true, encoding: "gzip", body: squeezed(t,
			[]byte(`{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"histogram":{"dataPoints":[{"bucketCounts":[0`+
				strings.Repeat(",0", 8<<20)+`]}]}}]}]}]}`))},
	}
}

// bomber throws them at a daemon, over HTTP and over gRPC with frames of its own making.
type bomber struct {
	http, grpc string
	client     *http.Client
}

func newBomber(t *testing.T, httpAddress, grpcAddress string) *bomber {
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	h2c := &http.Protocols{}
	h2c.SetUnencryptedHTTP2(true)
	plain, framed := &http.Transport{Protocols: protocols, MaxConnsPerHost: 50, MaxIdleConnsPerHost: 50},
		&http.Transport{Protocols: h2c, MaxConnsPerHost: 50}
	t.Cleanup(plain.CloseIdleConnections)
	t.Cleanup(framed.CloseIdleConnections)
	return &bomber{httpAddress, grpcAddress, &http.Client{Timeout: 20 * time.Second, Transport: byHost{httpAddress: plain, grpcAddress: framed}}}
}

// byHost chooses the protocol.
type byHost map[string]http.RoundTripper

func (b byHost) RoundTrip(r *http.Request) (*http.Response, error) { return b[r.URL.Host].RoundTrip(r) }

var services = map[string]string{"traces": "trace.v1.Trace", "metrics": "metrics.v1.Metrics", "logs": "logs.v1.Logs"}

// overHTTP returns the status.
func (b *bomber) overHTTP(x bomb) (int, error) {
	request, err := http.NewRequest(http.MethodPost, "http://"+b.http+"/v1/"+x.of(), bytes.NewReader(x.body))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/x-protobuf")
	if x.json {
		request.Header.Set("Content-Type", "application/json")
	}
	if x.encoding != "" {
		request.Header.Set("Content-Encoding", x.encoding)
	}
	answer, err := b.client.Do(request)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode, errors.Join(err, answer.Body.Close())
}

// overGRPC returns the gRPC status.
func (b *bomber) overGRPC(x bomb) (int, error) {
	frame := binary.BigEndian.AppendUint32([]byte{0}, uint32(len(x.body)))
	request, err := http.NewRequest(http.MethodPost,
		"http://"+b.grpc+"/opentelemetry.proto.collector."+services[x.of()]+"Service/Export", nil)
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/grpc")
	request.Header.Set("TE", "trailers")
	if x.encoding != "" {
		frame[0] = 1
		request.Header.Set("Grpc-Encoding", x.encoding)
	}
	request.Body = io.NopCloser(bytes.NewReader(append(frame, x.body...)))
	answer, err := b.client.Do(request)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, answer.Body)
	status := answer.Trailer.Get("Grpc-Status") + answer.Header.Get("Grpc-Status")
	code, bad := strconv.Atoi(status)
	return code, errors.Join(err, bad, answer.Body.Close())
}

func (x bomb) of() string {
	if x.signal == "" {
		return "traces"
	}
	return x.signal
}

// refused are the answers to a bomb: they say that it must not come again.
func (x bomb) refused(code int, grpc bool) bool {
	if grpc {
		return code == 3 || code == 8 || x.accept && code == 0
	}
	return code == 400 || code == 413 || x.accept && code == 200
}

// put off: it is told to come again, because others are being looked at.
func (x bomb) putOff(code int, grpc bool) bool {
	return grpc && code == 14 || !grpc && (code == 429 || code == 503)
}

// peak is the most memory that the daemon has had resident.
func (p *process) peak() int64 {
	p.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if errors.Is(err, os.ErrNotExist) {
		p.t.Skip("there is no /proc to read the memory from")
	}
	require.NoError(p.t, err)
	found := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(text)
	require.NotNil(p.t, found)
	kib, err := strconv.ParseInt(string(found[1]), 10, 64)
	require.NoError(p.t, err)
	return kib << 10
}

// Every bomb is refused at once, over HTTP and over gRPC; fifty of each together don't take more memory than the daemon
// may; and an SDK's spans come through before, meanwhile and afterwards.
func TestBombsAreRefused(t *testing.T) {
	p := newProcess(t)
	grpc := freeAddress(t)
	p.more = []string{"--set=receivers.otlp.protocols.grpc.endpoint=" + grpc}
	p.start()
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(p.said())
		}
	})
	b := newBomber(t, p.otlp, grpc)
	all := bombs(t)
	sdk := newSDK(t, p.otlp, grpc)
	sdk.export(t)
	before := p.peak()
	atMost, times := time.Second, 25
	if raced {
		atMost, times = 10*time.Second, 5
	}

	for _, name := range slices.Sorted(maps.Keys(all)) {
		x := all[name]
		fast := func(throw func(bomb) (int, error), grpc bool) {
			least := time.Hour
			for range 5 { // the machine may have other things to do
				began := time.Now()
				code, err := throw(x)
				require.NoError(t, err, name)
				require.True(t, x.refused(code, grpc), "%s: %d", name, code)
				if least = min(least, time.Since(began)); least < time.Second/2 {
					break
				}
			}
			require.Less(t, least, atMost, name)
		}
		fast(b.overHTTP, false)
		if !x.httpOnly {
			fast(b.overGRPC, true)
		}
	}
	t.Logf("resident at most: %d MiB before, %d MiB after one of each", before>>20, p.peak()>>20)

	held := hold(t, p.otlp, grpc)
	var running sync.WaitGroup
	for name, x := range all {
		for range times {
			running.Go(func() {
				code, err := b.overHTTP(x)
				requireNot(t, err, name)
				requireThat(t, x.refused(code, false) || x.putOff(code, false), "%s: %d", name, code)
			})
			if !x.httpOnly {
				running.Go(func() {
					code, err := b.overGRPC(x)
					requireNot(t, err, name)
					requireThat(t, x.refused(code, true) || x.putOff(code, true), "%s: %d", name, code)
				})
			}
		}
	}
	sdk.export(t)
	running.Wait()
	sdk.export(t)
	held()
	t.Logf("resident at most: %d MiB after %d of each by each protocol at once", p.peak()>>20, times)
	if !raced {
		require.Less(t, p.peak(), int64(memoryLimit))
	}
	require.Equal(t, http.StatusOK, p.get("/-/ready"))
}

func requireNot(t *testing.T, err error, name string) {
	if err != nil {
		t.Errorf("%s: %v", name, err)
	}
}

func requireThat(t *testing.T, ok bool, format string, args ...any) {
	if !ok {
		t.Errorf(format, args...)
	}
}

// hold opens connections that announce much and send little, until the returned function is called.
func hold(t *testing.T, httpAddress, grpcAddress string) func() {
	t.Helper()
	var open []net.Conn
	for i := range 100 {
		address, hello := httpAddress, "POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: 20000000\r\n\r\n\x0a"
		switch i % 4 {
		case 1: // chunks
			hello = "POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"
		case 2: // half a header
			hello = "POST /v1/metrics HTTP/1.1\r\nHost: x\r\nX-"
		case 3: // nothing
			address, hello = grpcAddress, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"
		}
		conn, err := net.Dial("tcp", address)
		require.NoError(t, err)
		_, err = io.WriteString(conn, hello)
		require.NoError(t, err)
		open = append(open, conn)
	}
	return func() {
		for _, conn := range open {
			require.NoError(t, conn.Close())
		}
	}
}

// sdk is a service's exporters, one for each protocol.
type sdk struct{ exporters []*otlptrace.Exporter }

func newSDK(t *testing.T, httpAddress, grpcAddress string) sdk {
	t.Helper()
	byGRPC, err := otlptracegrpc.New(t.Context(), otlptracegrpc.WithEndpoint(grpcAddress), otlptracegrpc.WithInsecure(),
		otlptracegrpc.WithCompressor("gzip"), otlptracegrpc.WithTimeout(time.Minute))
	require.NoError(t, err)
	byHTTP, err := otlptracehttp.New(t.Context(), otlptracehttp.WithEndpoint(httpAddress), otlptracehttp.WithInsecure(),
		otlptracehttp.WithCompression(otlptracehttp.GzipCompression), otlptracehttp.WithTimeout(time.Minute))
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, errors.Join(byGRPC.Shutdown(context.Background()), byHTTP.Shutdown(context.Background())))
	})
	return sdk{[]*otlptrace.Exporter{byGRPC, byHTTP}}
}

// export sends spans as an SDK does, which sends again what is put off.
func (s sdk) export(t *testing.T) {
	t.Helper()
	stub := tracetest.SpanStub{
		Name: "GET /cart", StartTime: time.Now().Add(-time.Millisecond), EndTime: time.Now(),
		Resource: resource.NewSchemaless(attribute.String("service.name", "checkout")),
	}
	spans := tracetest.SpanStubs(slices.Repeat([]tracetest.SpanStub{stub}, 100)).Snapshots()
	for _, exporter := range s.exporters {
		require.NoError(t, exporter.ExportSpans(t.Context(), slices.Clone([]sdktrace.ReadOnlySpan(spans))))
	}
}
