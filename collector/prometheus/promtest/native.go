package promtest

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// NativeShop is a process that exposes the durations of its requests as OpenTelemetry names them, as a native histogram and as a
// classic one. A server that keeps native ones leaves the classic one out, unless it is told otherwise.
type NativeShop struct {
	http.Handler
	durations *prometheus.HistogramVec
}

// NewNativeShop is a process that served nothing.
func NewNativeShop() *NativeShop {
	durations := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "http_server_request_duration_seconds", Help: "How long requests took.",
		Buckets: []float64{0.01, 0.05, 1}, NativeHistogramBucketFactor: 1.1,
	}, []string{"http_response_status_code"})
	registry := prometheus.NewRegistry()
	registry.MustRegister(durations)
	return &NativeShop{promhttp.HandlerFor(registry, promhttp.HandlerOpts{}), durations}
}

// Serve counts requests that ended with a code, each of which took 30 ms.
func (s *NativeShop) Serve(code string, n int) {
	for range n {
		s.durations.WithLabelValues(code).Observe(0.03)
	}
}
