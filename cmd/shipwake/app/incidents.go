package app

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/shipwake/shipwake/correlate/words"
	"github.com/shipwake/shipwake/sinks/api"
)

// incidentsCommand asks for incidents and the changes that are held responsible for them.
type incidentsCommand struct {
	asking
	output, since, service, environment string
	open                                bool
}

func newIncidents() *cobra.Command {
	i := &incidentsCommand{}
	cmd := &cobra.Command{
		Use:   "incidents",
		Short: "List incidents, with the change held responsible for each, or why none is",
		Long: `Asks the running daemon for incidents, the newest first, and says of each which change is held responsible for it,
or why none is. Who knows better says so: "caused_by" of an incident names the change, or "none".`,
		Example: `  shipwake incidents --since 7d
  shipwake incidents --service checkout --open`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return i.run(cmd.Context(), cmd.OutOrStdout()) },
	}
	flags := cmd.Flags()
	flags.StringVar(&i.since, "since", "30d", "how far back, e.g. 7d or 36h")
	flags.StringVar(&i.service, "service", "", "only this `service`")
	flags.StringVar(&i.environment, "environment", "", "only this `environment`")
	flags.BoolVar(&i.open, "open", false, "only those that are not resolved")
	i.addFlags(flags)
	flags.StringVar(&i.output, "output", "text", "`format`: text or json")
	return cmd
}

func (i *incidentsCommand) run(ctx context.Context, out io.Writer) error {
	if i.output != "text" && i.output != "json" {
		return fmt.Errorf("--output %s: want text or json", i.output)
	}
	daemon, err := i.daemon()
	if err != nil {
		return err
	}
	defer daemon.Close()
	query := url.Values{"since": {i.since}}
	setGiven(query, map[string]string{"service": i.service, "environment": i.environment})
	if i.open {
		query.Set("open", "true")
	}
	answer, err := daemon.Incidents(ctx, query)
	if err != nil {
		return err
	}
	if i.output == "json" {
		return doraJSON(out, answer)
	}
	_, err = io.WriteString(out, incidentsText(answer))
	return err
}

func incidentsText(answer api.Incidents) string {
	if len(answer.Incidents) == 0 {
		return "No incident.\n"
	}
	var b strings.Builder
	for _, i := range answer.Incidents {
		fmt.Fprintf(&b, "%s  %s\n%s", words.Instant(i.OpenedAt), i.ID, words.Page(incidentLines(i)))
	}
	return b.String()
}

// incidentLines say where an incident was, how long it took, and whose it is.
func incidentLines(i api.Incident) []words.Line {
	where := words.Or(strings.Join(i.About(), ", ")) + " in " + words.Or(i.Environment)
	if i.Severity != "" {
		where += ", " + i.Severity
	}
	lines := []words.Line{{About: "where", Text: where}}
	if i.Title != "" {
		lines = append(lines, words.Line{About: "title", Text: i.Title})
	}
	lasted := "open"
	if d, known := i.Lasted(); known {
		lasted = words.Span(d.Seconds())
	} else if !i.ResolvedAt.IsZero() {
		lasted = "resolved " + words.Instant(i.ResolvedAt) + ", its beginning is not known"
	}
	lines = append(lines, words.Line{About: "lasted", Text: lasted})
	switch {
	case i.Unlinked != "":
		return append(lines, words.Line{About: "not linked", Text: i.Unlinked})
	case i.Inferred:
		return append(lines, words.Line{About: "caused by", Text: i.AttributedTo + ", inferred from service and time"})
	}
	return append(lines, words.Line{About: "caused by", Text: i.AttributedTo + ", as its reporter said"})
}
