package remotewrite

import (
	"bytes"
	"context"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/shipwake/shipwake/collector/admission"
	"github.com/shipwake/shipwake/collector/reduce"
	"github.com/shipwake/shipwake/collector/reduce/otlp"
	"github.com/shipwake/shipwake/correlate"
)

// world is a door and the cells that come of what is sent.
type world struct {
	*door
	tally   *correlate.Tally
	budget  *admission.Budget
	reducer *reduce.Reducer
	handler http.Handler

	mu    sync.Mutex
	cells []correlate.Measurement
	fail  error
}

func newWorld(t testing.TB, change ...func(*Config)) *world {
	t.Helper()
	cfg := defaultConfig().(*Config)
	cfg.Environment = "production"
	cfg.ServerConfig.NetAddr.Endpoint = "127.0.0.1:0"
	for _, c := range change {
		c(cfg)
	}
	require.NoError(t, cfg.Validate())
	w := &world{tally: &correlate.Tally{}, budget: admission.NewBudget(64 << 20), reducer: reduce.New(reduce.Options{Now: time.Now})}
	next, err := consumer.NewMetrics(w.take)
	require.NoError(t, err)
	r, err := NewFactory(w.budget, w.tally).CreateMetrics(t.Context(), receivertest.NewNopSettings(Type), cfg, next)
	require.NoError(t, err)
	w.door = r.(*door)
	w.handler = &handler{held: w.held, budget: w.budget, limit: cfg.ServerConfig.MaxRequestBodySize}
	return w
}

// tick lets held samples go on by themselves until the test ends.
func (w *world) tick(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() { w.held.run(ctx) })
	t.Cleanup(func() { stop(); done.Wait() })
}

func (w *world) take(_ context.Context, metrics pmetric.Metrics) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fail != nil {
		return w.fail
	}
	otlp.Metrics(w.reducer, metrics)
	w.cells = append(w.cells, w.reducer.Drain()...)
	return nil
}

func (w *world) refuse(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fail = err
}

// requests are the requests and errors of the shop in production, all versions together.
func (w *world) requests() (n [2]int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range w.cells {
		if m.Kind == correlate.Traffic && m.Service == "shop" && m.Environment == "production" {
			n[0], n[1] = n[0]+m.Requests, n[1]+m.Errors
		}
	}
	return n
}

func (w *world) lost() (n int64) {
	for _, m := range w.tally.TakeRefused(0) {
		n += m.Requests
	}
	return n
}

// sent is a sample of a series, told as in name{a="b"}.
type sent struct {
	series string
	at     time.Time
	value  float64
}

const (
	type1 = "application/x-protobuf"
	type2 = "application/x-protobuf;proto=io.prometheus.write.v2.Request"
)

func field(number protowire.Number, body []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), body)
}

func sampleOf(s sent) []byte {
	body := protowire.AppendFixed64(protowire.AppendTag(nil, 1, protowire.Fixed64Type), math.Float64bits(s.value))
	return protowire.AppendVarint(protowire.AppendTag(body, 2, protowire.VarintType), uint64(s.at.UnixMilli()))
}

func labelsOf(series string) (all [][2]string) {
	name, rest, _ := strings.Cut(strings.TrimSuffix(series, "}"), "{")
	if name != "" {
		all = append(all, [2]string{"__name__", name})
	}
	for _, pair := range strings.Split(rest, ",") {
		if key, value, ok := strings.Cut(pair, "="); ok {
			all = append(all, [2]string{key, strings.Trim(value, `"`)})
		}
	}
	return all
}

// encode makes a request of either message.
func encode(contentType string, all ...sent) (request []byte) {
	var symbols, series []byte
	symbols = field(4, nil)
	n := uint64(1)
	for _, s := range all {
		var body, refs []byte
		for _, l := range labelsOf(s.series) {
			body = append(body, field(1, append(field(1, []byte(l[0])), field(2, []byte(l[1]))...))...)
			symbols = append(append(symbols, field(4, []byte(l[0]))...), field(4, []byte(l[1]))...)
			refs = protowire.AppendVarint(protowire.AppendVarint(refs, n), n+1)
			n += 2
		}
		if contentType == type2 {
			series = append(series, field(5, append(field(1, refs), field(2, sampleOf(s))...))...)
			continue
		}
		series = append(series, field(1, append(body, field(2, sampleOf(s))...))...)
	}
	if contentType == type2 {
		return append(symbols, series...)
	}
	return series
}

// send posts a request and returns its answer.
func (w *world) send(contentType string, all ...sent) *httptest.ResponseRecorder {
	return w.post(contentType, "snappy", snappy.Encode(nil, encode(contentType, all...)))
}

func (w *world) post(contentType, encoding string, body []byte) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Content-Encoding", encoding)
	answer := httptest.NewRecorder()
	w.handler.ServeHTTP(answer, r)
	return answer
}
