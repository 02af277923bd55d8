package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// Collector starts the peer: span metrics and metrics to its Prometheus exporter.
func Collector(ctx context.Context, binary, config string, flush time.Duration) (*Server, error) {
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
	err = s.start(ctx, []string{
		"BENCH_OTLP=" + s.OTLP, "BENCH_OTLP_HTTP=" + s.OTLPHTTP, "BENCH_METRICS=" + metrics, "BENCH_FLUSH=" + flush.String(),
	}, binary, "--config", config)
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

// CheckRequests fails unless the peer's histograms hold every observation sent.
func CheckRequests(m Samples, sent uint64) error {
	if count := m.Sum("http_server_request_duration_seconds_count"); count != float64(sent) {
		return fmt.Errorf("the collector shows %.0f of %d requests", count, sent)
	}
	return nil
}
