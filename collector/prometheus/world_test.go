package prometheus

import (
	"context"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/shipwake/shipwake/collector/prometheus/families"
	"github.com/shipwake/shipwake/collector/reduce"
	"github.com/shipwake/shipwake/collector/reduce/otlp"
	"github.com/shipwake/shipwake/correlate"
)

// world is a receiver that asks one server, and the cells that come of it.
type world struct {
	t       *testing.T
	tally   *correlate.Tally
	asking  *asking
	reducer *reduce.Reducer

	mu    sync.Mutex
	cells []correlate.Measurement
	fail  error // of the next points
}

// configured reads a configuration as the Collector does.
func configured(t *testing.T, server map[string]any) (*Config, error) {
	t.Helper()
	cfg := defaultConfig().(*Config)
	if err := confmap.NewFromStringMap(map[string]any{"servers": []any{server}}).Unmarshal(cfg); err != nil {
		return nil, err
	}
	return cfg, cfg.Validate()
}

// newWorld asks the shop's server each five seconds.
func newWorld(t *testing.T, endpoint string, change ...func(*client)) *world {
	t.Helper()
	return newWorldWith(t, map[string]any{"endpoint": endpoint, "poll": "5s", "delay": "1s", "environment": "production"}, change...)
}

func newWorldWith(t *testing.T, server map[string]any, change ...func(*client)) *world {
	t.Helper()
	return newWorldBeside(t, nil, server, change...)
}

// host has extensions.
type host struct {
	component.Host
	extensions map[component.ID]component.Component
}

func (h host) GetExtensions() map[component.ID]component.Component { return h.extensions }

// newWorldBeside is a world with extensions.
func newWorldBeside(t *testing.T, beside map[string]component.Component, server map[string]any, change ...func(*client)) *world {
	t.Helper()
	extensions := map[component.ID]component.Component{}
	for name, e := range beside {
		extensions[component.MustNewID(name)] = e
	}
	cfg, err := configured(t, server)
	require.NoError(t, err)
	w := &world{t: t, tally: &correlate.Tally{}, reducer: reduce.New(reduce.Options{Now: time.Now})}
	next, err := consumer.NewMetrics(w.take)
	require.NoError(t, err)
	r, err := NewFactory(w.tally).CreateMetrics(t.Context(), receivertest.NewNopSettings(Type), cfg, next)
	require.NoError(t, err)
	w.asking = r.(*asking)
	w.asking.network = change
	require.NoError(t, r.Start(t.Context(), host{componenttest.NewNopHost(), extensions}))
	t.Cleanup(func() { require.NoError(t, r.Shutdown(context.Background())) })
	return w
}

// refuse makes whoever takes points return an error, until it is called with nil.
func (w *world) refuse(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fail = err
}

func labels(name, value string) families.Labels { return families.Labels{{Name: name, Value: value}} }

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

// requests are the requests and errors of the shop in production, by version.
func (w *world) requests() map[string][2]int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := map[string][2]int64{}
	for _, m := range w.cells {
		if m.Kind == correlate.Traffic && m.Service == "shop" && m.Environment == "production" {
			n := all[m.Version]
			all[m.Version] = [2]int64{n[0] + m.Requests, n[1] + m.Errors}
		}
	}
	return all
}

// timed is how many requests have a duration.
func (w *world) timed() (n int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range w.cells {
		if m.Kind == correlate.Traffic {
			for _, b := range m.Latency {
				n += int64(b.Count)
			}
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

func (w *world) waitFor(condition func() bool) {
	w.t.Helper()
	require.Eventually(w.t, condition, 30*time.Second, 20*time.Millisecond)
}

func (w *world) expect(want map[string][2]int64) {
	w.t.Helper()
	if !eventually(30*time.Second, func() bool { return maps.Equal(want, w.requests()) }) {
		require.Equal(w.t, want, w.requests())
	}
}

func eventually(within time.Duration, condition func() bool) bool {
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if condition() {
			return true
		}
	}
	return false
}

// live is how many targets were seen to answer.
func (w *world) live() int { return int(w.asking.servers[0].live.Load()) }

// settle waits until the server was read three more times.
func (w *world) settle() {
	w.t.Helper()
	s := w.asking.servers[0]
	until := s.steps.Load() + 3
	w.waitFor(func() bool { return s.steps.Load() >= until })
}
