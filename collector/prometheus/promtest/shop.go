package promtest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Shop is a process that counts its requests. It can be replaced by another one, and is then at nothing again.
type Shop struct {
	mu      sync.Mutex
	down    bool
	began   time.Time
	version string // "" when it doesn't tell
	codes   map[string]int
}

// NewShop is a process that has been there for an hour.
func NewShop(version string) *Shop {
	return &Shop{began: time.Now().Add(-time.Hour), version: version, codes: map[string]int{}}
}

// Serve counts requests that ended with a code, each of which took 30 ms.
func (s *Shop) Serve(code string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n > 0 {
		s.codes[code] += n
	}
}

// Deploy replaces the process by one of another version.
func (s *Shop) Deploy(version string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.began, s.version, s.codes = time.Now(), version, map[string]int{}
}

// SetDown makes scrapes fail, or succeed again.
func (s *Shop) SetDown(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

// ServeHTTP is the process's /metrics.
func (s *Shop) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	fmt.Fprintf(w, "# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds %.2f\n", float64(s.began.UnixMilli())/1000)
	if s.version != "" {
		fmt.Fprintf(w, "# TYPE shop_build_info gauge\nshop_build_info{version=%q} 1\n", s.version)
	}
	fmt.Fprintln(w, "# TYPE http_requests_total counter")
	all := 0
	for _, code := range slices.Sorted(maps.Keys(s.codes)) {
		fmt.Fprintf(w, "http_requests_total{code=%q,handler=\"/buy\"} %d\n", code, s.codes[code])
		all += s.codes[code]
	}
	fmt.Fprintln(w, "# TYPE http_request_duration_seconds histogram")
	fmt.Fprintln(w, `http_request_duration_seconds_bucket{le="0.01"} 0`)
	for _, le := range []string{"0.05", "1", "+Inf"} {
		fmt.Fprintf(w, "http_request_duration_seconds_bucket{le=%q} %d\n", le, all)
	}
	fmt.Fprintf(w, "http_request_duration_seconds_sum %g\nhttp_request_duration_seconds_count %d\n", 0.03*float64(all), all)
}
