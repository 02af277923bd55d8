package app

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"time"

	"github.com/prometheus/common/model"
	"github.com/spf13/cobra"

	"github.com/shipwake/shipwake/cmd/shipwake/app/client"
	"github.com/shipwake/shipwake/cmd/shipwake/app/export"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/sinks"
)

func newExport() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "export",
		Short:   "Write the record for other programs",
		Long:    "Writes what the daemon knows of the past in the form that another program reads.",
		Example: `  shipwake export openmetrics --since 1y > history.om`,
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newExportOpenMetrics())
	return cmd
}

// exportCommand asks the daemon for its numbers, step by step.
type exportCommand struct {
	asking
	since, step, job string
}

func newExportOpenMetrics() *cobra.Command {
	e := &exportCommand{}
	cmd := &cobra.Command{
		Use:   "openmetrics",
		Short: "Write deployments, failures and incidents of the past as counters for Prometheus",
		Long: `Asks the running daemon what was counted in each step of time, and writes counters with a sample for each step, as
promtool tsdb create-blocks-from openmetrics reads them. What was corrected since is counted as it is known now.`,
		Example: `  shipwake export openmetrics --since 1y > history.om
  promtool tsdb create-blocks-from openmetrics --max-block-duration=240h history.om /var/lib/prometheus`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return e.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), time.Now())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&e.since, "since", "1y", "how far back, e.g. 90d, 1y")
	flags.StringVar(&e.step, "step", "1h", "a sample for each of these, e.g. 1h, 1d; longer makes a smaller file")
	flags.StringVar(&e.job, "job", "shipwake", "the label job of the series, as in the scrape configuration")
	e.addFlags(flags)
	return cmd
}

// options are what the flags ask for, in whole steps up to now.
func (e *exportCommand) options(now time.Time) (export.Options, error) {
	since, err := model.ParseDuration(e.since)
	if err != nil || since == 0 {
		return export.Options{}, fmt.Errorf("--since %s: want a duration such as 90d or 1y", e.since)
	}
	parsed, err := model.ParseDuration(e.step)
	step := time.Duration(parsed)
	if err != nil || step < time.Minute || step > time.Duration(since) {
		return export.Options{}, fmt.Errorf("--step %s: want a duration such as 1h or 1d, at least 1m and at most --since", e.step)
	}
	to := time.Unix(now.Unix()/int64(step.Seconds())*int64(step.Seconds()), 0).UTC()
	return export.Options{From: to.Add(-time.Duration(since) / step * step), To: to, Step: step, Job: e.job}, nil
}

// sayEvery is after how many steps a line says how far it is.
const sayEvery = 1000

func (e *exportCommand) run(ctx context.Context, out, said io.Writer, now time.Time) error {
	o, err := e.options(now)
	if err != nil {
		return err
	}
	daemon, err := e.daemon()
	if err != nil {
		return err
	}
	defer daemon.Close()
	return export.OpenMetrics(ctx, out, answers{daemon}, o, func(steps int) {
		if steps%sayEvery == 0 {
			fmt.Fprintf(said, "%d of %d steps\n", steps, o.Steps())
		}
	})
}

// answers are a daemon as a source of history.
type answers struct{ daemon *client.Client }

func (a answers) DORA(ctx context.Context, q dora.Query) (dora.Report, error) {
	return a.daemon.DORA(ctx, url.Values{"by": {string(q.By)}, "from": {q.From.Format(time.RFC3339Nano)}, "to": {q.To.Format(time.RFC3339Nano)}})
}

func (a answers) Incidents(ctx context.Context, q sinks.IncidentQuery) (all []correlate.IncidentRecord, err error) {
	found, err := a.daemon.Incidents(ctx, url.Values{
		"from": {q.From.Format(time.RFC3339Nano)}, "to": {q.To.Format(time.RFC3339Nano)}, "limit": {strconv.Itoa(q.Limit)},
	})
	for _, i := range found.Incidents {
		all = append(all, i.IncidentRecord)
	}
	return all, err
}
