package app

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/words"
	"github.com/shipwake/shipwake/sinks/api"
)

// changesCommand asks for changes and what is said of each.
type changesCommand struct {
	asking
	output, since                          string
	service, environment, version, verdict string
}

func newChanges() *cobra.Command {
	c := &changesCommand{}
	cmd := &cobra.Command{
		Use:   "changes",
		Short: "List changes, with what is said of each",
		Long: `Asks the running daemon for changes, the newest first, at most 100, and what is said of each in a few words.
"shipwake verdict ID" says the rest.`,
		Example: `  shipwake changes --since 7d --service checkout
  shipwake changes --verdict regressed`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context(), cmd.OutOrStdout()) },
	}
	flags := cmd.Flags()
	flags.StringVar(&c.since, "since", "7d", "how far back, e.g. 7d or 36h")
	flags.StringVar(&c.service, "service", "", "only this `service`")
	flags.StringVar(&c.environment, "environment", "", "only this `environment`")
	flags.StringVar(&c.version, "version", "", "only this `version`")
	flags.StringVar(&c.verdict, "verdict", "", "only those that are regressed, healthy or inconclusive")
	c.addFlags(flags)
	flags.StringVar(&c.output, "output", "text", "`format`: text or json")
	return cmd
}

func (c *changesCommand) run(ctx context.Context, out io.Writer) error {
	if c.output != "text" && c.output != "json" {
		return fmt.Errorf("--output %s: want text or json", c.output)
	}
	daemon, err := c.daemon()
	if err != nil {
		return err
	}
	defer daemon.Close()
	query := url.Values{"since": {c.since}}
	setGiven(query, map[string]string{
		"service": c.service, "environment": c.environment, "version": c.version, "verdict": c.verdict,
	})
	answer, err := daemon.Changes(ctx, query)
	if err != nil {
		return err
	}
	if c.output == "json" {
		return doraJSON(out, answer)
	}
	return changesText(out, answer)
}

// changesText prints for each change what is said of it, its id, and what it brings where that is told.
func changesText(out io.Writer, answer api.Changes) error {
	if len(answer.Changes) == 0 {
		_, err := fmt.Fprintln(out, "No change.")
		return err
	}
	var b strings.Builder
	for _, c := range answer.Changes {
		e, lines := words.Explain(c, nil), []words.Line{{About: "id", Text: c.ID}}
		if e.Brings != "" {
			lines = append(lines, words.Line{About: "brings", Text: e.Brings})
		}
		fmt.Fprintf(&b, "%s  %s\n%s", words.Instant(when(c)), e.Headline(), words.Page(lines))
	}
	if answer.Next != "" {
		b.WriteString("There are more: ask for less with --since, --service or --verdict.\n")
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// when a change was complete or, as long as it isn't, began.
func when(c correlate.ChangeRecord) time.Time {
	if c.FinishedAt.IsZero() {
		return c.StartedAt
	}
	return c.FinishedAt
}
