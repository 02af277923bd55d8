package host

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/engine"
	"github.com/shipwake/shipwake/correlate/ledger/sqlite"
	"github.com/shipwake/shipwake/sinks"
)

// daemon is a host without its listeners, whose time is the test's.
type daemon struct {
	t   *testing.T
	dir string
	now time.Time
	h   *Host
	l   *loop
	end func()
}

// startDaemon starts on a directory as Host.Start does.
func startDaemon(t *testing.T, dir string, now time.Time) *daemon {
	t.Helper()
	return startOn(t, sqlite.Options{Dir: dir}, now, looksAtOnce)
}

// startOn is startDaemon with options of the ledger, and a bound on the looks of a tick.
func startOn(t *testing.T, o sqlite.Options, now time.Time, looks int) *daemon {
	t.Helper()
	dir := o.Dir
	cfg := *createDefaultConfig().(*Config)
	cfg.DataDir, cfg.DiskReserve = dir, 0
	cfg.Window.Baseline, cfg.Window.Watch, cfg.Window.MinHealthy = 15*time.Minute, 15*time.Minute, 5*time.Minute
	require.NoError(t, cfg.Validate())
	l, err := sqlite.Open(t.Context(), o)
	require.NoError(t, err)
	h := newHost(componenttest.NewNopTelemetrySettings(), cfg, Options{})
	of := cfg.engineConfig()
	of.LooksAtOnce = looks
	h.keepIn(l)
	h.engine = engine.New(of)
	require.NoError(t, h.openArchive(of))
	require.NoError(t, restore(t.Context(), h.engine, l, of, now))
	h.outbox = newOutbox(h)
	h.judge.Pause = func(time.Duration) {}
	loop := newLoop(h)
	loop.atOnce, loop.since = factsAtOnce, func(time.Time) time.Duration { return batchMost / 2 }
	return &daemon{t: t, dir: dir, now: now, h: h, l: loop, end: func() { require.NoError(t, l.Close()) }}
}

// restart stops the daemon and starts it again after some time.
func (d *daemon) restart(after time.Duration) {
	d.end()
	*d = *startDaemon(d.t, d.dir, d.now.Add(after))
}

// live lives through a stretch of time in steps of a bucket.
func (d *daemon) live(from, to time.Time, world func(start time.Time) []correlate.Measurement) {
	for d.now = from; d.now.Before(to); {
		cells := world(d.now)
		d.now = d.now.Add(10 * time.Second)
		d.h.measured = []Measurer{meter(cells)}
		d.l.tick(d.now)
		if d.now.Unix()%600 == 0 {
			d.catchUp()
		}
	}
}

// catchUp archives what is complete.
func (d *daemon) catchUp() {
	is := d.h.status.Load()
	d.h.late.CatchUp(d.t.Context(), is.Now, is.Watermark)
}

// tell has the daemon told of a change.
func (d *daemon) tell(c correlate.Change) {
	_, _, err := d.h.ledger.Append(d.t.Context(), []correlate.Entry{{
		Raw:        correlate.Raw{Source: "generic", ID: c.ID, ReceivedAt: d.now, Body: []byte("{}")},
		Projection: correlate.Projection{Digest: "1", Facts: []correlate.Fact{{Change: &c}}},
	}}, nil)
	require.NoError(d.t, err)
	d.l.facts()
}

// judge does what the two goroutines for late changes do, with the loop at hand.
func (d *daemon) judge(ctx context.Context) error {
	d.catchUp()
	done := make(chan error, 1)
	go func() {
		waits, err := d.h.judge.Work(ctx)
		if waits {
			err = errors.New("it waits")
		}
		done <- err
	}()
	for {
		select {
		case f := <-d.h.found:
			f.done <- d.l.driver.Rejudged(f.of)
		case err := <-done:
			return err
		}
	}
}

func (d *daemon) change(id string) (correlate.ChangeRecord, []correlate.Verdict) {
	c, revisions, err := d.h.ledger.Change(d.t.Context(), id)
	require.NoError(d.t, err)
	for i := range revisions {
		v := &revisions[i]
		v.Revision, v.Supersedes, v.Reopened, v.ReopenedBy = 0, 0, "", ""
	}
	return c, revisions
}

// lastDays is when the stories about late changes begin.
var lastDays = time.Now().UTC().Truncate(time.Hour).AddDate(0, 0, -4)

// rollout is when the change of a story began, and its window is over half an hour later.
var (
	rollout = lastDays.Add(40 * time.Minute)
	over    = rollout.Add(30 * time.Minute)
)

// serving is a service with 200 requests a second that fail in some share, its new version from the rollout on in a share of
// its own, and another service that goes on as it was.
func serving(failing, failingNew int64) func(time.Time) []correlate.Measurement {
	return func(start time.Time) (cells []correlate.Measurement) {
		add := func(service, version string, requests, failed int64) {
			c := correlate.Cell{Start: start.Unix(), Requests: requests, Errors: requests * failed / 1000}
			c.Latency.Add(180, requests/2)
			c.Latency.Add(188, requests-requests/2)
			cells = append(cells, correlate.Measurement{Cell: c, Key: correlate.Key{
				Service: service, Environment: "production", Version: version, Kind: correlate.Traffic, Origin: correlate.OriginSpan,
			}})
		}
		add("cart", "v7", 2000, 5)
		if start.Before(rollout) {
			add("shop", "v1", 2000, failing)
			return cells
		}
		add("shop", "v1", 1000, failing)
		add("shop", "v2", 1000, failingNew)
		return cells
	}
}

// TestAChangeToldTwoDaysLateGetsTheSameVerdict: the same case is told in time and told two days late, after a restart, the
// first time with another one in the middle. Verdicts, estimates, reasons and the digest of what they were found by are the
// same, to the byte.
func TestAChangeToldTwoDaysLateGetsTheSameVerdict(t *testing.T) {
	change := correlate.Change{
		ID: "c1", Service: "shop", Environment: "production", Version: "v2", Source: "generic", Kind: correlate.KindDeployment,
		Status: correlate.StatusSucceeded, StartedAt: rollout, FinishedAt: rollout.Add(time.Minute),
	}
	for name, c := range map[string]struct {
		world       func(time.Time) []correlate.Measurement
		outcome     correlate.Outcome
		interrupted bool
	}{
		"one that hurt":        {serving(5, 100), correlate.Regressed, true},
		"one that did no harm": {serving(10, 10), correlate.Healthy, false},
	} {
		t.Run(name, func(t *testing.T) {
			prompt := startDaemon(t, t.TempDir(), lastDays)
			prompt.live(lastDays, rollout.Add(10*time.Second), c.world)
			prompt.tell(change)
			prompt.live(prompt.now, over, c.world)
			want, verdicts := prompt.change("c1")
			prompt.end()
			require.Equal(t, c.outcome, want.Verdict.Outcome)
			require.True(t, want.Verdict.Final)

			tardy := startDaemon(t, t.TempDir(), lastDays)
			tardy.live(lastDays, over.Add(time.Minute), c.world)
			tardy.restart(48 * time.Hour)
			tardy.live(tardy.now, tardy.now.Add(2*time.Minute), c.world)
			tardy.tell(change)
			got, _ := tardy.change("c1")
			require.True(t, got.Rejudging)
			if c.interrupted {
				ctx, cancel := context.WithCancel(t.Context())
				steps := 0
				tardy.h.judge.Pause = func(time.Duration) {
					if steps++; steps == 100 {
						cancel()
					}
				}
				require.ErrorIs(t, tardy.judge(ctx), context.Canceled)
				tardy.restart(time.Minute)
			}
			require.NoError(t, tardy.judge(t.Context()))
			got, late := tardy.change("c1")
			require.Equal(t, correlate.PhaseClosed, got.Phase)
			require.False(t, got.Rejudging)
			require.Equal(t, verdicts, late)

			before := tardy.h.ledger.Health().Commits
			require.NoError(t, tardy.judge(t.Context()))
			require.Equal(t, before, tardy.h.ledger.Health().Commits, "it is done once")
			tardy.restart(time.Minute)
			require.NoError(t, tardy.judge(t.Context()))
			_, again := tardy.change("c1")
			require.Equal(t, late, again)
			tardy.end()
		})
	}
}

// TestAChangeWhoseTimeIsNotOnDiskIsHistory: nothing hangs, nothing is made up.
func TestAChangeWhoseTimeIsNotOnDiskIsHistory(t *testing.T) {
	for name, damage := range map[string]func(dir string) error{
		"removed": func(dir string) error { return os.RemoveAll(dir) },
		"damaged": func(dir string) error {
			files, err := filepath.Glob(filepath.Join(dir, "*.cells"))
			for _, f := range files {
				err = errors.Join(err, os.WriteFile(f, []byte("SWCA of another time"), 0o600))
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := startDaemon(t, t.TempDir(), lastDays)
			d.live(lastDays, over.Add(time.Hour), serving(5, 100))
			require.Positive(t, d.h.status.Load().Archive.Limit)
			require.NoError(t, damage(filepath.Join(d.dir, archiveDir)))
			d.tell(correlate.Change{
				ID: "c1", Service: "shop", Environment: "production", Version: "v2", Source: "generic", Status: correlate.StatusSucceeded,
				StartedAt: rollout, FinishedAt: rollout.Add(time.Minute),
			})
			c, _ := d.change("c1")
			require.True(t, c.Rejudging)
			require.NoError(t, d.judge(t.Context()))
			c, verdicts := d.change("c1")
			require.Equal(t, correlate.PhaseHistory, c.Phase)
			require.False(t, c.Rejudging)
			require.Empty(t, verdicts)
			d.end()
		})
	}
}

func TestTheArchiveCanBeTurnedOff(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	require.NoError(t, cfg.Validate())
	require.EqualValues(t, 7*24*3600, cfg.engineConfig().LateReach)
	cfg.Archive.Keep = 0
	require.NoError(t, cfg.Validate())
	require.Zero(t, cfg.engineConfig().LateReach)
	h := newHost(componenttest.NewNopTelemetrySettings(), *cfg, Options{DataDir: t.TempDir()})
	require.NoError(t, h.openArchive(cfg.engineConfig()))
	require.Nil(t, h.late)
	require.Equal(t, sinks.Archive{}, h.archived())
	h.archive(t.Context())
	h.judgeLate(t.Context())
	h.marked([]correlate.Effect{{Change: &correlate.ChangeRecord{Rejudging: true}}})
	now := time.Unix(2_000_000_000, 0)
	_, coarse := h.needed(now, cfg.engineConfig())
	require.Equal(t, now.Add(-8*24*time.Hour), coarse)
}

func TestArchiveConfig(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*ArchiveConfig)
		want string
	}{
		"a negative time":   {func(c *ArchiveConfig) { c.Keep = -time.Second }, "archive::keep: -1s: must be whole seconds"},
		"parts of a second": {func(c *ArchiveConfig) { c.Keep = 1500 * time.Millisecond }, "archive::keep: 1.5s: must be whole seconds"},
		"no room at all":    {func(c *ArchiveConfig) { c.Limit = 0 }, "archive::limit: 0B: must be at least 1MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := createDefaultConfig().(*Config)
			c.edit(&cfg.Archive)
			require.ErrorContains(t, cfg.Validate(), c.want)
		})
	}
}
