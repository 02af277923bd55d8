package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/words"
	"github.com/shipwake/shipwake/sinks/api"
)

// rollbacksCommand asks what was decided on taking changes back.
type rollbacksCommand struct {
	asking
	output, service, environment, change, result, since string
	limit                                               int
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
		RunE: func(cmd *cobra.Command, _ []string) error { return r.run(cmd.Context(), cmd.OutOrStdout()) },
	}
	flags := cmd.Flags()
	flags.StringVar(&r.service, "service", "", "only of this `service`")
	flags.StringVar(&r.environment, "environment", "", "only in this `environment`")
	flags.StringVar(&r.change, "change", "", "only on the change with this `id`")
	flags.StringVar(&r.result, "result", "", "only those `result`: requested, dry_run or refused")
	flags.StringVar(&r.since, "since", "", "only of the last `duration`, such as 7d")
	flags.IntVar(&r.limit, "limit", 100, "at most so many, up to 1000")
	r.addFlags(flags)
	flags.StringVar(&r.output, "output", "table", "`format`: table or json")
	cmd.AddCommand(newKillSwitch(true), newKillSwitch(false))
	return cmd
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

func (r *rollbacksCommand) run(ctx context.Context, out io.Writer) error {
	if r.output != "table" && r.output != "json" {
		return fmt.Errorf("--output %s: want table or json", r.output)
	}
	daemon, err := r.daemon()
	if err != nil {
		return err
	}
	defer daemon.Close()
	query := url.Values{"limit": {strconv.Itoa(r.limit)}}
	for name, value := range map[string]string{"service": r.service, "environment": r.environment, "change": r.change, "result": r.result, "since": r.since} {
		if value != "" {
			query.Set(name, value)
		}
	}
	found, err := daemon.Rollbacks(ctx, query)
	if err != nil {
		return err
	}
	if r.output == "json" {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(found)
	}
	return rollbackTable(out, found)
}

func rollbackTable(out io.Writer, found api.Rollbacks) error {
	if k := found.KillSwitch; k.On {
		fmt.Fprintln(out, "The kill switch is on: nobody is asked.", killedBy(k))
	}
	if len(found.Rollbacks) == 0 {
		_, err := fmt.Fprintln(out, "No decision was made.")
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "DECIDED\tSERVICE\tENVIRONMENT\tCHANGE\tSTATE\tWHAT")
	for _, r := range found.Rollbacks {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", words.Instant(r.DecidedAt), visible(r.Service), visible(r.Environment), visible(r.ChangeID), r.State, visible(r.Message))
	}
	return w.Flush()
}

// killedBy says who turned the kill switch on, and why.
func killedBy(k correlate.KillSwitch) string {
	text := "By " + visible(k.By)
	if !k.At.IsZero() {
		text += " at " + words.Instant(k.At)
	}
	if k.Why != "" {
		text += ": " + visible(k.Why)
	}
	return text + "."
}
