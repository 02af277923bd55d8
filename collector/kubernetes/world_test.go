package kubernetes

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/goleak"

	"github.com/shipwake/shipwake/collector/following"
	"github.com/shipwake/shipwake/collector/source/kubernetes"
	"github.com/shipwake/shipwake/collector/source/sourcetest"
	"github.com/shipwake/shipwake/correlate"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a cluster and a ledger, in virtual time.
type world struct {
	t      *testing.T
	server *server
	ledger *sourcetest.Intake
	tally  correlate.Tally
	config *Config
	began  time.Time
}

// newWorld must be made inside a synctest bubble.
func newWorld(t *testing.T) *world {
	return &world{t: t, server: newServer(), ledger: &sourcetest.Intake{}, config: &Config{source: kubernetes.Source()}, began: time.Now()}
}

// start runs a receiver until the test ends, or until it is stopped.
func (w *world) start() *watching {
	require.NoError(w.t, w.config.Validate())
	settings := receivertest.NewNopSettings(Type)
	settings.ID = component.NewID(Type)
	r := newWatching(settings, w.config, &w.tally)
	r.connect = func(*Config) (api, error) { return api{&http.Client{Transport: w.server}, "http://cluster"}, nil }
	require.NoError(w.t, r.Start(w.t.Context(), sourcetest.Host{component.MustNewID("correlate"): w.ledger}))
	w.t.Cleanup(func() { _ = r.Shutdown(context.Background()) })
	time.Sleep(time.Second)
	return r
}

func (w *world) stop(r *watching) { require.NoError(w.t, r.Shutdown(w.t.Context())) }

// newTracker is one without a cluster.
func newTracker(t testing.TB) *tracker {
	c, err := kubernetes.Source().Configure("kubernetes", nil)
	require.NoError(t, err)
	return &tracker{
		source: c, intake: &sourcetest.Intake{}, count: following.Counter{Tally: &correlate.Tally{}, Source: "kubernetes"}, namespace: noLabels, turn: make(chan struct{}, 1),
		revisions: func(context.Context, kind, object) (history, error) { return nil, nil },
	}
}

// told is what was reported, a line each: how far, what, of which service, at which version, when, in minutes and seconds
// since the world began.
func (w *world) told() []string {
	lines := []string{}
	for _, e := range w.ledger.Entries() {
		require.Empty(w.t, e.Problem)
		require.NotContains(w.t, string(e.Body), "canary", "what may be secret isn't kept")
		for _, f := range e.Facts {
			c := f.Change
			line := fmt.Sprintf("%s %s %s %s<-%s %s", c.Status, c.Kind, c.Service, c.Version, c.PreviousVersion, w.clock(c.StartedAt))
			if !c.FinishedAt.IsZero() {
				line += "-" + w.clock(c.FinishedAt)
			}
			if reason := c.Labels["reason"]; reason != "" {
				line += " " + reason
			}
			lines = append(lines, line)
		}
	}
	return lines
}

func (w *world) clock(t time.Time) string {
	d := t.Sub(w.began)
	return fmt.Sprintf("%d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}

func (w *world) count(result following.Result) int64 {
	for _, v := range w.tally.Values() {
		if v.Count == result.Of("kubernetes") {
			return v.Value
		}
	}
	return -1
}

// shop is a Deployment at v1 that was there before.
func (w *world) shop() *workload {
	d := w.server.create("Deployment", "shop", "checkout", template("checkout=registry.example.com/checkout:v1", "proxy=proxy:1"))
	time.Sleep(time.Hour * 3)
	w.began = time.Now()
	return d
}

func trim(text string) []string {
	lines := []string{}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}
