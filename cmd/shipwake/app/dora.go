package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/shipwake/shipwake/cmd/shipwake/app/doratable"
	"github.com/shipwake/shipwake/cmd/shipwake/app/screen"
	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/correlate/words"
)

// doraCommand asks for the DORA numbers.
type doraCommand struct {
	asking
	output, asOf, by, policy, series string
	window                           window
	scope                            scope
}

func newDORA() *cobra.Command {
	d := &doraCommand{window: window{standard: standardSince}}
	cmd := &cobra.Command{
		Use:   "dora",
		Short: "Print the DORA numbers",
		Long: `Asks the running daemon for the DORA numbers of a stretch of time: the last 30 days (with --series 30 days, 12 weeks, 12 months
or 8 quarters), unless --since or --from says otherwise.

Every number comes with what it was counted from, a rate with its 95 % interval (Wilson). "–" means that there is no data,
which is not zero. A rate of fewer than five is "1 of 1" and no percentage.

With --series each number is told by day, ISO week, month or quarter of --zone as well, and a line of signs shows how it
moved. Numbers are compared with their own past; there is no band and no score.

With --policy they are counted as another tool counts: devlake, middleware, ratio (incidents per deployment, as Pelorus,
Faros and GitLab do), or fourkeys. The numbers always name the policy that counted them, with its version.

With --as-of the numbers are those that the same question got at that time. "shipwake dora restatements" says which
numbers became others after they were published, and why.

A time is a date (its first instant in --zone), an RFC 3339 time, or one before now, as -30d. A duration is a number with y,
w, d, h, m or s: 30d, 2w, 1y, 36h.

The exit code is 0 when there is an answer, 3 when the daemon knows nothing of a service, an environment or a team that
was asked for (it says which it knows), or doesn't answer, and 1 otherwise.`,
		Example: `  shipwake dora --since 30d --by team
  shipwake dora --from 2026-01-01 --to 2026-07-01 --series month
  shipwake dora --since 1y --series quarter --zone Europe/Berlin --output csv
  shipwake dora --since 90d --service checkout --output json
  shipwake dora --since 90d --policy devlake
  shipwake dora --since 30d --as-of 2026-03-03T09:00:00Z`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return d.run(cmd.Context(), cmd.OutOrStdout()) },
	}
	cmd.AddCommand(newRestatements(), newReport())
	flags := cmd.Flags()
	d.window.addFlags(flags)
	flags.StringVar(&d.asOf, "as-of", "", "count over what was known at this `time`")
	flags.StringVar(&d.series, "series", "", "also by `period`: day, week, month or quarter")
	flags.StringVar(&d.by, "by", "", "split by `what`: service, team, system, environment, class, kind or label:NAME")
	flags.StringVar(&d.policy, "policy", "", "count by this `policy`: shipwake, devlake, middleware, ratio or fourkeys (default: shipwake)")
	d.scope.addFlags(flags)
	d.addFlags(flags)
	flags.StringVar(&d.output, "output", "table", "`format`: table, json, csv or markdown")
	return cmd
}

func (d *doraCommand) run(ctx context.Context, out io.Writer) error {
	if !slices.Contains([]string{"table", "json", "csv", "markdown"}, d.output) {
		return fmt.Errorf("--output %s: want table, json, csv or markdown", d.output)
	}
	query, err := d.query(time.Now())
	if err != nil {
		return err
	}
	daemon, err := d.daemon()
	if err != nil {
		return err
	}
	defer daemon.Close()
	text, err := daemon.DORAText(ctx, query)
	if err != nil {
		return noAnswer(err)
	}
	return d.print(out, text)
}

// query is the question for the daemon.
func (d *doraCommand) query(now time.Time) (url.Values, error) {
	d.window.series = d.series != ""
	query, err := d.window.query(now)
	if err != nil {
		return nil, err
	}
	if d.asOf != "" {
		at, err := d.window.instant("as-of", d.asOf, now)
		if err != nil {
			return nil, err
		}
		query.Set("as_of", at.UTC().Format(time.RFC3339Nano))
	}
	if err := d.scope.set(query); err != nil {
		return nil, err
	}
	setGiven(query, map[string]string{"by": d.by, "policy": d.policy, "series": d.series})
	if d.series != "" {
		setGiven(query, map[string]string{"zone": d.window.zone})
	}
	return query, nil
}

// print writes the daemon's answer: as JSON with whatever a newer daemon says that this program doesn't know.
func (d *doraCommand) print(out io.Writer, text json.RawMessage) error {
	if d.output == "json" {
		return doraJSON(out, text)
	}
	var report dora.Report
	if err := json.Unmarshal(text, &report); err != nil {
		return fmt.Errorf("/api/v1/dora answered what can't be read: %w", err)
	}
	if d.asOf != "" && d.output != "csv" {
		fmt.Fprintf(out, "as known at %s\n", words.Instant(report.AsOf))
	}
	switch d.output {
	case "csv":
		return doratable.CSV(out, report)
	case "markdown":
		return doratable.Markdown(out, report)
	}
	return doratable.Table(out, report, screen.Of(out, os.Getenv))
}

// setGiven adds the parameters that have a value.
func setGiven(query url.Values, parameters map[string]string) {
	for key, value := range parameters {
		if value != "" {
			query.Set(key, value)
		}
	}
}

func doraJSON[T any](out io.Writer, r T) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}
