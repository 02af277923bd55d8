package app

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/shipwake/shipwake/cmd/shipwake/app/client"
	"github.com/shipwake/shipwake/cmd/shipwake/app/rows"
	"github.com/shipwake/shipwake/cmd/shipwake/app/screen"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/words"
	"github.com/shipwake/shipwake/sinks/api"
)

// regressionsCommand asks for the changes that hurt.
type regressionsCommand struct {
	listing
}

func newRegressions() *cobra.Command {
	r := &regressionsCommand{}
	cmd := &cobra.Command{
		Use:   "regressions",
		Short: "List the changes that hurt: how much, how sure that is, and whether it is over",
		Long: `Asks the running daemon for changes that regressed, the newest first. With each is

  BLAME   how probable it is that this change did it
  GRADE   how good the comparison was: A with the old version at the same time, B with other zones, C with earlier days,
          D with the time before
  COST    about how many events were too many until the verdict: failed or slow requests, and the like
  STATE   whether it lasts, has recovered, was taken back, or was overruled by people

"shipwake verdict ID" says the rest.`,
		Example: `  shipwake regressions --since 30d
  shipwake regressions --service checkout --output wide`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return r.show(cmd, &r.asking, question{ask: r.ask, news: true})
		},
	}
	flags := cmd.Flags()
	r.listing.addFlags(flags, "service", "environment", "version", "as-of")
	r.addTime(flags, "30d")
	return cmd
}

func (r *regressionsCommand) ask(ctx context.Context, daemon *client.Client) (rows.View, error) {
	now := time.Now()
	query, err := r.query(now)
	if err != nil {
		return nil, err
	}
	query.Set("verdict", string(correlate.Regressed))
	answer, said, err := client.Ask[api.Changes](ctx, daemon, "/api/v1/changes", query)
	if err != nil {
		return nil, err
	}
	return rows.List[correlate.ChangeRecord]{
		Columns: regressionColumns(now), Rows: answer.Changes, Said: said,
		Empty: "No change regressed.", After: moreIf(answer.Next != ""),
	}, nil
}

func regressionColumns(now time.Time) []rows.Column[correlate.ChangeRecord] {
	type change = correlate.ChangeRecord
	return []rows.Column[change]{
		rows.Time("SINCE", now, onset),
		rows.Text("SERVICE", func(c change) string { return c.Service }),
		rows.Text("ENVIRONMENT", func(c change) string { return c.Environment }).InWide(),
		rows.Text("VERSION", func(c change) string { return c.Version }).Middle(),
		rows.Number("BLAME", blameOf, shortPercent),
		costColumn().AtLeast(12),
		rows.Text("STATE", stateOfHarm).Styled(harmStyle).AtLeast(9),
		rows.Time("RECOVERED", now, recovered).InWide(),
		rows.Text("ID", func(c change) string { return c.ID }).Middle().AtLeast(16),
		rows.Text("GRADE", gradeOf),
		rows.Text("WHY", whyOf).AtLeast(16),
		rows.Text("IN NUMBERS", func(c change) string { return words.Explain(c, nil).Told }).InWide(),
	}
}

// onset is since when a regression shows.
func onset(c correlate.ChangeRecord) time.Time {
	if v := c.Verdict; v != nil && v.OnsetAt != nil {
		return *v.OnsetAt
	}
	return when(c)
}

func recovered(c correlate.ChangeRecord) time.Time {
	if !c.RecoveredAt.IsZero() || c.Verdict == nil || c.Verdict.RecoveredAt == nil {
		return c.RecoveredAt
	}
	return *c.Verdict.RecoveredAt
}

// The states of a regression.
const (
	harmLasts     = "lasting"
	harmTakenBack = "taken back"
	harmRecovered = "recovered"
	harmOverruled = words.Overruled // by people: it was not this change
)

func stateOfHarm(c correlate.ChangeRecord) string {
	switch {
	case words.Listed(c) == words.Overruled:
		return harmOverruled
	case !recovered(c).IsZero():
		return harmRecovered
	case c.RolledBackBy != "":
		return harmTakenBack
	}
	return harmLasts
}

func harmStyle(c correlate.ChangeRecord) screen.Style {
	if stateOfHarm(c) == harmLasts {
		return screen.Red
	}
	return screen.Plain
}
