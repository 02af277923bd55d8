package promtest

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Days is a time in which a process of the job "shop" was scraped each minute. Of the requests that it served a second, one in
// a hundred failed, and each took 30 ms.
type Days struct {
	From, To time.Time
	Rate     int // requests a second
}

// Blocks writes what a Prometheus would have kept of some days to where StartWith finds it, by the promtool that
// $SHIPWAKE_TEST_PROMTOOL names. The test is skipped where there is none.
func Blocks(t *testing.T, dir string, days Days) {
	t.Helper()
	promtool := os.Getenv("SHIPWAKE_TEST_PROMTOOL")
	if promtool == "" {
		t.Skip("SKIP: needs a promtool; make e2e-prometheus gets one")
	}
	file := filepath.Join(dir, "days.om")
	require.NoError(t, days.write(file))
	said, err := exec.Command(promtool, "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=240h", file, data(dir)).CombinedOutput()
	require.NoError(t, err, "%s", said)
}

// write writes samples as OpenMetrics: one family after the other.
func (d Days) write(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(file)
	d.family(w, "gauge", "up", `up`, func(int) string { return "1" })
	d.family(w, "counter", "http_requests", `http_requests_total{code="200"}`, func(n int) string { return fmt.Sprint(n - n/100) })
	d.family(w, "", "", `http_requests_total{code="500"}`, func(n int) string { return fmt.Sprint(n / 100) })
	d.family(w, "histogram", "http_request_duration_seconds", `http_request_duration_seconds_bucket{le="0.01"}`, func(int) string { return "0" })
	for _, le := range []string{"0.05", "1.0", "+Inf"} {
		d.family(w, "", "", fmt.Sprintf("http_request_duration_seconds_bucket{le=%q}", le), func(n int) string { return fmt.Sprint(n) })
	}
	d.family(w, "", "", "http_request_duration_seconds_sum", func(n int) string { return fmt.Sprint(0.03 * float64(n)) })
	d.family(w, "", "", "http_request_duration_seconds_count", func(n int) string { return fmt.Sprint(n) })
	fmt.Fprintln(w, "# EOF")
	if err := w.Flush(); err != nil {
		return err
	}
	return file.Close()
}

// family writes a series of the process, of a family that begins with it when it has a name.
func (d Days) family(w *bufio.Writer, kind, name, series string, value func(requests int) string) {
	if name != "" {
		fmt.Fprintf(w, "# TYPE %s %s\n", name, kind)
	}
	labels := `{job="shop",instance="shop:80"}`
	if n := len(series) - 1; series[n] == '}' {
		series, labels = series[:n], `,job="shop",instance="shop:80"}`
	}
	for at := d.From; at.Before(d.To); at = at.Add(time.Minute) {
		fmt.Fprintf(w, "%s%s %s %d\n", series, labels, value(int(at.Sub(d.From).Seconds())*d.Rate), at.Unix())
	}
}
