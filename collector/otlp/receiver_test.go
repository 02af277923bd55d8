package otlp

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/status"

	"github.com/shipwake/shipwake/collector/admission"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/freeport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// extensions is a component.Host.
type extensions map[component.ID]component.Component

func (e extensions) GetExtensions() map[component.ID]component.Component { return e }

// world is a receiver with what is before and behind it.
type world struct {
	http, grpc string
	budget     *admission.Budget
	tally      *correlate.Tally
	client     *http.Client
	conn       *grpc.ClientConn
}

// options of a world.
type options struct {
	next     consumer.Traces // nil takes everything
	settings map[string]any  // laid over the default
	patience time.Duration
	host     component.Host
	trust    *x509.CertPool
}

func start(t *testing.T, o options) world {
	t.Helper()
	w := world{http: freeAddress(t), grpc: freeAddress(t), budget: admission.NewBudget(8 << 20), tally: &correlate.Tally{}}
	if o.next == nil {
		o.next = consumertest.NewNop()
	}
	if o.host == nil {
		o.host = componenttest.NewNopHost()
	}
	factory := NewFactory(w.budget, w.tally)
	cfg := factory.CreateDefaultConfig()
	base := confmap.NewFromStringMap(map[string]any{"protocols": map[string]any{
		"grpc": map[string]any{"endpoint": w.grpc}, "http": map[string]any{"endpoint": w.http},
	}})
	require.NoError(t, base.Merge(confmap.NewFromStringMap(o.settings)))
	require.NoError(t, base.Unmarshal(cfg))
	require.NoError(t, confmap.Validate(cfg))
	set := receivertest.NewNopSettings(Type())
	set.ID = component.NewID(Type())
	r, err := factory.CreateTraces(t.Context(), set, cfg, o.next)
	require.NoError(t, err)
	same, err := factory.CreateLogs(t.Context(), set, cfg, consumertest.NewNop())
	require.NoError(t, err)
	require.Same(t, r, same, "both signals come by the same servers")
	if o.patience > 0 {
		r.(*otlp).patience = o.patience
	}
	for range 2 { // once for each pipeline
		require.NoError(t, r.Start(t.Context(), o.host))
	}
	w.client = &http.Client{Transport: &http.Transport{}}
	secure := insecure.NewCredentials()
	if o.trust != nil {
		w.client.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: o.trust}, ForceAttemptHTTP2: true}
		secure = credentials.NewClientTLSFromCert(o.trust, "")
	}
	w.conn, err = grpc.NewClient(w.grpc, grpc.WithTransportCredentials(secure))
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, w.conn.Close())
		w.client.CloseIdleConnections()
		for range 2 {
			require.NoError(t, r.Shutdown(context.Background()))
		}
		require.Eventually(t, func() bool { return w.budget.Used() == 0 }, 5*time.Second, time.Millisecond, "everything is given back")
	})
	return w
}

func freeAddress(t *testing.T) string {
	t.Helper()
	address, err := freeport.Address()
	require.NoError(t, err)
	return address
}

func (w world) counted() map[string]int64 {
	counted := map[string]int64{}
	for _, v := range w.tally.Values() {
		if v.Value > 0 {
			counted[v.What+" "+v.Source+" "+v.Result] = v.Value
		}
	}
	return counted
}

// post returns an answer and its body.
func (w world) post(t *testing.T, scheme string, body io.Reader, header map[string]string) (*http.Response, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, scheme+"://"+w.http+"/v1/traces", body)
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/x-protobuf")
	for k, v := range header {
		request.Header.Set(k, v)
	}
	answer, err := w.client.Do(request)
	require.NoError(t, err)
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	return answer, text
}

func request(spans int) ptraceotlp.ExportRequest {
	traces := ptrace.NewTraces()
	list := traces.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	for range spans {
		list.AppendEmpty().SetName("GET /cart")
	}
	return ptraceotlp.NewExportRequestFromTraces(traces)
}

func encoded(t *testing.T, spans int) []byte {
	t.Helper()
	body, err := request(spans).MarshalProto()
	require.NoError(t, err)
	return body
}

// fails is a pipeline that refuses everything.
func fails(err error) consumer.Traces { return consumertest.NewErr(err) }

// What a sender is told, by both protocols, about what became of his request.
func TestWhatASenderIsTold(t *testing.T) {
	tests := map[string]struct {
		options
		spans   int
		left    int64 // of the budget, by others
		http    int
		grpc    codes.Code
		retry   bool
		counted string
	}{
		"taken": {spans: 3, http: 200, grpc: codes.OK, counted: "accepted"},
		"empty": {http: 200, grpc: codes.OK, counted: "accepted"},
		"what follows can't take it now": {
			options: options{next: fails(errors.New("no"))}, spans: 1, http: 503, grpc: codes.Unavailable, retry: true, counted: "unavailable",
		},
		"what follows never takes it": {
			options: options{next: fails(consumererror.NewPermanent(errors.New("no")))}, spans: 1, http: 500, grpc: codes.Internal, counted: "error",
		},
		"what follows has a status of its own": {
			options: options{next: fails(status.Error(codes.PermissionDenied, "no"))}, spans: 1, http: 403, grpc: codes.PermissionDenied, counted: "error",
		},
		"others hold the memory": {
			spans: 1000, left: 70 << 10, http: 429, grpc: codes.Unavailable, retry: true, counted: "busy",
		},
		"others hold all of it": {spans: 1, left: 1, http: 429, grpc: codes.Unavailable, retry: true, counted: "busy"},
		"more than one request may take": {
			spans: 10_000, http: 413, grpc: codes.ResourceExhausted, counted: "too_costly",
			options: options{settings: map[string]any{"max_request_memory": 1 << 20}},
		},
		"larger than a request may be": {
			spans: 100_000, http: 413, grpc: codes.ResourceExhausted, counted: "too_large",
			options: options{settings: map[string]any{"protocols": map[string]any{
				"http": map[string]any{"max_request_body_size": 1 << 20}, "grpc": map[string]any{"max_recv_msg_size_mib": 1},
			}}},
		},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			w := start(t, c.options)
			if c.left > 0 {
				// Connections first, they reserve too.
				_, _ = w.post(t, "http", bytes.NewReader(nil), nil)
				_, err := ptraceotlp.NewGRPCClient(w.conn).Export(t.Context(), request(0))
				require.NoError(t, err)
				require.Eventually(t, func() bool { return w.budget.Used() <= 112<<10 }, time.Second*5, time.Millisecond)
				others := w.budget.Size() - w.budget.Used() - c.left
				require.True(t, w.budget.Take(others))
				defer w.budget.Release(others)
			}
			before := w.counted()
			answer, text := w.post(t, "http", bytes.NewReader(encoded(t, c.spans)), nil)
			require.Equal(t, c.http, answer.StatusCode, "%q", text)
			require.Equal(t, "application/x-protobuf", answer.Header.Get("Content-Type"))
			seconds, _ := strconv.Atoi(answer.Header.Get("Retry-After"))
			require.Equal(t, c.retry, seconds >= 1 && seconds <= 5, "Retry-After: %q", answer.Header.Get("Retry-After"))

			_, err := ptraceotlp.NewGRPCClient(w.conn).Export(t.Context(), request(c.spans), grpc.UseCompressor(gzip.Name))
			require.Equal(t, c.grpc, status.Code(err), "%v", err)
			require.Equal(t, c.retry, retryDelay(status.Convert(err)) > 0)
			require.Equal(t, before["otlp traces "+c.counted]+2, w.counted()["otlp traces "+c.counted], "%v", w.counted())
		})
	}
}

func TestWhatOnlyHTTPRefuses(t *testing.T) {
	w := start(t, options{settings: map[string]any{"protocols": map[string]any{"http": map[string]any{
		"compression_algorithms": []string{"gzip"}, "read_timeout": "200ms",
	}}}})
	for name, c := range map[string]struct {
		body   io.Reader
		header map[string]string
		status int
		text   string
	}{
		"an unknown encoding":      {strings.NewReader("x"), map[string]string{"Content-Encoding": "br"}, 415, `unsupported Content-Encoding "br"`},
		"one that isn't permitted": {strings.NewReader("x"), map[string]string{"Content-Encoding": "zstd"}, 415, "zstd"},
		"an unknown content type":  {strings.NewReader("x"), map[string]string{"Content-Type": "text/plain"}, 415, "supported"},
		"what isn't gzip":          {strings.NewReader("x"), map[string]string{"Content-Encoding": "gzip"}, 400, "can't be decompressed as gzip"},
		"JSON that isn't any":      {strings.NewReader("x"), map[string]string{"Content-Type": "application/json; charset=utf-8"}, 400, `"message":`},
		"a body that trickles":     {trickle{}, nil, 408, "too slowly"},
	} {
		t.Run(name, func(t *testing.T) {
			answer, text := w.post(t, "http", c.body, c.header)
			require.Equal(t, c.status, answer.StatusCode)
			require.Contains(t, string(text), c.text)
		})
	}
	answer, err := w.client.Get("http://" + w.http + "/v1/traces")
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusMethodNotAllowed, answer.StatusCode)
	require.Equal(t, int64(1), w.counted()["otlp traces too_slow"])
	require.Equal(t, int64(2), w.counted()["otlp traces malformed"])

	answer, text := w.post(t, "http", strings.NewReader(`{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"x"}]}]}]}`),
		map[string]string{"Content-Type": "application/json"})
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.Equal(t, "{}", string(text))
}

// trickle is a body that never ends.
type trickle struct{}

func (trickle) Read(p []byte) (int, error) {
	time.Sleep(20 * time.Millisecond) // a slow sender; what is waited for is the server's own deadline
	return copy(p, "\x0a"), nil
}

// A message that doesn't come holds its few bytes, and not for long.
func TestAMessageThatDoesNotCome(t *testing.T) {
	w := start(t, options{patience: 100 * time.Millisecond})
	stream, err := w.conn.NewStream(t.Context(), &grpc.StreamDesc{ClientStreams: true},
		"/opentelemetry.proto.collector.trace.v1.TraceService/Export")
	require.NoError(t, err)
	require.Equal(t, codes.DeadlineExceeded, status.Code(stream.RecvMsg(nil)))
	require.Equal(t, map[string]int64{"otlp traces too_slow": 1, "telemetry traces shed": 1}, w.counted())
}

// unknown refuses everybody.
type unknown struct {
	component.StartFunc
	component.ShutdownFunc
}

func (unknown) Authenticate(ctx context.Context, _ map[string][]string) (context.Context, error) {
	return ctx, errors.New("who are you?")
}

// hosts are configurations in which the Collector's own handlers stand before the receiver's, and in which they needn't.
func hosts(t *testing.T) map[string]extensions {
	return map[string]extensions{"decoded": {}, "direct": (&walker{}).straight(t)}
}

// Who isn't authenticated is refused before his message is read: here there is none.
func TestAuthenticationComesFirst(t *testing.T) {
	auth := map[string]any{"authenticator": "nobody"}
	for name, host := range hosts(t) {
		t.Run(name, func(t *testing.T) {
			host[component.MustNewID("nobody")] = unknown{}
			w := start(t, options{host: host, settings: map[string]any{"protocols": map[string]any{
				"http": map[string]any{"auth": auth}, "grpc": map[string]any{"auth": auth},
			}}})
			answer, _ := w.post(t, "http", bytes.NewReader(encoded(t, 1)), nil)
			require.Equal(t, http.StatusUnauthorized, answer.StatusCode)
			stream, err := w.conn.NewStream(t.Context(), &grpc.StreamDesc{ClientStreams: true},
				"/opentelemetry.proto.collector.trace.v1.TraceService/Export")
			require.NoError(t, err)
			require.Equal(t, codes.Unauthenticated, status.Code(stream.RecvMsg(nil)))
			require.Empty(t, w.counted())
		})
	}
}

func TestTLS(t *testing.T) {
	cert, key, trust := certificate(t)
	secured := map[string]any{"tls": map[string]any{"cert_file": cert, "key_file": key}}
	for name, host := range hosts(t) {
		t.Run(name, func(t *testing.T) {
			w := start(t, options{host: host, trust: trust, settings: map[string]any{"protocols": map[string]any{"http": secured, "grpc": secured}}})
			answer, text := w.post(t, "https", bytes.NewReader(encoded(t, 1)), nil)
			require.Equal(t, http.StatusOK, answer.StatusCode, "%s", text)
			_, err := ptraceotlp.NewGRPCClient(w.conn).Export(t.Context(), request(1))
			require.NoError(t, err)
			require.Equal(t, map[string]int64{"otlp traces accepted": 2}, w.counted())
		})
	}
}

// A connection that is idle for as long as the configuration lets it is closed.
func TestIdleConnectionsEnd(t *testing.T) {
	keepalive := map[string]any{"server_parameters": map[string]any{"max_connection_idle": "10ms"}}
	for name, host := range hosts(t) {
		t.Run(name, func(t *testing.T) {
			w := start(t, options{host: host, settings: map[string]any{"protocols": map[string]any{"grpc": map[string]any{"keepalive": keepalive}}}})
			_, err := ptraceotlp.NewGRPCClient(w.conn).Export(t.Context(), request(1))
			require.NoError(t, err)
			require.Eventually(t, func() bool { return w.conn.GetState() == connectivity.Idle }, 5*time.Second, time.Millisecond)
		})
	}
}

// certificate writes one for 127.0.0.1.
func certificate(t *testing.T) (cert, key string, trust *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	encodedKey, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	cert, key = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	require.NoError(t, os.WriteFile(cert, certPEM, 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encodedKey}), 0o600))
	trust = x509.NewCertPool()
	require.True(t, trust.AppendCertsFromPEM(certPEM))
	return cert, key, trust
}

// Connections that nobody uses leave room for others, and give way to those that come.
func TestIdleConnectionsAreBounded(t *testing.T) {
	w := start(t, options{})
	var open []net.Conn
	for range 200 { // 6 MiB of them, of which 2 MiB are for connections by HTTP
		conn, err := net.Dial("tcp", w.http)
		require.NoError(t, err)
		open = append(open, conn)
	}
	require.Eventually(t, func() bool {
		_ = open[0].SetReadDeadline(time.Now().Add(time.Millisecond))
		_, err := open[0].Read(make([]byte, 1))
		return err != nil && !errors.Is(err, os.ErrDeadlineExceeded)
	}, 5*time.Second, time.Millisecond, "the first one is closed")
	require.LessOrEqual(t, w.budget.Used(), int64(2<<20))
	answer, _ := w.post(t, "http", bytes.NewReader(encoded(t, 1)), nil)
	require.Equal(t, http.StatusOK, answer.StatusCode, "while the others are open")
	for _, conn := range open {
		require.NoError(t, conn.Close())
	}
	require.Eventually(t, func() bool { return w.budget.Used() <= httpConnection }, 5*time.Second, time.Millisecond)
}

func TestTheConfigurationSaysWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		settings map[string]any
		want     string
	}{
		"no protocol":      {map[string]any{}, "protocols: name at least one of grpc, http and kafka"},
		"hardly any bytes": {map[string]any{"protocols": map[string]any{"grpc": nil}, "max_memory": 100}, "max_memory: 100: must be at least 1048576 bytes"},
		"one takes more than all": {
			map[string]any{"protocols": map[string]any{"grpc": nil}, "max_memory": 1 << 20, "max_request_memory": 1 << 21}, "max_request_memory: 2097152: must be at most max_memory (1048576)",
		},
		"an unknown algorithm": {
			map[string]any{"protocols": map[string]any{"http": map[string]any{"compression_algorithms": []string{"br"}}}},
			`compression_algorithms: "br" is unknown; the known ones are deflate, gzip, lz4, snappy, x-snappy-framed, zlib, zstd`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := NewFactory(admission.NewBudget(1), &correlate.Tally{}).CreateDefaultConfig()
			require.NoError(t, confmap.NewFromStringMap(c.settings).Unmarshal(cfg))
			require.ErrorContains(t, confmap.Validate(cfg), c.want)
		})
	}
	cfg := NewFactory(admission.NewBudget(1), &correlate.Tally{}).CreateDefaultConfig()
	require.NoError(t, confmap.NewFromStringMap(map[string]any{"protocols": map[string]any{
		"http": map[string]any{"traces_url_path": "traces"},
	}}).Unmarshal(cfg))
	require.Equal(t, urlPath("/traces"), cfg.(*Config).Protocols.HTTP.Get().TracesURLPath)
}
