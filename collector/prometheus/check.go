package prometheus

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"go.opentelemetry.io/collector/component"
	nometrics "go.opentelemetry.io/otel/metric/noop"
	notraces "go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/zap"

	"github.com/shipwake/shipwake/collector/prometheus/families"
	"github.com/shipwake/shipwake/collector/prometheus/points"
)

// checked is how much of the past a check looks at, in milliseconds.
const checked = 5 * 60_000

// Report is what a server has for the receiver.
type Report struct {
	Server   string        // what it calls itself, "" when it doesn't
	Ahead    time.Duration // its clock before ours
	Targets  int           // that answer scrapes
	Every    time.Duration // the longest time between two of them
	Queries  int           // of one step
	Series   int           // in the answers
	Samples  int           // of five minutes
	Took     time.Duration // the queries of five minutes, together
	Warning  string        // that came with an answer
	Services []points.Told
}

// Check asks a server what it has, as the receiver would.
func Check(ctx context.Context, cfg *ServerConfig) (*Report, error) {
	table, err := cfg.Table()
	if err != nil {
		return nil, err
	}
	to, err := connect(ctx, cfg, nil, component.TelemetrySettings{
		Logger: zap.NewNop(), MeterProvider: nometrics.NewMeterProvider(), TracerProvider: notraces.NewTracerProvider(),
	})
	if err != nil {
		return nil, err
	}
	defer to.http.CloseIdleConnections()
	now, err := to.now(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", to.endpoint, err)
	}
	r := &Report{Server: to.build(ctx), Ahead: time.Duration(now-time.Now().UnixMilli()) * time.Millisecond}
	reader := points.New(points.Options{
		Table: table, Environment: cfg.Environment, ReplicaLabels: cfg.ReplicaLabels, Since: now, Whole: true,
	})
	for _, selector := range append([]string{tellers}, selectors(table)...) {
		if err := r.ask(ctx, to, reader, selector, now); err != nil {
			return nil, fmt.Errorf("%s: %w", to.endpoint, err)
		}
	}
	if err := askAll(ctx, to, reader, now); err != nil {
		return nil, fmt.Errorf("%s: %w", to.endpoint, err)
	}
	r.Targets, _ = reader.Live(now - checked)
	r.Every = time.Duration(reader.Every(now-checked)) * time.Millisecond
	r.Services = reader.Survey(now)
	return r, nil
}

func (r *Report) ask(ctx context.Context, to *client, reader *points.Reader, selector string, now int64) error {
	began := time.Now()
	all, warning, err := to.window(ctx, selector, now, checked)
	if err != nil {
		return err
	}
	r.Took += time.Since(began)
	r.Queries++
	r.Series += len(all)
	if warning != "" {
		r.Warning = warning
	}
	for _, one := range all {
		r.Samples += len(one.Values) + len(one.Histograms)
		give(reader, one)
	}
	return nil
}

// askAll asks for the pods that tell no version, and once more for the ReplicaSets of those without a tag.
func askAll(ctx context.Context, to *client, reader *points.Reader, now int64) error {
	exported := false
	for again := range 2 {
		due := reader.Pods(now)
		if again > 0 {
			due = slices.DeleteFunc(due, func(w points.Wanted) bool { return w.Set == "" })
		}
		for some := range slices.Chunk(due, mostPods) {
			if _, err := to.askForPods(ctx, some, now, &exported, func(one series) { give(reader, one) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// give puts a series of an answer into a reader.
func give(reader *points.Reader, one series) {
	of := reader.Series(families.Labels(one.Metric))
	if of == nil {
		return
	}
	for _, v := range one.Values {
		of.Add(points.Sample{At: v.at, Value: v.value})
	}
	for _, h := range one.Histograms {
		of.Add(points.Sample{At: h.at, Histogram: h.histogram})
	}
}

// build is what the server calls itself; "" where it says nothing, as several don't.
func (c *client) build(ctx context.Context) string {
	request, err := http.NewRequest(http.MethodGet, c.endpoint+"/api/v1/status/buildinfo", nil)
	if err != nil {
		return ""
	}
	var said struct{ Application, Version string }
	if _, err := c.do(ctx, request, &said); err != nil || said.Version == "" {
		return ""
	}
	if said.Application == "" {
		said.Application = "Prometheus"
	}
	return clip(said.Application + " " + said.Version)
}
