package app

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/prometheus/promtest"
)

// asksPrometheus makes a daemon ask a Prometheus instead of taking OTLP.
func (p *process) asksPrometheus(endpoint string, more ...string) {
	p.t.Helper()
	file := filepath.Join(p.t.TempDir(), "prometheus.yaml")
	require.NoError(p.t, os.WriteFile(file, []byte(fmt.Sprintf(`receivers:
  telemetry_prometheus:
    servers: [{endpoint: %q, poll: 1s, delay: 1s, environment: production%s}]
service:
  pipelines:
    metrics: {receivers: [telemetry_prometheus]}
`, endpoint, strings.Join(more, ""))), 0o600))
	p.more = append(p.more, "--config", file)
}

// shopping is requests to two processes of a service, of which one may fail some.
type shopping struct {
	stays, changes *promtest.Shop
	bad            atomic.Int64 // of each 25 requests to the one that changes
}

func newShopping(version string) *shopping {
	s := &shopping{stays: promtest.NewShop(version), changes: promtest.NewShop(version)}
	s.stays.Serve("200", 1000)
	s.changes.Serve("200", 1000)
	return s
}

// run serves requests four times a second until the context ends.
func (s *shopping) run(ctx context.Context) (stopped <-chan struct{}) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			bad := int(s.bad.Load())
			s.stays.Serve("200", 25)
			s.changes.Serve("200", 25-bad)
			s.changes.Serve("500", bad)
			select {
			case <-ctx.Done():
				return
			case <-time.After(250 * time.Millisecond):
			}
		}
	}()
	return done
}

// TestPrometheusAloneConvictsABadDeploy: nobody sends OTLP. One of two processes is replaced by one that fails.
func TestPrometheusAloneConvictsABadDeploy(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		before, after string // the versions that they tell
		want          string
	}{
		"processes that tell their versions are compared side by side":      {"v1", "v2", "(grade A)"},
		"processes that tell none are of what was deployed when they began": {"", "", "(grade A)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop := newShopping(test.before)
			p := newProcess(t)
			p.asksPrometheus(promtest.Start(t, "", shop.stays, shop.changes))
			p.start()
			ctx, stop := context.WithCancel(t.Context())
			stopped := shop.run(ctx)
			defer func() { stop(); <-stopped }()
			status, _ := p.post(strings.Replace(change("shop-0", "v1", time.Now().Add(-2*time.Hour)), "checkout", "shop", 1))
			require.Equal(t, http.StatusAccepted, status)
			time.Sleep(10 * time.Second) // a time before the change: telemetry is judged by the clock of the real world

			status, _ = p.post(strings.Replace(change("shop-1", "v2", time.Now()), "checkout", "shop", 1))
			require.Equal(t, http.StatusAccepted, status)
			shop.changes.Deploy(test.after)
			time.Sleep(5 * time.Second) // both versions are known to serve before one fails
			shop.bad.Store(10)
			code, stdout, stderr := shipwake(t, "verdict", "shop-1", "--wait", "2m", "--api", "http://"+p.w)
			require.Equal(t, exitRegressed, code, "%s%s\n%s", stdout, stderr, p.said())
			require.Contains(t, stdout, "shop v2 in production: REGRESSED")
			require.Contains(t, stdout, test.want)
		})
	}
}

// TestPrometheusHistoryIsThereAtTheFirstChange: the first change ever replaces the only process at once, so that there is
// nothing to compare with side by side. With the week that the Prometheus kept it is compared with earlier days.
func TestPrometheusHistoryIsThereAtTheFirstChange(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ more, want string }{
		"a week is read": {"", "(grade C)"},
		"none of it is":  {", history: 0s", "(grade D)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			now := time.Now().Truncate(time.Minute)
			promtest.Blocks(t, dir, promtest.Days{From: now.Add(-8 * 24 * time.Hour), To: now.Add(-5 * time.Minute), Rate: 100})
			shop := promtest.NewShop("v1")
			p := newProcess(t)
			p.usual = true
			p.asksPrometheus(promtest.StartWith(t, dir, "", shop), test.more)
			p.start()
			ctx, stop := context.WithCancel(t.Context())
			s := &shopping{stays: shop, changes: shop}
			stopped := s.run(ctx)
			defer func() { stop(); <-stopped }()
			time.Sleep(30 * time.Second) // a time before the change: telemetry is judged by the clock of the real world
			status, _ := p.post(strings.Replace(change("shop-1", "v2", time.Now()), "checkout", "shop", 1))
			require.Equal(t, http.StatusAccepted, status)
			shop.Deploy("v2")
			s.bad.Store(20)
			code, stdout, stderr := shipwake(t, "verdict", "shop-1", "--wait", "3m", "--api", "http://"+p.w)
			require.Equal(t, exitRegressed, code, "%s%s\n%s", stdout, stderr, p.said())
			require.Contains(t, stdout, test.want)
		})
	}
}

// TestPrometheusCheckOfARealOne: what the command says of it.
func TestPrometheusCheckOfARealOne(t *testing.T) {
	t.Parallel()
	shop := newShopping("v1")
	endpoint := promtest.Start(t, "", shop.stays, shop.changes)
	var stdout string
	require.Eventually(t, func() bool {
		_, stdout, _ = shipwake(t, "prometheus", "check", endpoint, "--environment", "production")
		return regexp.MustCompile(`(?s)^Prometheus .* answer: 2, scraped every 1.*\nshop +production +http +2 +4 +v1\n`).MatchString(stdout)
	}, 30*time.Second, 200*time.Millisecond, "%s", stdout)
}
