package prometheus

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"

	"github.com/shipwake/shipwake/collector/prometheus/promtest"
)

func TestWhatHappenedWhileTheDaemonWasAwayIsRead(t *testing.T) {
	for name, c := range map[string]struct {
		away     time.Duration
		forgets  bool
		requests int64 // that are counted of ten before each scrape while it is away, and of ten after that
	}{
		"for a restart":             {time.Minute, false, 40 + 10},
		"as long as a server may":   {9 * time.Minute, false, 360 + 10},
		"longer than that":          {15 * time.Minute, false, 10},
		"and nobody had remembered": {time.Minute, true, 10},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, m := &scraped{fakeServer: newFakeServer()}, newRememberer()
				begin := func() *world {
					return newWorldBeside(t, map[string]component.Component{"correlate": m}, map[string]any{
						"endpoint": "http://prometheus:9090/prometheus", "poll": "5s", "delay": "1s", "history": "0s", "environment": "production",
					}, func(to *client) { to.http.Transport = s })
				}
				s.pass(2*time.Minute, 10, 0)
				time.Sleep(5 * time.Second)
				before := begin()
				s.pass(time.Minute, 10, 0)
				time.Sleep(10 * time.Second)
				require.NoError(t, before.asking.Shutdown(context.Background()))
				require.EqualValues(t, 40, before.requests()[""][0])
				if c.forgets {
					clear(m.cursors)
				}
				s.pass(c.away, 10, 0)
				time.Sleep(5 * time.Second)
				after := begin()
				s.pass(time.Minute, 0, 0)
				s.pass(15*time.Second, 10, 0)
				time.Sleep(10 * time.Second)
				require.EqualValues(t, c.requests, after.requests()[""][0])
				require.Zero(t, after.lost())
			})
		})
	}
}

func TestWhatIsKeptOfAServerMustBeATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := &scraped{fakeServer: newFakeServer()}, newRememberer()
		m.cursors["telemetry_prometheus/read/http://prometheus:9090/prometheus"] = []byte("noon")
		w := newWorldBeside(t, map[string]component.Component{"correlate": m}, map[string]any{
			"endpoint": "http://prometheus:9090/prometheus", "poll": "5s", "history": "0s",
		}, func(to *client) { to.http.Transport = s })
		s.pass(time.Minute, 10, 0)
		server := w.asking.servers[0]
		require.NoError(t, w.asking.Shutdown(context.Background()))
		require.ErrorContains(t, server.goOn(t.Context()), "what was kept of telemetry_prometheus/read/http://prometheus:9090/prometheus must be a time in milliseconds")
		require.Zero(t, server.steps.Load())
	})
}

// TestARestartLosesNothingOfARealPrometheus: a version that came and went while the daemon was away is counted as by one that
// was there.
func TestARestartLosesNothingOfARealPrometheus(t *testing.T) {
	s, m := promtest.NewShop("v1"), newRememberer()
	s.Serve("200", 1000)
	settings := map[string]any{
		"endpoint": promtest.Start(t, "", s), "poll": "1s", "delay": "1s", "environment": "production", "history": "0s",
	}
	witness := newWorldWith(t, settings)
	begin := func() *world { return newWorldBeside(t, map[string]component.Component{"correlate": m}, settings) }
	before := begin()
	before.waitFor(func() bool { return before.live() == 1 && witness.live() == 1 })
	before.settle()
	s.Serve("200", 300)
	before.expect(map[string][2]int64{"v1": {300, 0}})
	require.NoError(t, before.asking.Shutdown(context.Background()))

	s.Serve("200", 40)
	s.Serve("500", 3)
	witness.expect(map[string][2]int64{"v1": {343, 3}})
	s.Deploy("v2")
	s.Serve("200", 50)
	witness.expect(map[string][2]int64{"v1": {343, 3}, "v2": {50, 0}})

	after := begin()
	after.expect(map[string][2]int64{"v1": {43, 3}, "v2": {50, 0}})
	s.Serve("200", 7)
	after.expect(map[string][2]int64{"v1": {43, 3}, "v2": {57, 0}})
	require.Zero(t, after.lost())
}
