package prometheus

import (
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/prometheus/native"
)

func TestNativeHistogramsAreReadAsTheyAreAnswered(t *testing.T) {
	var one series
	require.NoError(t, json.Unmarshal([]byte(`{"metric": {"__name__": "a"}, "values": [[1, "2"]], "histograms": [
		[1435781430.781, {"count": "7", "sum": "3.5", "buckets": [[3, "-0.001", "0.001", "1"], [0, "0.5", "1", "6"]]}], [1435781431, {"count": "0", "sum": "NaN"}]
	]}`), &one))
	require.Equal(t, samples{{1000, 2}}, one.Values)
	require.Equal(t, []nativeSample{
		{1435781430781, &native.Histogram{Threshold: 0.001, Zero: 1, Sum: 3.5, Bins: []native.Bin{{Index: 0, Lower: 0.5, Upper: 1, N: 6}}}},
		{1435781431000, &native.Histogram{Schema: 8}},
	}, one.Histograms)
	for name, text := range map[string]string{
		"no pair":                     `[[1]]`,
		"a sample":                    `[[1, "2"]]`,
		"no time":                     `[["1", {}]]`,
		"a bucket without a count":    `[[1, {"sum": "1", "buckets": [[0, "1", "2"]]}]]`,
		"a count that isn't a text":   `[[1, {"sum": "1", "buckets": [[0, "1", "2", 3]]}]]`,
		"a count that isn't a number": `[[1, {"sum": "1", "buckets": [[0, "1", "2", "x"]]}]]`,
		"a negative count":            `[[1, {"sum": "1", "buckets": [[0, "1", "2", "-3"]]}]]`,
		"a bucket that is none":       `[[1, {"sum": "1", "buckets": [5]}]]`,
	} {
		require.Error(t, json.Unmarshal([]byte(`{"histograms": `+text+`}`), &one), name)
	}
}

// A process that is scraped with native histograms, beside its classic ones for a while, counts each request once.
func TestNativeHistogramsAreFoundWithoutAnotherSetting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeServer()
		w := newWorld(t, "http://prometheus:9090/prometheus", func(to *client) { to.http.Transport = s })
		const of = `http_server_request_duration_seconds`
		for i := range 16 {
			time.Sleep(15 * time.Second)
			values := map[string]float64{of + `{quantile="0.5"}`: 1}
			if i < 8 {
				values[of+`_bucket{http_response_status_code="200",le="1"}`] = float64(10 * i)
				values[of+`_bucket{http_response_status_code="200",le="+Inf"}`] = float64(15 * i)
				values[of+`_count{http_response_status_code="200"}`] = float64(15 * i)
			}
			s.scrape(time.Now(), "a:80", values)
			s.scrapeNative(time.Now(), "a:80", of+`{http_response_status_code="200"}`, 10*i, 5*i)
			if i > 3 {
				s.scrapeNative(time.Now(), "a:80", of+`{http_response_status_code="500"}`, 0, 0, i-3)
			}
		}
		time.Sleep(10 * time.Second)
		require.Equal(t, map[string][2]int64{"": {15*15 + 12, 12}}, w.requests())
		require.EqualValues(t, 15*15+12, w.timed())
		require.Zero(t, w.lost())
	})
}
