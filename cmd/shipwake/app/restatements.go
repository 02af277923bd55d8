package app

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/shipwake/shipwake/correlate/words"
	"github.com/shipwake/shipwake/sinks/api"
)

// restatementsCommand asks which DORA numbers are others than those that were published.
type restatementsCommand struct {
	asking
	output, since, window, policy string
	scope                         scope
}

func newRestatements() *cobra.Command {
	r := &restatementsCommand{}
	cmd := &cobra.Command{
		Use:   "restatements",
		Short: "Say which DORA numbers became others after they were published, and why",
		Long: `Asks the running daemon which DORA numbers became others after they were published, when, and which
corrected records are behind it.

Periods are whole windows, laid end to end in UTC: with --window 1d they are days, with 7d ISO weeks. The numbers of a
period count as published 24 hours after its end.`,
		Example: `  shipwake dora restatements
  shipwake dora restatements --window 7d --service checkout --output json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return r.run(cmd.Context(), cmd.OutOrStdout()) },
	}
	flags := cmd.Flags()
	flags.StringVar(&r.since, "since", "90d", "periods that ended in this time, e.g. 90d")
	flags.StringVar(&r.window, "window", "30d", "the length of a period in whole days, e.g. 1d, 7d")
	flags.StringVar(&r.policy, "policy", "", "counted by this `policy`, see shipwake dora --help")
	r.scope.addFlags(flags)
	r.addFlags(flags)
	flags.StringVar(&r.output, "output", "text", "`format`: text or json")
	return cmd
}

func (r *restatementsCommand) run(ctx context.Context, out io.Writer) error {
	if r.output != "text" && r.output != "json" {
		return fmt.Errorf("--output %s: want text or json", r.output)
	}
	daemon, err := r.daemon()
	if err != nil {
		return err
	}
	defer daemon.Close()
	query := url.Values{"since": {r.since}, "window": {r.window}}
	setGiven(query, map[string]string{"policy": r.policy})
	if err := r.scope.set(query); err != nil {
		return err
	}
	answer, err := daemon.Restatements(ctx, query)
	if err != nil {
		return noAnswer(err)
	}
	if r.output == "json" {
		return doraJSON(out, answer)
	}
	return restatementsText(out, answer)
}

// restatementsText prints a line for each number, under the period that it is of.
func restatementsText(out io.Writer, answer api.Restatements) error {
	fmt.Fprintf(out, "%d published periods of %d days compared; history since %s, policy %s\n",
		answer.Compared, answer.WindowDays, words.Instant(answer.KnownSince), answer.Policy.Title())
	if len(answer.Restated) == 0 {
		_, err := fmt.Fprintln(out, "No number is another than the one that was published.")
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	var period string
	for _, r := range answer.Restated {
		if p := words.Day(r.From) + " … " + words.Day(r.To); p != period {
			period = p
			fmt.Fprintf(w, "\n%s, published %s\n", period, words.Instant(r.PublishedAt))
		}
		fmt.Fprintf(w, "  %s\t%s\n", words.Instant(r.RestatedAt), r.Text)
	}
	return w.Flush()
}
