package remotewrite

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"

	"github.com/shipwake/shipwake/collector/prometheus/promtest"
)

// TestARealPrometheusPushesExactly: what the shop counted and what the cells come to is the same number, through a first error,
// a restart and an outage.
func TestARealPrometheusPushesExactly(t *testing.T) {
	s := promtest.NewShop("v1")
	s.Serve("200", 1000)
	w := newWorld(t, func(c *Config) { c.Hold = 2 * time.Second })
	require.NoError(t, w.Start(t.Context(), componenttest.NewNopHost()))
	defer func() { require.NoError(t, w.Shutdown(t.Context())) }()
	promtest.Start(t, fmt.Sprintf("remote_write: [{url: 'http://%s%s', queue_config: {batch_send_deadline: 500ms}}]\n", w.addr, path), s)
	live := func() bool {
		w.held.mu.Lock()
		defer w.held.mu.Unlock()
		n, newest := w.held.reader.Live(0)
		return n == 1 && len(w.held.arrived) > 0 && newest > 0
	}
	require.Eventually(t, live, 30*time.Second, 20*time.Millisecond)
	expect := func(want [2]int64) {
		t.Helper()
		require.Eventually(t, func() bool { return w.requests() == want }, 30*time.Second, 20*time.Millisecond, "want %v", want)
	}
	s.Serve("200", 300)
	s.Serve("500", 7)
	expect([2]int64{307, 7})
	s.SetDown(true)
	s.Serve("200", 20)
	s.SetDown(false)
	expect([2]int64{327, 7})
	s.Deploy("v2")
	s.Serve("200", 50)
	expect([2]int64{377, 7})
	require.Zero(t, w.lost())
}

// TestARealPrometheusPushesNativeHistogramsExactly, a first error among them.
func TestARealPrometheusPushesNativeHistogramsExactly(t *testing.T) {
	s := promtest.NewNativeShop()
	s.Serve("200", 1000)
	w := newWorld(t, func(c *Config) { c.Hold = 2 * time.Second })
	require.NoError(t, w.Start(t.Context(), componenttest.NewNopHost()))
	defer func() { require.NoError(t, w.Shutdown(t.Context())) }()
	promtest.Start(t, fmt.Sprintf("remote_write: [{url: 'http://%s%s', send_native_histograms: true, queue_config: {batch_send_deadline: 500ms}}]\n",
		w.addr, path), s)
	require.Eventually(t, func() bool {
		w.held.mu.Lock()
		defer w.held.mu.Unlock()
		n, _ := w.held.reader.Live(0)
		return n == 1 && len(w.held.arrived) > 0
	}, 30*time.Second, 20*time.Millisecond)
	s.Serve("200", 300)
	s.Serve("500", 7)
	require.Eventually(t, func() bool { return w.requests() == [2]int64{307, 7} }, 30*time.Second, 20*time.Millisecond)
	require.Zero(t, w.lost())
}
