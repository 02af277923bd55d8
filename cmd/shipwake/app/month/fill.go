package month

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"runtime/debug"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.uber.org/zap"

	"github.com/shipwake/shipwake/collector/host"
	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/collector/source/generic"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/prometheus"
)

// Options say which stretch of time to fill, and with what.
type Options struct {
	Dir   string // of the ledger, which must be empty or not be there
	Seed  uint64
	Until time.Time // the end, which is cut to a whole minute
	Days  int
	// Blocks is where Prometheus' data go; "" for none.
	Blocks string
	// Version is what shipwake_build_info says.
	Version string
	// Passed is told of each day that has passed; it may be nil.
	Passed func(day, days int)
}

// Summary is what came of it.
type Summary struct {
	Services, Deliveries, Series int
	Measurements                 int64
	From, Until                  time.Time
}

const (
	// every is how often the host takes in what was measured and decides: a longer pause is a gap in what was measured.
	every = 30 * time.Second
	// Resolution is three times as coarse as usual, which is a third of the work.
	Resolution = 30 * time.Second
	// garbage is how much may gather before it is collected, in percent of what is in use: it is for a minute.
	garbage = 400
	// name is the source that all deliveries come from.
	name = "generic"
)

// Fill fills a ledger, and blocks for Prometheus. The same options give the same changes, verdicts and samples.
func Fill(ctx context.Context, o Options) (s Summary, err error) {
	until := o.Until.UTC().Truncate(time.Minute)
	from := until.AddDate(0, 0, -o.Days)
	c := &company{plan: newPlan(o.Seed, from, until), now: from, days: o.Days, passed: o.Passed, tally: &correlate.Tally{}}
	defer debug.SetGCPercent(debug.SetGCPercent(garbage))
	if err := c.open(ctx, o); err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, c.host.Shutdown(ctx)) }()
	if err := c.live(ctx); err != nil {
		return s, err
	}
	s = Summary{Services: len(c.plan.services), Deliveries: c.delivered, Measurements: c.measured, From: from, Until: until}
	if c.samples != nil {
		set, err := c.samples.close()
		if err != nil {
			return s, err
		}
		s.Series = set.Len()
		return s, set.Write(o.Blocks, o.Seed)
	}
	return s, nil
}

// company lives through its plan.
type company struct {
	plan    *plan
	now     time.Time
	host    *host.Stepped
	door    source.Configured
	tally   *correlate.Tally
	traffic *traffic
	samples *samples // nil when nobody asks for metrics
	news    *news

	pending         []correlate.Measurement
	fed             int64 // up to when it was measured
	delivered, days int
	measured        int64
	passed          func(day, days int)
	resolution      int64
}

func (c *company) open(ctx context.Context, o Options) (err error) {
	cfg := host.NewFactory(host.Options{}).CreateDefaultConfig().(*host.Config)
	cfg.DataDir = o.Dir
	cfg.Memory.Limit, cfg.Resolution = 1<<30, Resolution
	cfg.Sinks = map[string]map[string]any{prometheus.Name: nil, newsName: nil}
	c.resolution, c.fed = int64(cfg.Resolution/time.Second), c.plan.from.Unix()
	c.news = &news{}
	c.traffic = newTraffic(c.plan, o.Seed, c.resolution)
	if c.door, err = generic.Source().Configure(name, nil); err != nil {
		return err
	}
	c.host, err = host.OpenStepped(ctx, component.TelemetrySettings{Logger: zap.NewNop()}, *cfg, host.Options{
		Sinks: []sinks.Factory{prometheus.Factory(), c.news.factory()}, Tally: c.tally, Version: o.Version,
		Now: func() time.Time { return c.now }, Unsynced: true,
	})
	if err != nil {
		return err
	}
	c.host.Register(name, c.door.Projector())
	c.host.Attach(c)
	if o.Blocks != "" {
		c.samples = newSamples(c.host.Handler(), c.plan.until)
	}
	return nil
}

// live goes through the time, minute by minute.
func (c *company) live(ctx context.Context) error {
	for day, next := 0, c.now; c.now.Before(c.plan.until); {
		c.now = c.now.Add(every)
		if err := c.minute(ctx); err != nil {
			return fmt.Errorf("at %s: %w", c.now.Format(time.RFC3339), err)
		}
		if c.passed != nil && !c.now.Before(next) {
			c.passed(day, c.days)
			day, next = day+1, next.AddDate(0, 0, 1)
		}
	}
	return nil
}

// minute delivers what arrives, measures, and looks at what is decided.
func (c *company) minute(ctx context.Context) error {
	at := c.now
	for len(c.plan.sent) > 0 && c.plan.sent[0].at.Before(at) {
		if err := c.deliver(ctx, c.plan.sent[0]); err != nil {
			return err
		}
		c.plan.sent = c.plan.sent[1:]
	}
	c.now = at
	c.measure(at)
	if err := c.host.Step(ctx); err != nil {
		return err
	}
	if c.samples == nil || !c.news.heard() && !c.samples.due(at) {
		return nil
	}
	return c.samples.scrape(at)
}

// deliver hands over one delivery as a receiver does.
func (c *company) deliver(ctx context.Context, s sent) error {
	body := []byte(s.text)
	if s.text == "" {
		var err error
		if body, err = json.Marshal(s.fact); err != nil {
			return err
		}
	}
	c.now = s.at
	items, err := c.door.Read(source.Request{
		Header: http.Header{"Content-Type": {"application/json"}}, Body: body, ReceivedAt: s.at,
	})
	if err != nil {
		return err
	}
	receipt, err := c.host.Commit(ctx, source.Entries(items), nil)
	c.delivered += receipt.Accepted
	c.tally.Add(correlate.Count{What: "deliveries", Source: name, Result: "accepted"}, 1)
	return err
}

// measure makes the measurements of the buckets that are over.
func (c *company) measure(at time.Time) {
	for ; c.fed+2*c.resolution <= at.Unix(); c.fed += c.resolution {
		c.pending = append(c.pending, c.traffic.bucket(c.fed)...)
	}
}

// Drain implements host.Measurer.
func (c *company) Drain() []correlate.Measurement {
	drained := c.pending
	c.pending = nil
	c.measured += int64(len(drained))
	c.tally.Add(correlate.Count{What: "telemetry", Source: "metrics", Result: "accepted"}, int64(len(drained)))
	return drained
}

// Newest implements host.Measurer.
func (c *company) Newest() int64 { return (c.fed + c.resolution) * int64(time.Second) }

// Use implements host.Measurer.
func (c *company) Use() []correlate.Use { return nil }

// Data is where the ledger is in a directory, and Metrics where Prometheus' data are.
func Data(dir string) string    { return filepath.Join(dir, "data") }
func Metrics(dir string) string { return filepath.Join(dir, "prometheus") }
