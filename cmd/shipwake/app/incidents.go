package app

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/shipwake/shipwake/cmd/shipwake/app/client"
	"github.com/shipwake/shipwake/cmd/shipwake/app/rows"
	"github.com/shipwake/shipwake/cmd/shipwake/app/screen"
	"github.com/shipwake/shipwake/correlate/words"
	"github.com/shipwake/shipwake/sinks/api"
)

// incidentsCommand asks for incidents and the changes that are held responsible for them.
type incidentsCommand struct {
	listing
}

func newIncidents() *cobra.Command {
	i := &incidentsCommand{}
	cmd := &cobra.Command{
		Use:   "incidents",
		Short: "List incidents, with the change held responsible for each, or why none is",
		Long: `Asks the running daemon for incidents, the newest first, and says of each which change is held responsible for it,
or why none is. Who knows better says so: "caused_by" of an incident names the change, or "none"; or shipwake note link.`,
		Example: `  shipwake incidents --since 7d
  shipwake incidents --service checkout --open --watch`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return i.show(cmd, &i.asking, question{ask: i.ask, news: true})
		},
	}
	flags := cmd.Flags()
	i.listing.addFlags(flags, "service", "environment", "as-of")
	i.addTime(flags, "30d")
	flags.BoolVar(&i.open, "open", false, "only those that are not resolved")
	return cmd
}

func (i *incidentsCommand) ask(ctx context.Context, daemon *client.Client) (rows.View, error) {
	now := time.Now()
	query, err := i.query(now)
	if err != nil {
		return nil, err
	}
	answer, said, err := client.Ask[api.Incidents](ctx, daemon, "/api/v1/incidents", query)
	if err != nil {
		return nil, err
	}
	return incidentsView(answer, said, now), nil
}

func incidentsView(answer api.Incidents, said json.RawMessage, now time.Time) rows.View {
	return rows.List[api.Incident]{Columns: incidentColumns(now), Rows: answer.Incidents, Said: said, Empty: "No incident."}
}

func incidentColumns(now time.Time) []rows.Column[api.Incident] {
	type incident = api.Incident
	return []rows.Column[incident]{
		rows.Time("OPENED", now, func(i incident) time.Time { return i.OpenedAt }),
		rows.Text("SERVICE", func(i incident) string { return strings.Join(i.About(), ", ") }),
		rows.Text("ENVIRONMENT", func(i incident) string { return i.Environment }),
		rows.Text("SEVERITY", func(i incident) string { return i.Severity }).InWide(),
		rows.Number("LASTED", lasted, words.Span).Styled(openStyle).Unknown(openOrNot),
		rows.Time("RESOLVED", now, func(i incident) time.Time { return i.ResolvedAt }).InWide(),
		rows.Text("ID", func(i incident) string { return i.ID }).Middle().AtLeast(10),
		rows.Said("CAUSED BY", causedBy, func(i incident) string { return i.AttributedTo }).AtLeast(16),
		rows.Text("TITLE", func(i incident) string { return i.Title }).AtLeast(16),
		rows.Text("SOURCE", func(i incident) string { return i.Source }).InWide(),
	}
}

// lasted is how long an incident took, in seconds; nil while that isn't known.
func lasted(i api.Incident) *float64 {
	d, known := i.Lasted()
	if !known {
		return nil
	}
	seconds := d.Seconds()
	return &seconds
}

// openOrNot is what stands in the place of a length that isn't known.
func openOrNot(i api.Incident) string {
	if i.ResolvedAt.IsZero() {
		return "open"
	}
	return words.None
}

func openStyle(i api.Incident) screen.Style {
	if i.ResolvedAt.IsZero() {
		return screen.Red
	}
	return screen.Plain
}

// causedBy is the change that is held responsible and how that is known, or why none is.
func causedBy(i api.Incident) string {
	switch {
	case i.Unlinked != "":
		return "none: " + i.Unlinked
	case i.AttributedTo == "":
		return ""
	case i.Inferred:
		return i.AttributedTo + " (inferred)"
	}
	return i.AttributedTo + " (as reported)"
}
