package app

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
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

// topCommand shows what hurts now.
type topCommand struct {
	listing
}

func newTop() *cobra.Command {
	t := &topCommand{}
	cmd := &cobra.Command{
		Use:   "top",
		Short: "Watch what hurts now and what is observed, the worst first",
		Long: `Shows the changes that hurt and aren't over, the incidents that are open, and the changes under observation, the worst first,
and keeps it up to date. q or Ctrl-C ends it.

What isn't a terminal gets it once, or with --watch whatever changes.`,
		Example: "  shipwake top\n  shipwake top --service checkout\n  shipwake top --output json",
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return t.run(cmd) },
	}
	flags := cmd.Flags()
	t.listing.addFlags(flags, "service", "environment")
	t.addTime(flags, "24h")
	return cmd
}

func (t *topCommand) run(cmd *cobra.Command) error {
	if screen.Of(cmd.OutOrStdout(), os.Getenv).Terminal && !cmd.Flags().Changed("output") {
		t.watch.on = true
	}
	return t.show(cmd, &t.asking, question{ask: t.ask, news: true, keys: true, head: "shipwake top   q: quit"})
}

// trouble is a row: a change, or an incident.
type trouble struct {
	state                                  string
	since                                  time.Time
	service, environment, version, id, why string
	cost                                   words.Cost
	blame                                  *float64
}

// The states of what is shown, the worst first.
const (
	stateHurts    = "hurts"
	stateIncident = "incident"
	stateObserved = "observed"
)

func (t *topCommand) ask(ctx context.Context, daemon *client.Client) (rows.View, error) {
	now := time.Now()
	query, err := t.query(now)
	if err != nil {
		return nil, err
	}
	parts := map[string]json.RawMessage{}
	regressed, said, err := client.Ask[api.Changes](ctx, daemon, "/api/v1/changes", with(query, "verdict", string(correlate.Regressed)))
	if parts["regressed"] = said; err != nil {
		return nil, err
	}
	observed, said, err := client.Ask[api.Changes](ctx, daemon, "/api/v1/changes", with(query, "phase", string(correlate.PhaseObserving)))
	if parts["observed"] = said; err != nil {
		return nil, err
	}
	open, said, err := client.Ask[api.Incidents](ctx, daemon, "/api/v1/incidents", with(query, "open", "true"))
	if parts["incidents"] = said; err != nil {
		return nil, err
	}
	status, said, err := client.Ask[api.Status](ctx, daemon, "/api/v1/status", nil)
	if parts["status"] = said; err != nil {
		return nil, err
	}
	all, err := json.Marshal(parts)
	return rows.List[trouble]{
		Columns: troubleColumns(now), Rows: troubles(regressed.Changes, observed.Changes, open.Incidents), Said: all,
		Before: glance(status) + "\n\n", Empty: "Nothing hurts, and nothing is observed.",
	}, err
}

// with is a question with one more parameter.
func with(query url.Values, name, value string) url.Values {
	query = maps.Clone(query)
	query.Set(name, value)
	return query
}

// glance is how the daemon is, in a line.
func glance(s api.Status) string {
	line := "ready"
	if !s.Ready {
		line = "not ready: " + rows.Visible(s.NotReady)
	}
	late := lateness(s)
	line += fmt.Sprintf(", %s observed, lateness %s", words.Count(int64(s.OpenWindows)), late.is)
	if late.bad {
		line += " (" + late.note + ")"
	}
	if waits := int64(s.QueuedInputs) + s.Unapplied.Count; waits > 0 {
		line += ", " + words.Count(waits) + " inputs wait"
	}
	for _, q := range s.Outbox {
		if q.Parked > 0 {
			line += fmt.Sprintf(", %s set aside for %s", words.Count(q.Parked), rows.Visible(q.Name))
		}
	}
	return line
}

// troubles are the rows, the worst first: what hurts by what it costs, then incidents, then what is observed, the newest first.
func troubles(regressed, observed []correlate.ChangeRecord, open []api.Incident) []trouble {
	var all []trouble
	shown := map[string]bool{}
	for _, c := range slices.Concat(regressed, observed) {
		if shown[c.ID] || c.Phase != correlate.PhaseObserving && stateOfHarm(c) != harmLasts {
			continue
		}
		shown[c.ID] = true
		all = append(all, troubleOf(c))
	}
	for _, i := range open {
		all = append(all, trouble{
			state: stateIncident, since: i.OpenedAt, service: strings.Join(i.About(), ", "), environment: i.Environment, id: i.ID,
			why: incidentInLine(i),
		})
	}
	order := []string{stateHurts, stateIncident, stateObserved}
	slices.SortStableFunc(all, func(a, b trouble) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.state), slices.Index(order, b.state)),
			cmp.Compare(b.cost.Events, a.cost.Events), b.since.Compare(a.since))
	})
	return all
}

func troubleOf(c correlate.ChangeRecord) trouble {
	e := words.Explain(c, nil)
	t := trouble{
		state: stateObserved, since: when(c), service: c.Service, environment: c.Environment, version: c.Version, id: c.ID,
		why: e.Answer + ": " + e.Why,
	}
	if v := c.Verdict; v != nil && v.Outcome == correlate.Regressed && stateOfHarm(c) == harmLasts {
		t.state, t.since, t.cost, t.blame, t.why = stateHurts, onset(c), words.CostOf(v), blameOf(c), cmp.Or(e.Told, e.Why)
	}
	return t
}

// incidentInLine is the title of an incident, and whose it is.
func incidentInLine(i api.Incident) string {
	text := i.Title
	if i.AttributedTo != "" {
		text = strings.TrimPrefix(text+", caused by "+i.AttributedTo, ", ")
	}
	return text
}

func troubleColumns(now time.Time) []rows.Column[trouble] {
	return []rows.Column[trouble]{
		rows.Text("STATE", func(t trouble) string { return t.state }).Styled(func(t trouble) screen.Style {
			switch t.state {
			case stateHurts:
				return screen.Red
			case stateIncident:
				return screen.Yellow
			}
			return screen.Plain
		}),
		rows.Time("SINCE", now, func(t trouble) time.Time { return t.since }),
		rows.Text("SERVICE", func(t trouble) string { return t.service }),
		rows.Text("ENVIRONMENT", func(t trouble) string { return t.environment }).InWide(),
		rows.Text("VERSION", func(t trouble) string { return t.version }).Middle(),
		rows.Said("COST", func(t trouble) string { return t.cost.Text }, func(t trouble) string {
			if t.cost.Text == "" {
				return ""
			}
			return decimal(t.cost.Events)
		}).AtLeast(12),
		rows.Number("BLAME", func(t trouble) *float64 { return t.blame }, shortPercent),
		rows.Text("ID", func(t trouble) string { return t.id }).Middle().AtLeast(12),
		rows.Text("WHAT", func(t trouble) string { return t.why }).AtLeast(16),
	}
}
