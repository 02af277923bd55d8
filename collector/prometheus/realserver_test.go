package prometheus

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/prometheus/promtest"
	"github.com/shipwake/shipwake/correlate"
)

// TestARealPrometheusIsReadExactly: what the shop counted and what the cells come to is the same number, through a first
// error, a restart with a version of its own and an outage, whatever was counted before the receiver was there.
func TestARealPrometheusIsReadExactly(t *testing.T) {
	s := promtest.NewShop("v1")
	s.Serve("200", 1000)
	w := newWorldWith(t, map[string]any{
		"endpoint": promtest.Start(t, "", s), "poll": "1s", "delay": "1s", "environment": "production",
	})
	w.waitFor(func() bool { return w.live() == 1 })
	w.settle()
	require.Empty(t, w.requests(), "what was counted before isn't known to be of now")

	s.Serve("200", 300)
	s.Serve("500", 7) // there was no such series
	w.expect(map[string][2]int64{"v1": {307, 7}})

	s.Deploy("v2")
	s.Serve("200", 50)
	w.expect(map[string][2]int64{"v1": {307, 7}, "v2": {50, 0}})

	s.SetDown(true)
	s.Serve("200", 20)
	w.settle()
	s.SetDown(false)
	w.expect(map[string][2]int64{"v1": {307, 7}, "v2": {70, 0}})
	require.EqualValues(t, 377, w.timed(), "each has its duration")
	require.Zero(t, w.lost())
	missed := w.tally.TakeMissed(1)
	require.NotEmpty(t, missed, "it didn't answer, and went on as the same process")
	for _, m := range missed {
		require.Equal(t, correlate.Place{Service: "shop", Environment: "production"}, correlate.Place{Service: m.Service, Environment: m.Environment})
	}
}

// TestTheNativeHistogramsOfARealPrometheusAreReadExactly: they are found without another setting.
func TestTheNativeHistogramsOfARealPrometheusAreReadExactly(t *testing.T) {
	s := promtest.NewNativeShop()
	s.Serve("200", 1000)
	w := newWorldWith(t, map[string]any{
		"endpoint": promtest.Start(t, "", s), "poll": "1s", "delay": "1s", "environment": "production",
	})
	w.waitFor(func() bool { return w.live() == 1 })
	w.settle()
	require.Empty(t, w.requests(), "what was counted before isn't known to be of now")
	s.Serve("200", 300)
	s.Serve("500", 7) // there was no such series
	w.expect(map[string][2]int64{"": {307, 7}})
	require.EqualValues(t, 307, w.timed(), "each has its duration")
	require.Zero(t, w.lost())
	native, classic := correlate.BinIndex(30_000_000), correlate.BinIndex(22_360_680) // the middle of the bucket from 10 to 50 ms
	require.Greater(t, native-classic, int16(1), "they can be told apart")
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range w.cells {
		for _, b := range m.Latency {
			require.InDelta(t, native, b.Index, 1, "by its native buckets; a Prometheus from 3.8 on needs scrape_native_histograms")
		}
	}
}
