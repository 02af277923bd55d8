package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/shipwake/shipwake/correlate/names/meet"
	"github.com/shipwake/shipwake/sinks/api"
)

// namesCommand asks which names don't meet.
type namesCommand struct {
	asking
	output string
}

func newNames() *cobra.Command {
	n := &namesCommand{}
	cmd := &cobra.Command{
		Use:   "names",
		Short: "List the names of changes that telemetry doesn't have, and the other way round",
		Long: `Asks the running daemon which services and environments only changes and incidents name, and which only
telemetry does: a change of a name that telemetry doesn't have can't be judged. With each is what may be meant on the
other side, and the rule that makes one of the two, to be put below extensions::correlate::names. A rule also mends what
was told before.`,
		Example: `  shipwake names
  shipwake names --output json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return n.run(cmd.Context(), cmd.OutOrStdout()) },
	}
	flags := cmd.Flags()
	n.addFlags(flags)
	flags.StringVar(&n.output, "output", "table", "`format`: table or json")
	return cmd
}

func (n *namesCommand) run(ctx context.Context, out io.Writer) error {
	if n.output != "table" && n.output != "json" {
		return fmt.Errorf("--output %s: want table or json", n.output)
	}
	daemon, err := n.daemon()
	if err != nil {
		return err
	}
	defer daemon.Close()
	names, err := daemon.Names(ctx)
	switch {
	case err != nil:
		return err
	case n.output == "json":
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(names)
	case names.Unknown:
		return errors.New("the daemon is busy and can't say now which names telemetry has; ask again")
	}
	return namesTable(out, names)
}

func namesTable(out io.Writer, names api.Names) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%d names meet.\n", names.Met)
	unmetTable(w, "ONLY IN CHANGES AND INCIDENTS", names.Told)
	unmetTable(w, "ONLY IN TELEMETRY", names.Heard)
	return w.Flush()
}

func unmetTable(w io.Writer, title string, all []meet.Unmet) {
	if len(all) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s\tENVIRONMENT\tMAY BE\tBY THE RULE\n", title)
	for _, u := range all {
		if len(u.Near) == 0 {
			fmt.Fprintf(w, "%s\t%s\t\t\n", visible(u.Service), visible(u.Environment))
		}
		for i, near := range u.Near {
			service, environment := visible(u.Service), visible(u.Environment)
			if i > 0 {
				service, environment = "", ""
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", service, environment, visible(near.Service+" in "+near.Environment), visible(near.Rule))
		}
	}
}
