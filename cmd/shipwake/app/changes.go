package app

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/shipwake/shipwake/cmd/shipwake/app/client"
	"github.com/shipwake/shipwake/cmd/shipwake/app/rows"
	"github.com/shipwake/shipwake/cmd/shipwake/app/screen"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/words"
	"github.com/shipwake/shipwake/sinks/api"
)

// changesCommand asks for changes and what is said of each.
type changesCommand struct {
	listing
}

func newChanges() *cobra.Command {
	c := &changesCommand{}
	cmd := &cobra.Command{
		Use:   "changes",
		Short: "List changes, with what is said of each",
		Long: `Asks the running daemon for changes, the newest first, and what is said of each in a few words. "shipwake verdict ID" says the
rest.`,
		Example: `  shipwake changes --since 7d --service checkout
  shipwake changes --verdict regressed --output csv
  shipwake changes --phase observing --watch`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.show(cmd, &c.asking, question{ask: c.ask, news: true})
		},
	}
	flags := cmd.Flags()
	c.listing.addFlags(flags, "service", "environment", "version", "verdict", "phase", "as-of")
	c.addTime(flags, "7d")
	return cmd
}

func (c *changesCommand) ask(ctx context.Context, daemon *client.Client) (rows.View, error) {
	now := time.Now()
	query, err := c.query(now)
	if err != nil {
		return nil, err
	}
	answer, said, err := client.Ask[api.Changes](ctx, daemon, "/api/v1/changes", query)
	if err != nil {
		return nil, err
	}
	return changesView(answer, said, now), nil
}

func changesView(answer api.Changes, said json.RawMessage, now time.Time) rows.View {
	return rows.List[correlate.ChangeRecord]{
		Columns: changeColumns(now), Rows: answer.Changes, Said: said, Empty: "No change.", After: moreIf(answer.Next != ""),
	}
}

// moreIf says that a list goes on.
func moreIf(more bool) string {
	if !more {
		return ""
	}
	return "There are more: ask for less with the filters, or for more with --limit."
}

func changeColumns(now time.Time) []rows.Column[correlate.ChangeRecord] {
	type change = correlate.ChangeRecord
	return []rows.Column[change]{
		rows.Time("WHEN", now, when),
		rows.Text("SERVICE", func(c change) string { return c.Service }),
		rows.Text("ENVIRONMENT", func(c change) string { return c.Environment }),
		rows.Text("VERSION", func(c change) string { return c.Version }).Middle(),
		rows.Text("KIND", func(c change) string { return string(c.Kind) }).InWide(),
		rows.Text("TEAM", func(c change) string { return c.Team }).InWide(),
		rows.Text("VERDICT", words.Listed).Styled(standingStyle),
		rows.Text("ID", func(c change) string { return c.ID }).Middle().AtLeast(16),
		rows.Number("BLAME", blameOf, shortPercent).InWide(),
		rows.Text("GRADE", gradeOf).InWide(),
		rows.Text("BRINGS", bringsOf).InWide(),
		rows.Text("WHY", whyOf).AtLeast(20),
	}
}

// when a change was complete or, as long as it isn't, began.
func when(c correlate.ChangeRecord) time.Time {
	if c.FinishedAt.IsZero() {
		return c.StartedAt
	}
	return c.FinishedAt
}

// standingStyle is how the verdict of a change stands out.
func standingStyle(c correlate.ChangeRecord) screen.Style {
	switch words.Listed(c) {
	case string(correlate.Regressed):
		return screen.Red
	case string(correlate.Healthy):
		return screen.Green
	case string(correlate.Inconclusive):
		return screen.Yellow
	}
	return screen.Plain
}

// blameOf is how probable it is that a change that regressed did it; nil of any other.
func blameOf(c correlate.ChangeRecord) *float64 {
	if v := c.Verdict; v != nil && v.Outcome == correlate.Regressed {
		return &v.Blame
	}
	return nil
}

// shortPercent is a probability as words.Percent says it, in the room of a column.
func shortPercent(p float64) string {
	return strings.NewReplacer("more than ", "> ", "less than ", "< ").Replace(words.Percent(p))
}

func gradeOf(c correlate.ChangeRecord) string {
	if c.Verdict == nil {
		return ""
	}
	return string(c.Verdict.Grade)
}

func bringsOf(c correlate.ChangeRecord) string {
	if c.Size == nil {
		return ""
	}
	return c.Size.String()
}

func whyOf(c correlate.ChangeRecord) string { return words.Explain(c, nil).Why }

// costColumn is about how many events were too many.
func costColumn() rows.Column[correlate.ChangeRecord] {
	return rows.Said("COST",
		func(c correlate.ChangeRecord) string { return words.CostOf(c.Verdict).Text },
		func(c correlate.ChangeRecord) string {
			if cost := words.CostOf(c.Verdict); cost.Text != "" {
				return strconv.FormatFloat(cost.Events, 'f', -1, 64)
			}
			return ""
		})
}
