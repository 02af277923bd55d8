package load

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

var small = Shape{Services: 20, Instances: 2, Routes: 3, Canary: 10, Bundle: 1}

// round decodes the spans of a load as they are sent at a time.
func round(t *testing.T, l *Load, at time.Time) (spans []ptrace.Span, resources int) {
	t.Helper()
	for _, r := range l.Requests {
		request := ptraceotlp.NewExportRequest()
		require.NoError(t, request.UnmarshalProto(r.Stamp(at)))
		for _, resource := range request.Traces().ResourceSpans().All() {
			resources++
			for _, scope := range resource.ScopeSpans().All() {
				for _, span := range scope.Spans().All() {
					spans = append(spans, span)
				}
			}
		}
	}
	return spans, resources
}

func TestARoundOfTracesHoldsWhatItClaims(t *testing.T) {
	l, err := small.Traces(300)
	require.NoError(t, err)
	spans, resources := round(t, l, origin)
	require.Len(t, spans, l.Items)
	require.Equal(t, small.Services*small.Instances, resources)
	kinds, ids, failed := map[ptrace.SpanKind]int{}, map[pcommon.SpanID]bool{}, 0
	for _, span := range spans {
		kinds[span.Kind()]++
		ids[span.SpanID()] = true
		if span.Status().Code() == ptrace.StatusCodeError {
			failed++
		}
	}
	require.Len(t, ids, len(spans))
	for _, span := range spans {
		require.True(t, span.ParentSpanID().IsEmpty() || ids[span.ParentSpanID()], "every parent is in the round")
	}
	for _, kind := range []ptrace.SpanKind{ptrace.SpanKindServer, ptrace.SpanKindClient, ptrace.SpanKindInternal} {
		require.Greater(t, kinds[kind], len(spans)/10, kind)
	}
	require.Positive(t, kinds[ptrace.SpanKindConsumer])
	require.Equal(t, kinds[ptrace.SpanKindProducer], kinds[ptrace.SpanKindConsumer])
	require.EqualValues(t, kinds[ptrace.SpanKindClient]+kinds[ptrace.SpanKindProducer], l.Counted, "each is a call")
	require.InDelta(t, 0.01, float64(failed)/float64(len(spans)), 0.01)
	require.Positive(t, failed)
}

func TestOneInTenServicesHasACanaryOut(t *testing.T) {
	l, err := small.Metrics(Delta)
	require.NoError(t, err)
	versions := map[string]map[string]bool{}
	for _, r := range l.Requests {
		request := pmetricotlp.NewExportRequest()
		require.NoError(t, request.UnmarshalProto(r.Stamp(origin)))
		for _, resource := range request.Metrics().ResourceMetrics().All() {
			of := resource.Resource().Attributes().AsRaw()
			name := of["service.name"].(string)
			if versions[name] == nil {
				versions[name] = map[string]bool{}
			}
			versions[name][of["service.version"].(string)] = true
		}
	}
	canaries := 0
	for _, of := range small.List() {
		require.Contains(t, versions[of.Name], of.Version)
		if of.Next != "" {
			canaries++
			require.Contains(t, versions[of.Name], of.Next)
			continue
		}
		require.Len(t, versions[of.Name], 1)
	}
	require.Equal(t, small.Services/10, canaries)
}

func TestEveryRoundIsNew(t *testing.T) {
	l, err := small.Traces(50)
	require.NoError(t, err)
	at := time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)
	first, _ := round(t, l, at)
	traces := map[pcommon.TraceID]bool{}
	for _, span := range first {
		traces[span.TraceID()] = true
		require.False(t, span.EndTimestamp().AsTime().After(at))
		require.Less(t, at.Sub(span.StartTimestamp().AsTime()), time.Minute)
	}
	second, _ := round(t, l, at.Add(time.Second))
	for i, span := range second {
		require.NotContains(t, traces, span.TraceID())
		require.Equal(t, time.Second, span.EndTimestamp().AsTime().Sub(first[i].EndTimestamp().AsTime()))
		require.Equal(t, span.Attributes().AsRaw(), first[i].Attributes().AsRaw())
		require.Equal(t, span.ParentSpanID(), first[i].ParentSpanID())
	}
}

// points decodes a round of metrics.
func points(t *testing.T, l *Load, at time.Time) (all []pmetric.HistogramDataPoint) {
	t.Helper()
	for _, r := range l.Requests {
		request := pmetricotlp.NewExportRequest()
		require.NoError(t, request.UnmarshalProto(r.Stamp(at)))
		for _, resource := range request.Metrics().ResourceMetrics().All() {
			for _, point := range resource.ScopeMetrics().At(0).Metrics().At(0).Histogram().DataPoints().All() {
				all = append(all, point)
			}
		}
	}
	return all
}

func TestExponentialPointsGoOn(t *testing.T) {
	at := time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)
	l, err := small.Metrics(Exponential)
	require.NoError(t, err)
	require.Equal(t, small.Services*small.Instances*small.Routes*2, l.Items)
	for _, at := range []time.Time{at, at.Add(time.Second)} {
		var sent uint64
		for _, request := range l.Requests {
			decoded := pmetricotlp.NewExportRequest()
			require.NoError(t, decoded.UnmarshalProto(request.Stamp(at)))
			sent += counted(decoded.Metrics())
			point := decoded.Metrics().ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0).ExponentialHistogram().DataPoints().At(0)
			require.Equal(t, at, point.Timestamp().AsTime())
			require.True(t, point.StartTimestamp() < point.Timestamp())
		}
		require.Equal(t, l.Counted, sent)
	}
}

func TestMetricsGoOnAsTheirTemporalitySays(t *testing.T) {
	at := time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)
	for _, temporality := range []Temporality{Delta, Cumulative} {
		t.Run(string(temporality), func(t *testing.T) {
			l, err := small.Metrics(temporality)
			require.NoError(t, err)
			first := points(t, l, at)
			require.Len(t, first, l.Items)
			require.Len(t, first, small.Services*small.Instances*small.Routes*2)
			second := points(t, l, at.Add(time.Second))
			var counted uint64
			for i, point := range second {
				was := first[i]
				require.Equal(t, at.Add(time.Second), point.Timestamp().AsTime())
				grown := point.Count()
				if temporality == Cumulative {
					require.Equal(t, was.StartTimestamp(), point.StartTimestamp())
					require.Equal(t, 2*was.Sum(), point.Sum())
					require.Equal(t, 2*was.BucketCounts().At(6), point.BucketCounts().At(6))
					grown -= was.Count()
				} else {
					require.Equal(t, was.Timestamp(), point.StartTimestamp())
				}
				require.Equal(t, was.Count(), grown)
				counted += grown
			}
			require.Equal(t, l.Counted, counted)
		})
	}
}

// receiver counts what it is sent, and refuses its first request.
type receiver struct {
	ptraceotlp.UnimplementedGRPCServer
	spans   chan int
	refused chan struct{}
}

func (r *receiver) Export(_ context.Context, in ptraceotlp.ExportRequest) (ptraceotlp.ExportResponse, error) {
	select {
	case r.refused <- struct{}{}:
		return ptraceotlp.ExportResponse{}, status.Error(codes.Unavailable, "not now")
	default:
	}
	r.spans <- in.Traces().SpanCount()
	return ptraceotlp.NewExportResponse(), nil
}

func TestARoundIsOverWhenEverythingIsAcknowledged(t *testing.T) {
	l, err := Shape{Services: 6, Instances: 2, Routes: 1, Bundle: 5}.Traces(20)
	require.NoError(t, err)
	require.Len(t, l.Requests, 3)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r := &receiver{spans: make(chan int, len(l.Requests)), refused: make(chan struct{}, 1)}
	server := grpc.NewServer()
	ptraceotlp.RegisterGRPCServer(server, r)
	go func() { _ = server.Serve(listener) }() // ends at Stop
	defer server.Stop()
	sender, err := NewSender(listener.Addr().String(), 2, "")
	require.NoError(t, err)
	require.NoError(t, sender.Round(t.Context(), l, time.Now()))
	require.NoError(t, sender.Close())
	close(r.spans)
	received := 0
	for n := range r.spans {
		received += n
	}
	require.Equal(t, l.Items, received)
	require.Equal(t, 1, sender.Refused)
}
