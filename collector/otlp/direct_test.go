package otlp

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"go.opentelemetry.io/collector/pipeline"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/shipwake/shipwake/collector/direct"
)

// walker is an extension and an exporter at once: it reads traces as they come, and counts them.
type walker struct {
	component.StartFunc
	component.ShutdownFunc
	registry direct.Registry
	odd      bool
	takes    int64 // of the room
	refuse   error

	walked, handed, released atomic.Int64
}

func (w *walker) DirectEnds() *direct.Registry { return &w.registry }

func (w *walker) Walk(signal pipeline.Signal, body []byte, room direct.Room) (direct.Batch, error) {
	if signal != pipeline.SignalTraces {
		return nil, nil
	}
	w.walked.Add(1)
	if err := room.Take(w.takes); err != nil || w.odd {
		return nil, err
	}
	return &walked{w, len(body)}, nil
}

// walked is a request of as many records as it has bytes.
type walked struct {
	*walker
	bytes int
}

func (b *walked) Len() int { return b.bytes }

func (b *walked) Hand(context.Context) error {
	b.handed.Add(1)
	return b.refuse
}

func (b *walked) Release() { b.released.Add(1) }

// straight is a host in whose configuration nothing stands between the receiver and the walker.
func (w *walker) straight(t *testing.T) extensions {
	t.Helper()
	of := map[string]any{"receivers": []any{"otlp"}, "exporters": []any{"walker"}}
	pipelines, err := direct.Read(confmap.NewFromStringMap(map[string]any{
		"service": map[string]any{"pipelines": map[string]any{"traces": of, "logs": of}},
	}))
	require.NoError(t, err)
	w.registry.Configure(pipelines)
	id := component.MustNewID("walker")
	w.registry.Offer(id, w)
	return extensions{id: w}
}

// refusals are what became of requests.
func refusals(counted map[string]int64) map[string]int64 {
	maps.DeleteFunc(counted, func(what string, _ int64) bool { return !strings.HasPrefix(what, "otlp ") })
	return counted
}

func TestDirectRequests(t *testing.T) {
	for name, test := range map[string]*struct {
		end      walker
		kind     string
		status   int
		result   string
		walks    int64
		handed   int64
		decoded  int
		released int64
	}{
		"a walk is enough":              {kind: protoType, status: http.StatusOK, result: "accepted", walks: 1, handed: 1, released: 1},
		"an odd one is decoded":         {end: walker{odd: true}, kind: protoType, status: http.StatusOK, result: "accepted", walks: 1, decoded: 1},
		"JSON is decoded":               {kind: jsonType, status: http.StatusOK, result: "accepted", decoded: 1},
		"no memory for its records":     {end: walker{takes: 9 << 20}, kind: protoType, status: http.StatusTooManyRequests, result: "busy", walks: 1},
		"what follows is full":          {end: walker{refuse: errors.New("full")}, kind: protoType, status: http.StatusServiceUnavailable, result: "unavailable", walks: 1, handed: 1, released: 1},
		"what follows refuses for good": {end: walker{refuse: consumererror.NewPermanent(errors.New("no"))}, kind: protoType, status: http.StatusInternalServerError, result: "error", walks: 1, handed: 1, released: 1},
	} {
		t.Run(name, func(t *testing.T) {
			sink := &consumertest.TracesSink{}
			end := &test.end
			w := start(t, options{next: sink, host: end.straight(t)})
			body, err := request(1).MarshalProto()
			if test.kind == jsonType {
				body, err = request(1).MarshalJSON()
			}
			require.NoError(t, err)
			answer, _ := w.post(t, "http", bytes.NewReader(body), map[string]string{"Content-Type": test.kind})
			require.Equal(t, test.status, answer.StatusCode)
			require.Equal(t, test.walks, end.walked.Load())
			require.Equal(t, test.handed, end.handed.Load())
			require.Equal(t, test.released, end.released.Load())
			require.Equal(t, test.decoded, len(sink.AllTraces()))
			require.Equal(t, map[string]int64{"otlp traces " + test.result: 1}, refusals(w.counted()))
		})
	}
}

func TestDirectRequestsByGRPC(t *testing.T) {
	end := &walker{}
	w := start(t, options{host: end.straight(t)})
	_, err := ptraceotlp.NewGRPCClient(w.conn).Export(t.Context(), request(1))
	require.NoError(t, err)
	require.Equal(t, int64(1), end.handed.Load())

	traces := ptrace.NewTraces()
	list := traces.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	for range 50_000 {
		list.AppendEmpty()
	}
	_, err = ptraceotlp.NewGRPCClient(w.conn).Export(t.Context(), ptraceotlp.NewExportRequestFromTraces(traces))
	require.Equal(t, codes.ResourceExhausted, status.Code(err))
	require.Equal(t, int64(1), end.walked.Load(), "what would be too costly to decode isn't walked either")
	require.Equal(t, map[string]int64{"otlp traces accepted": 1, "otlp traces too_costly": 1}, refusals(w.counted()))
}
