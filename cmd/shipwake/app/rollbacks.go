package app

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/shipwake/shipwake/cmd/shipwake/app/client"
	"github.com/shipwake/shipwake/cmd/shipwake/app/rows"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/words"
	"github.com/shipwake/shipwake/sinks/api"
)

// rollbacksCommand asks what was decided on taking changes back.
type rollbacksCommand struct {
	listing
}

func newRollbacks() *cobra.Command {
	r := &rollbacksCommand{}
	cmd := &cobra.Command{
		Use:   "rollbacks",
		Short: "List for which changes a rollback was asked for, or why not",
		Long: `Asks the running daemon for its decisions on rollbacks, newest first: the requests and what became of them, what would have been
asked in a dry run, and the refusals with the condition that doesn't hold. Shipwake asks, and never deploys (docs/rollback.md).`,
		Example: `  shipwake rollbacks --since 7d
  shipwake rollbacks --service checkout --result refused`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return r.show(cmd, &r.asking, question{ask: r.ask, news: true})
		},
	}
	flags := cmd.Flags()
	r.listing.addFlags(flags, "service", "environment", "change", "result")
	r.addTime(flags, "")
	cmd.AddCommand(newKillSwitch(true), newKillSwitch(false))
	return cmd
}

func (r *rollbacksCommand) ask(ctx context.Context, daemon *client.Client) (rows.View, error) {
	now := time.Now()
	query, err := r.query(now)
	if err != nil {
		return nil, err
	}
	found, said, err := client.Ask[api.Rollbacks](ctx, daemon, "/api/v1/rollbacks", query)
	if err != nil {
		return nil, err
	}
	view := rows.List[api.Rollback]{Columns: rollbackColumns(now), Rows: found.Rollbacks, Said: said, Empty: "No decision was made."}
	if k := found.KillSwitch; k.On {
		view.Before = "The kill switch is on: nobody is asked. " + killedBy(k)
	}
	return view, nil
}

func rollbackColumns(now time.Time) []rows.Column[api.Rollback] {
	type rollback = api.Rollback
	return []rows.Column[rollback]{
		rows.Time("DECIDED", now, func(r rollback) time.Time { return r.DecidedAt }),
		rows.Text("SERVICE", func(r rollback) string { return r.Service }),
		rows.Text("ENVIRONMENT", func(r rollback) string { return r.Environment }),
		rows.Text("CHANGE", func(r rollback) string { return r.ChangeID }).Middle().AtLeast(16),
		rows.Text("STATE", func(r rollback) string { return string(r.State) }),
		rows.Text("WHAT", func(r rollback) string { return r.Message }).AtLeast(24),
	}
}

// killSwitchCommand turns the kill switch.
type killSwitchCommand struct {
	asking
	on  bool
	why string
}

func newKillSwitch(on bool) *cobra.Command {
	k := &killSwitchCommand{on: on}
	cmd := &cobra.Command{
		Use: "stop", Short: "Turn the kill switch on: nobody is asked for a rollback until resume",
		Long: `Turns the kill switch of the running daemon on. Nobody is asked for a rollback, not even in what waits to be sent, until it is turned
off by resume. It outlives a restart. It needs the role operator.`,
		Example: `  shipwake rollbacks stop --why "the provider of payments is down"`,
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return k.run(cmd.Context(), cmd.OutOrStdout()) },
	}
	if !on {
		cmd.Use, cmd.Short = "resume", "Turn the kill switch off again"
		cmd.Long = `Turns the kill switch of the running daemon off. What was withdrawn meanwhile stays so. It needs the role operator.`
		cmd.Example = `  shipwake rollbacks resume`
	}
	cmd.Flags().StringVar(&k.why, "why", "", "the `reason`, for those who wonder")
	k.addFlags(cmd.Flags())
	return cmd
}

func (k *killSwitchCommand) run(ctx context.Context, out io.Writer) error {
	daemon, err := k.daemon()
	if err != nil {
		return err
	}
	defer daemon.Close()
	is, err := daemon.TurnKillSwitch(ctx, k.on, k.why)
	if err != nil {
		return err
	}
	says := "The kill switch is off: rollbacks are asked for as the rules say."
	if is.On {
		says = "The kill switch is on: nobody is asked. " + killedBy(is)
	}
	_, err = fmt.Fprintln(out, says)
	return err
}

// killedBy says who turned the kill switch on, and why.
func killedBy(k correlate.KillSwitch) string {
	text := "By " + rows.Visible(k.By)
	if !k.At.IsZero() {
		text += " at " + words.Instant(k.At)
	}
	if k.Why != "" {
		text += ": " + rows.Visible(k.Why)
	}
	return text + "."
}
