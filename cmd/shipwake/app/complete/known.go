package complete

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/shipwake/shipwake/cmd/shipwake/app/client"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/words"
)

// patience is the longest that a shell waits for a daemon.
const patience = time.Second

// looked is how many of the newest changes names and ids are taken from.
const looked = "300"

// Asks makes the client of the daemon that a command would ask, by its flags.
type Asks func(*cobra.Command) (*client.Client, error)

// changes completes what the newest changes have, and some words beside. It completes nothing when the daemon doesn't answer.
func (a Asks) changes(have func(correlate.ChangeRecord) string, beside ...string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		all := beside
		a.ask(cmd, func(ctx context.Context, daemon *client.Client) {
			answer, _ := daemon.Changes(ctx, newest(cmd))
			for _, c := range answer.Changes {
				all = append(all, have(c))
			}
		})
		return distinct(all, begun)
	}
}

// services completes the services of changes, and those that only telemetry names.
func (a Asks) services(cmd *cobra.Command, _ []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var all []string
	a.ask(cmd, func(ctx context.Context, daemon *client.Client) {
		answer, _ := daemon.Changes(ctx, url.Values{"limit": {looked}})
		for _, c := range answer.Changes {
			all = append(all, c.Service)
		}
		unmet, _ := daemon.Names(ctx)
		for _, u := range slices.Concat(unmet.Told, unmet.Heard) {
			all = append(all, u.Service)
		}
	})
	slices.Sort(all)
	return distinct(all, begun)
}

// incidents completes the ids of the newest incidents, each with what it is.
func (a Asks) incidents(cmd *cobra.Command, _ []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var all []string
	a.ask(cmd, func(ctx context.Context, daemon *client.Client) {
		answer, _ := daemon.Incidents(ctx, url.Values{"limit": {looked}})
		for _, i := range answer.Incidents {
			all = append(all, i.ID+"\t"+strings.Join(i.About(), ", ")+" in "+i.Environment+", "+words.Instant(i.OpenedAt))
		}
	})
	return distinct(all, begun)
}

// ask gives a daemon its second.
func (a Asks) ask(cmd *cobra.Command, ask func(context.Context, *client.Client)) {
	daemon, err := a(cmd)
	if err != nil {
		return
	}
	defer daemon.Close()
	ctx, cancel := context.WithTimeout(cmd.Context(), patience)
	defer cancel()
	ask(ctx, daemon)
}

// newest asks for changes of the service and the environment that the command line has already.
func newest(cmd *cobra.Command) url.Values {
	query := url.Values{"limit": {looked}}
	for _, name := range []string{"service", "environment"} {
		if f := cmd.Flag(name); f != nil && f.Changed && f.Value.Type() == "string" {
			query.Set(name, f.Value.String())
		}
	}
	return query
}

// distinct are those that fit what was begun, each once, in their order.
func distinct(all []string, begun string) (fit []cobra.Completion, _ cobra.ShellCompDirective) {
	for _, one := range fitting(all, begun) {
		if one != "" && !slices.Contains(fit, one) {
			fit = append(fit, one)
		}
	}
	return fit, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

// idOf is the id of a change, with what it is.
func idOf(c correlate.ChangeRecord) string {
	about := strings.TrimSpace(c.Service+" "+c.Version) + " in " + c.Environment + ", " + words.Instant(c.Start())
	if c.Verdict != nil {
		about += ", " + string(c.Verdict.Outcome)
	}
	return c.ID + "\t" + about
}
