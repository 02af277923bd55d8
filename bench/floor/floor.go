// Package floor answers: what does taking in telemetry cost at least, behind the same server?
//
// It serves OTLP by shipwake's own receiver, walks over each request as shipwake does, counts the records and forgets them. What
// shipwake takes beyond that is for reducing them.
package floor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pipeline"
	"go.opentelemetry.io/collector/receiver"
	metrics "go.opentelemetry.io/otel/metric/noop"
	traces "go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/zap"

	"github.com/shipwake/shipwake/collector/admission"
	"github.com/shipwake/shipwake/collector/direct"
	"github.com/shipwake/shipwake/collector/otlp"
	"github.com/shipwake/shipwake/collector/reduce/wire"
	"github.com/shipwake/shipwake/correlate"
)

// Addresses are where it listens, as host:port.
type Addresses struct{ GRPC, HTTP, Metrics string }

// Serve takes requests until the context ends. Its metrics are named as shipwake's.
func Serve(ctx context.Context, at Addresses) (err error) {
	f := &floor{known: wire.NewKnown()}
	all, err := f.receivers(ctx, at)
	if err != nil {
		return err
	}
	for _, r := range all {
		defer func() { err = errors.Join(err, r.Shutdown(context.Background())) }()
		if err := r.Start(ctx, f); err != nil {
			return err
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/metrics", f.metrics)
	server := &http.Server{Addr: at.Metrics, Handler: mux}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() }) // it ends ListenAndServe, which tells
	defer stop()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

var (
	receiverID = component.NewID(otlp.Type())
	floorID    = component.MustNewID("floor")
)

func (f *floor) receivers(ctx context.Context, at Addresses) ([]component.Component, error) {
	factory := otlp.NewFactory(admission.NewBudget(admission.DefaultBudget), &correlate.Tally{})
	cfg := factory.CreateDefaultConfig()
	err := confmap.NewFromStringMap(map[string]any{"protocols": map[string]any{
		"grpc": map[string]any{"endpoint": at.GRPC}, "http": map[string]any{"endpoint": at.HTTP},
	}}).Unmarshal(cfg)
	if err != nil {
		return nil, err
	}
	set := receiver.Settings{ID: receiverID, TelemetrySettings: component.TelemetrySettings{
		Logger: zap.NewNop(), TracerProvider: traces.NewTracerProvider(), MeterProvider: metrics.NewMeterProvider(),
	}}
	refuse := consumertest.NewErr(errors.New("the floor decodes nothing"))
	t, terr := factory.CreateTraces(ctx, set, cfg, refuse)
	m, merr := factory.CreateMetrics(ctx, set, cfg, refuse)
	if err := errors.Join(terr, merr, f.configure()); err != nil {
		return nil, err
	}
	return []component.Component{t, m}, nil
}

// floor is the host of the receivers, its extension, and where their pipelines end.
type floor struct {
	component.StartFunc
	component.ShutdownFunc
	registry      direct.Registry
	known         *wire.Known
	spans, points atomic.Int64
}

func (f *floor) configure() error {
	of := map[string]any{"receivers": []any{receiverID.String()}, "exporters": []any{floorID.String()}}
	pipelines, err := direct.Read(confmap.NewFromStringMap(map[string]any{
		"service": map[string]any{"pipelines": map[string]any{"traces": of, "metrics": of}},
	}))
	f.registry.Configure(pipelines)
	f.registry.Offer(floorID, f)
	return err
}

// GetExtensions implements component.Host.
func (f *floor) GetExtensions() map[component.ID]component.Component {
	return map[component.ID]component.Component{floorID: f}
}

// DirectEnds implements direct.Keeper.
func (f *floor) DirectEnds() *direct.Registry { return &f.registry }

// Walk implements direct.End.
func (f *floor) Walk(signal pipeline.Signal, body []byte, room direct.Room) (direct.Batch, error) {
	var all records
	var walked bool
	var err error
	counter := &f.spans
	if signal == pipeline.SignalTraces {
		spans := wire.NewSpans(room)
		walked, err = spans.Walk(body, f.known)
		all = spans
	} else {
		points := wire.NewPoints(room)
		walked, err = points.Walk(body, f.known, func(string) bool { return true })
		all, counter = points, &f.points
	}
	if err != nil || !walked {
		all.Release()
		return nil, err
	}
	return &batch{all, counter}, nil
}

type records interface {
	Len() int
	Release()
}

type batch struct {
	records
	counter *atomic.Int64
}

// Hand implements direct.Batch.
func (b *batch) Hand(context.Context) error {
	b.counter.Add(int64(b.Len()))
	return nil
}

func (f *floor) metrics(w http.ResponseWriter, _ *http.Request) {
	for signal, n := range map[string]int64{"spans": f.spans.Load(), "points": f.points.Load()} {
		_, _ = fmt.Fprintf(w, "shipwake_telemetry_total{signal=%q,result=\"accepted\"} %d\n", signal, n) // who asked is gone
	}
}
