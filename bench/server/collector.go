package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// Collector starts the peer: span metrics and metrics to its Prometheus exporter. Of several configurations a later one adds to
// those before.
func Collector(ctx context.Context, binary string, flush time.Duration, configs ...string) (*Server, error) {
	s := &Server{}
	var metrics string
	if err := freeAddresses(&s.OTLP, &s.OTLPHTTP, &metrics); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "shipwake-bench-")
	if err != nil {
		return nil, err
	}
	s.dir = dir
	s.url = "http://" + metrics + "/metrics"
	var args []string
	for _, config := range configs {
		args = append(args, "--config", config)
	}
	err = s.start(ctx, []string{
		"BENCH_OTLP=" + s.OTLP, "BENCH_OTLP_HTTP=" + s.OTLPHTTP, "BENCH_METRICS=" + metrics, "BENCH_FLUSH=" + flush.String(),
	}, binary, args...)
	if err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// CheckCalls fails unless the peer's span metrics add up to the spans sent.
func CheckCalls(m Samples, sent int) error {
	if calls := m.Sum("traces_span_metrics_calls_total"); calls != float64(sent) {
		return fmt.Errorf("the collector shows %.0f calls of %d spans", calls, sent)
	}
	return nil
}

// CheckGraph fails unless the peer's service graph holds every call. What nobody called it shows as called by a user, some time
// after.
func CheckGraph(m Samples, sent uint64) error {
	const name = "traces_service_graph_request_total"
	if calls := m.Sum(name) - m.Sum(name, `client="user"`); calls != float64(sent) {
		return fmt.Errorf("the collector's service graph shows %.0f of %d calls", calls, sent)
	}
	return nil
}

// CheckRequests fails unless the peer's histograms hold every observation sent.
func CheckRequests(m Samples, sent uint64) error {
	if count := m.Sum("http_server_request_duration_seconds_count"); count != float64(sent) {
		return fmt.Errorf("the collector shows %.0f of %d requests", count, sent)
	}
	return nil
}
