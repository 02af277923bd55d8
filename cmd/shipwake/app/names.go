package app

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/shipwake/shipwake/cmd/shipwake/app/client"
	"github.com/shipwake/shipwake/cmd/shipwake/app/rows"
	"github.com/shipwake/shipwake/correlate/names/meet"
	"github.com/shipwake/shipwake/sinks/api"
)

// namesCommand asks which names don't meet.
type namesCommand struct {
	asking
	looking
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
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return n.show(cmd, &n.asking, question{ask: n.ask}) },
	}
	flags := cmd.Flags()
	n.looking.addFlags(flags)
	n.asking.addFlags(flags)
	return cmd
}

func (n *namesCommand) ask(ctx context.Context, daemon *client.Client) (rows.View, error) {
	names, said, err := client.Ask[api.Names](ctx, daemon, "/api/v1/names", nil)
	switch {
	case err != nil:
		return nil, err
	case names.Unknown && rows.Format(n.output) != rows.JSON && rows.Format(n.output) != rows.YAML:
		return nil, errBusy
	}
	view := rows.List[unmetName]{Columns: nameColumns(), Said: said, Before: fmt.Sprintf("%d names meet.", names.Met)}
	view.Rows = append(unmetNames("changes", names.Told), unmetNames("telemetry", names.Heard)...)
	return view, nil
}

// unmetName is a name that only one side has, and one of those that it may be meant for.
type unmetName struct {
	only string
	meet.Unmet
	near meet.Nearby
}

// unmetNames has a row for each name that may be meant, and one where there is none.
func unmetNames(only string, all []meet.Unmet) []unmetName {
	var list []unmetName
	for _, u := range all {
		if len(u.Near) == 0 {
			list = append(list, unmetName{only: only, Unmet: u})
		}
		for _, near := range u.Near {
			list = append(list, unmetName{only, u, near})
		}
	}
	return list
}

func nameColumns() []rows.Column[unmetName] {
	return []rows.Column[unmetName]{
		rows.Text("ONLY IN", func(n unmetName) string { return n.only }),
		rows.Text("SERVICE", func(n unmetName) string { return n.Service }),
		rows.Text("ENVIRONMENT", func(n unmetName) string { return n.Environment }),
		rows.Text("MAY BE", func(n unmetName) string {
			if n.near.Service == "" {
				return ""
			}
			return n.near.Service + " in " + n.near.Environment
		}).Blank(),
		rows.Text("BY THE RULE", func(n unmetName) string { return n.near.Rule }).Blank(),
	}
}
