package shop

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// notebook keeps the spans and logs of a shop in memory.
type notebook struct {
	spans   *tracetest.InMemoryExporter
	mu      sync.Mutex
	logs    []sdklog.Record
	stopped error // what the shutdown of an instance's telemetry returns
}

func (n *notebook) sdk(_ context.Context, _ identity, _ Exporter, arrived *pacer) (*sdk, error) {
	return &sdk{
		traces:  sdktrace.NewTracerProvider(sdktrace.WithSyncer(timed{keep{n.spans}, arrived})),
		metrics: sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader())),
		logs:    sdklog.NewLoggerProvider(sdklog.WithProcessor(n)),
	}, nil
}

// keep is an exporter that the end of one instance doesn't empty.
type keep struct{ *tracetest.InMemoryExporter }

func (keep) Shutdown(context.Context) error { return nil }

func (n *notebook) OnEmit(_ context.Context, r *sdklog.Record) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.logs = append(n.logs, r.Clone())
	return nil
}
func (n *notebook) Enabled(context.Context, sdklog.EnabledParameters) bool { return true }
func (n *notebook) ForceFlush(context.Context) error                       { return nil }
func (n *notebook) Shutdown(context.Context) error                         { return n.stopped }

// virtually runs a shop in virtual time.
func virtually(t *testing.T, rate float64, f func(t *testing.T, s *Shop, n *notebook)) {
	synctest.Test(t, func(t *testing.T) {
		n := &notebook{spans: tracetest.NewInMemoryExporter()}
		s, err := open(t.Context(), Options{Version: "v1", Rate: rate, Services: Services(), Visits: Visits()}, n.sdk)
		require.NoError(t, err)
		f(t, s, n)
	})
}

func TestTheShopKeepsItsRate(t *testing.T) {
	virtually(t, 100, func(t *testing.T, s *Shop, n *notebook) {
		time.Sleep(10*time.Second + time.Millisecond)
		require.NoError(t, s.Close())
		sent, failed := s.Visited()
		require.EqualValues(t, 1000, sent)
		require.Zero(t, failed)
		require.EqualValues(t, len(n.spans.GetSpans()), s.Pace().Due)
		require.Equal(t, Pace{Due: s.Pace().Due, Kept: s.Pace().Due}, s.Pace())
	})
}

func TestARolloutGoesByTheClock(t *testing.T) {
	virtually(t, 100, func(t *testing.T, s *Shop, _ *notebook) {
		time.Sleep(time.Second)
		began := time.Now()
		rolled := make(chan error, 1)
		go func() { rolled <- s.Roll(t.Context(), "payment", Release{Version: "v2"}, 5*time.Second) }()
		for _, want := range []map[string]int{{"v1": 3, "v2": 1}, {"v1": 2, "v2": 2}, {"v1": 1, "v2": 3}, {"v2": 4}} {
			time.Sleep(time.Second)
			require.Equal(t, want, s.Versions("payment"))
			time.Sleep(4 * time.Second)
		}
		require.NoError(t, <-rolled)
		require.Equal(t, 20*time.Second, time.Since(began))
		require.Equal(t, 22, s.Instances())
		require.NoError(t, s.Close())
		_, failed := s.Visited()
		require.Zero(t, failed, "an instance that is replaced answers what it was sent")
	})
}

func TestARolloutThatIsBrokenOffEnds(t *testing.T) {
	virtually(t, 10, func(t *testing.T, s *Shop, _ *notebook) {
		ctx, cancel := context.WithTimeout(t.Context(), 6*time.Second)
		defer cancel()
		require.ErrorIs(t, s.Roll(ctx, "payment", Release{Version: "v2"}, 5*time.Second), context.DeadlineExceeded)
		require.Equal(t, map[string]int{"v1": 2, "v2": 2}, s.Versions("payment"))
		require.NoError(t, s.Close())
	})
}

func TestTelemetryThatCannotBeSentIsToldAtTheEnd(t *testing.T) {
	virtually(t, 10, func(t *testing.T, s *Shop, n *notebook) {
		n.stopped = errors.New("nobody listens")
		require.NoError(t, s.Roll(t.Context(), "search", Release{Version: "v2"}, time.Second))
		err := s.Close()
		require.ErrorContains(t, err, "stopping search-v1-")
		require.ErrorContains(t, err, "stopping search-v2-")
		require.ErrorContains(t, err, "nobody listens")
	})
}

func TestAVisitThatTheMachineComesToTooLateIsDropped(t *testing.T) {
	for name, c := range map[string]struct {
		lag  time.Duration
		made bool
		want Pace
	}{
		"in time":            {0, true, Pace{}},
		"a little late":      {time.Second, true, Pace{}},
		"much too late":      {time.Second + 1, false, Pace{Due: 1, Worst: time.Second + 1}},
		"after a long pause": {time.Hour, false, Pace{Due: 1, Worst: time.Hour}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := visitors{pacer: &pacer{}}
				require.Equal(t, c.made, v.comes(time.Now().Add(-c.lag)))
				require.Equal(t, c.made, v.sent.Load() == 1)
				require.Equal(t, c.want, v.pacer.now(), "a visit that is made counts when its requests are reported")
			})
		})
	}
}

func TestPace(t *testing.T) {
	var p pacer
	require.InDelta(t, 1, p.now().Share(), 0, "nothing was due")
	p.reported(10 * time.Millisecond)
	before := p.now()
	p.reported(3 * time.Second)
	p.reported(2 * time.Second)
	p.lost(time.Second)
	require.Equal(t, Pace{Due: 4, Kept: 2, Worst: 3 * time.Second}, p.now())
	require.Equal(t, Pace{Due: 3, Kept: 1, Worst: 3 * time.Second}, p.now().Since(before))
	require.InDelta(t, 0.5, p.now().Share(), 0)
}

// slow is an exporter that takes its time, or fails.
type slow struct {
	sdktrace.SpanExporter
	takes time.Duration
	err   error
}

func (s slow) ExportSpans(context.Context, []sdktrace.ReadOnlySpan) error {
	time.Sleep(s.takes)
	return s.err
}

func TestAReportCountsWhenItHasArrived(t *testing.T) {
	refused := errors.New("unavailable")
	for name, c := range map[string]struct {
		to   slow
		want Pace
	}{
		"at once":    {slow{}, Pace{Due: 2, Kept: 2, Worst: time.Second}},
		"in a while": {slow{takes: 1500 * time.Millisecond}, Pace{Due: 2, Kept: 1, Worst: 2500 * time.Millisecond}},
		"never":      {slow{err: refused}, Pace{Due: 2, Worst: time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var p pacer
				spans := tracetest.SpanStubs{{EndTime: time.Now().Add(-time.Second)}, {EndTime: time.Now()}}
				require.ErrorIs(t, timed{c.to, &p}.ExportSpans(t.Context(), spans.Snapshots()), c.to.err)
				require.Equal(t, c.want, p.now())
			})
		})
	}
}

// handled lets one instance of checkout handle an order that arrives so much before the machine comes to it, and returns
// the spans, in the order in which they ended.
func handled(t *testing.T, late time.Duration, payment Release) (spans tracetest.SpanStubs, n *notebook, took time.Duration) {
	synctest.Test(t, func(t *testing.T) {
		n = &notebook{spans: tracetest.NewInMemoryExporter()}
		s := &Shop{newSDK: n.sdk, pools: map[string]*pool{}}
		for _, spec := range Services() {
			r := Release{Version: "v1"}
			if spec.Name == "payment" {
				r = payment
			}
			i, err := startInstance(t.Context(), s, spec, r, spec.Name)
			require.NoError(t, err)
			s.pools[spec.Name] = &pool{}
			s.pools[spec.Name].add(i)
		}
		began := time.Now()
		s.pools["checkout"].send(t.Context(), "POST", "/orders", began.Add(-late))
		took = time.Since(began)
		require.NoError(t, s.shut())
	})
	return n.spans.GetSpans(), n, took
}

func TestDurationsDoNotDependOnTheMachine(t *testing.T) {
	onTime, _, took := handled(t, 0, Release{})
	late, _, tookLate := handled(t, time.Minute, Release{})
	require.Len(t, onTime, 5) // the order, its two calls, and their two servers
	require.Len(t, late, 5)
	order := onTime[4]
	require.Equal(t, "POST /orders", order.Name)
	require.Equal(t, took, order.EndTime.Sub(order.StartTime), "by a machine in time, real time is the shop's")
	require.Zero(t, tookLate, "who is late does not wait any longer")
	for i := range onTime {
		require.Equal(t, onTime[i].Name, late[i].Name)
		require.Equal(t, onTime[i].StartTime.Add(-time.Minute), late[i].StartTime)
		require.Equal(t, onTime[i].EndTime.Sub(onTime[i].StartTime), late[i].EndTime.Sub(late[i].StartTime))
	}
}

func TestARequestIsRecordedAsOverANetwork(t *testing.T) {
	spans, n, _ := handled(t, 0, Release{Errors: 1})
	require.Len(t, spans, 5)
	product, productCall, charge, chargeCall, order := spans[0], spans[1], spans[2], spans[3], spans[4]
	require.False(t, order.Parent.IsValid(), "visitors have no telemetry")
	for _, pair := range [][2]tracetest.SpanStub{{product, productCall}, {charge, chargeCall}} {
		server, client := pair[0], pair[1]
		require.Equal(t, trace.SpanKindServer, server.SpanKind)
		require.Equal(t, trace.SpanKindClient, client.SpanKind)
		require.Equal(t, client.SpanContext.SpanID(), server.Parent.SpanID())
		require.True(t, server.Parent.IsRemote())
		require.Equal(t, order.SpanContext.SpanID(), client.Parent.SpanID())
		require.Equal(t, order.SpanContext.TraceID(), server.SpanContext.TraceID())
		require.Equal(t, client.StartTime, server.StartTime)
		require.Equal(t, client.EndTime, server.EndTime)
	}
	require.Equal(t, productCall.EndTime, chargeCall.StartTime, "one call after the other")
	require.Contains(t, product.Attributes, attribute.Int("http.response.status_code", 200))
	require.Contains(t, product.Attributes, attribute.String("http.route", "/products"))
	require.Equal(t, codes.Unset, productCall.Status.Code)
	for _, failed := range []tracetest.SpanStub{charge, chargeCall, order} {
		require.Equal(t, codes.Error, failed.Status.Code)
	}
	require.Contains(t, charge.Attributes, attribute.Int("http.response.status_code", 500))
	require.Contains(t, chargeCall.Attributes, attribute.String("error.type", "500"))
	require.Contains(t, order.Attributes, attribute.Int("http.response.status_code", 502))
	require.Len(t, charge.Events, 1)
	require.Equal(t, charge.EndTime, charge.Events[0].Time)
	require.Empty(t, chargeCall.Events, "the caller saw an answer, not an exception")
	require.Len(t, n.logs, 2)
	require.Equal(t, charge.EndTime.UnixNano(), n.logs[0].Timestamp().UnixNano())
	require.Equal(t, "payment failed to handle the request", n.logs[0].Body().AsString())
}

func TestDurationsAreMetricsToo(t *testing.T) {
	reader := sdkmetric.NewManualReader()
	r, err := newRecorder(&sdk{traces: sdktrace.NewTracerProvider(), logs: sdklog.NewLoggerProvider(),
		metrics: sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))})
	require.NoError(t, err)
	at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	ctx, served := r.serving(t.Context(), Route{Method: "GET", Path: "/products"}, at)
	served.end(ctx, answer{at: at.Add(240 * time.Millisecond), status: 200})
	ctx, called := r.calling(t.Context(), Call{Method: "GET"}, at)
	called.end(ctx, answer{at: at, err: errors.New("no live instance")})

	var got metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(t.Context(), &got))
	seen := map[string]attribute.Set{}
	sums := map[string]float64{}
	for _, m := range got.ScopeMetrics[0].Metrics {
		require.Equal(t, "s", m.Unit)
		point := m.Data.(metricdata.Histogram[float64]).DataPoints[0]
		seen[m.Name], sums[m.Name] = point.Attributes, point.Sum
	}
	require.Equal(t, map[string]float64{"http.server.request.duration": 0.24, "http.client.request.duration": 0}, sums)
	server, client := seen["http.server.request.duration"], seen["http.client.request.duration"]
	status, _ := server.Value("http.response.status_code")
	require.EqualValues(t, 200, status.AsInt64())
	kind, _ := client.Value("error.type")
	require.Equal(t, "*errors.errorString", kind.AsString())
	require.False(t, client.HasValue("http.response.status_code"), "nobody answered")
}

func TestWhatNobodyServesIsAnError(t *testing.T) {
	i := &instance{handler: &handler{spec: Service{Name: "search"}}}
	var p pool
	require.ErrorContains(t, p.send(t.Context(), "GET", "/query", time.Now()).err, "no live instance")
	p.add(i)
	got := p.send(t.Context(), "GET", "/query", time.Now())
	require.ErrorContains(t, got.err, "search has no route GET /query")
	require.Equal(t, 404, got.status)
}
