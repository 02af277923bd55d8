package deploy_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// quick are windows with which a minute is enough, as the demo has them.
var quick = []string{
	"--set=extensions.correlate.resolution=1s", "--set=extensions.correlate.lateness=3s", "--set=extensions.correlate.idle_after=30s",
	"--set=extensions.correlate.window.baseline=10s", "--set=extensions.correlate.window.grace=2s",
	"--set=extensions.correlate.window.min_healthy=12s", "--set=extensions.correlate.window.watch=26s",
}

// traffic is what the instances of checkout report of their requests, by OTLP.
type traffic struct {
	otlp   string // host:port
	failed func() int
}

// flow reports four times a second, 100 requests each time, until the test ends.
func (c traffic) flow(t *testing.T) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for every := time.NewTicker(250 * time.Millisecond); ; {
			c.report(100, c.failed())
			select {
			case <-ctx.Done():
				return
			case <-every.C:
			}
		}
	}()
	t.Cleanup(func() { stop(); <-done })
}

// report sends one interval: how many requests there were, and how many of them failed.
func (c traffic) report(requests, failed int) {
	now := time.Now().UnixNano()
	point := func(count, status int) string {
		return fmt.Sprintf(`{"startTimeUnixNano":"%d","timeUnixNano":"%d","count":"%d","sum":%g,"explicitBounds":[0.05,0.1],
			"bucketCounts":["0","%d","0"],"attributes":[{"key":"http.request.method","value":{"stringValue":"GET"}},
			{"key":"http.response.status_code","value":{"intValue":"%d"}}]}`,
			now-int64(250*time.Millisecond), now, count, 0.07*float64(count), count, status)
	}
	body := fmt.Sprintf(`{"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"checkout"}},
		{"key":"service.instance.id","value":{"stringValue":"i-1"}}]},"scopeMetrics":[{"metrics":[{"name":"http.server.request.duration",
		"unit":"s","histogram":{"aggregationTemporality":1,"dataPoints":[%s,%s]}}]}]}]}`, point(requests-failed, 200), point(failed, 500))
	answer, err := http.Post("http://"+c.otlp+"/v1/metrics", "application/json", strings.NewReader(body))
	if err != nil {
		return // what is lost shows in the verdict
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
}
