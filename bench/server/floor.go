package server

import (
	"context"
	"errors"
	"os"
)

// Floor starts this program as the server that only walks over what it takes: bench serve-floor.
func Floor(ctx context.Context) (*Server, error) {
	binary, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &Server{}
	var metrics string
	if err := freeAddresses(&s.OTLP, &s.OTLPHTTP, &metrics); err != nil {
		return nil, err
	}
	if s.dir, err = os.MkdirTemp("", "shipwake-bench-"); err != nil {
		return nil, err
	}
	s.url = "http://" + metrics + "/metrics"
	environment := []string{"BENCH_OTLP=" + s.OTLP, "BENCH_OTLP_HTTP=" + s.OTLPHTTP, "BENCH_METRICS=" + metrics}
	if err := s.start(ctx, environment, binary, "serve-floor"); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}
