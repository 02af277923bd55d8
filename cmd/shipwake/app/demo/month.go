package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/shipwake/shipwake/cmd/shipwake/app/month"
)

// MonthOptions say how to show a company's month.
type MonthOptions struct {
	Options
	Dir     string // new, or empty; "": a temporary one, which is removed at the end
	Seed    uint64
	Until   time.Time
	Days    int
	Version string
}

// Month fills a ledger and Prometheus' data with a made-up company's month and, unless Exit is set, runs the daemon on the
// ledger until ctx ends.
func Month(ctx context.Context, o MonthOptions) (err error) {
	if o.Dir == "" {
		if o.Dir, err = os.MkdirTemp("", "shipwake-month-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(o.Dir)) }()
	}
	if found, err := os.ReadDir(month.Data(o.Dir)); err == nil && len(found) > 0 {
		return fmt.Errorf("%s: there is a ledger already: choose a directory without one", month.Data(o.Dir))
	}
	began := time.Now()
	s, err := month.Fill(ctx, month.Options{
		Dir: month.Data(o.Dir), Blocks: month.Metrics(o.Dir), Seed: o.Seed, Until: o.Until, Days: o.Days, Version: o.Version,
		Passed: o.passed,
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(o.Out, "%d services told %d things and %d measurements from %s to %s, in %s\n", s.Services, s.Deliveries,
		s.Measurements, s.From.Format(time.DateOnly), s.Until.Format(time.DateOnly), time.Since(began).Round(time.Second))
	fmt.Fprintf(o.Out, "  ledger      %s\n  Prometheus  %s, %d series\n", month.Data(o.Dir), month.Metrics(o.Dir), s.Series)
	if o.Exit {
		return nil
	}
	return o.serve(ctx)
}

// passed draws how far it is, on a screen.
func (o MonthOptions) passed(day, days int) {
	if o.Terminal {
		fmt.Fprintf(o.Out, "\r%s%s day %d of %d\r", strings.Repeat("█", day), strings.Repeat("░", max(0, days-day)), day, days)
	}
}

// serve runs the daemon on the ledger.
func (o MonthOptions) serve(ctx context.Context) (err error) {
	p, err := freePorts()
	if err != nil {
		return err
	}
	client := &http.Client{Timeout: 10 * time.Second}
	defer client.CloseIdleConnections()
	log := filepath.Join(o.Dir, "daemon.log")
	sets := append(p.sets(newSecrets(), log),
		"extensions.correlate.resolution="+month.Resolution.String(),
		"extensions.correlate.readers.bearer_tokens=[]", "extensions.correlate.readers.basic_auth=[]", "service.telemetry.logs.level=warn")
	daemon := inBackground(func(ctx context.Context) error { return o.Daemon(ctx, sets, month.Data(o.Dir)) })
	defer func() { err = errors.Join(err, daemon.end()) }()
	if err := daemon.ready(ctx, client, p.web); err != nil {
		d := &demo{Options: o.Options}
		return errors.Join(err, d.show(log))
	}
	config := filepath.Join(o.Dir, "prometheus.yaml")
	if err := os.WriteFile(config, []byte(scrapeConfig(p)), 0o600); err != nil {
		return err
	}
	o.openings(p, config)
	<-ctx.Done()
	return nil
}

// scrapeConfig has Prometheus go on where the month ends.
func scrapeConfig(p ports) string {
	return fmt.Sprintf("global: {scrape_interval: 1m}\nscrape_configs:\n  - job_name: shipwake\n    static_configs: [{targets: [%q]}]\n", p.web)
}

// openings says where to look.
func (o MonthOptions) openings(p ports, config string) {
	fmt.Fprintf(o.Out, `
The daemon runs on that ledger; nothing deploys any more and nothing is measured. Look at http://%[1]s/changes
  /dora                        the numbers, each with the changes behind it; /incidents and /daemon beside it
  /api/v1/changes?since=24h    the changes of the last day, with their evidence
  shipwake changes --api http://%[1]s --since 24h
  shipwake dora --api http://%[1]s --since 30d --by team
The dashboards of dashboards/grafana, in any Grafana, over
  prometheus --config.file=%[2]s --storage.tsdb.path=%[3]s --storage.tsdb.retention.time=1y
Webhooks go to http://%[4]s/hooks/, telemetry to %[5]s.
Ctrl-C ends it.
`, p.web, config, month.Metrics(o.Dir), p.hooks, p.grpc)
}
