package app

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/shipwake/shipwake/cmd/shipwake/app/client"
	"github.com/shipwake/shipwake/cmd/shipwake/app/rows"
	"github.com/shipwake/shipwake/cmd/shipwake/app/screen"
	"github.com/shipwake/shipwake/correlate/words"
	"github.com/shipwake/shipwake/sinks/api"
)

// statusCommand asks how the daemon is.
type statusCommand struct {
	asking
	looking
}

func newStatus() *cobra.Command {
	s := &statusCommand{}
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Say how the daemon is: ready or why not, how late, what waits, what it takes",
		Long: `Asks the running daemon how it is, at a glance: whether it is ready, how far it is behind its telemetry, what it observes, what
waits to be applied and to be sent, whether names meet, and how much of its limits is taken. The wide form, CSV, JSON and
YAML have every counter.

The exit code is 0 when it answers, ready or not.`,
		Example: "  shipwake status\n  shipwake status --watch\n  shipwake status --output json",
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return s.show(cmd, &s.asking, question{ask: s.ask}) },
	}
	flags := cmd.Flags()
	s.looking.addFlags(flags)
	s.asking.addFlags(flags)
	return cmd
}

// daemonState is what a daemon says of itself, in the API's own types.
type daemonState struct {
	Status api.Status `json:"status"`
	Limits api.Limits `json:"limits"`
	Names  api.Names  `json:"names"`
}

// askState asks a daemon of itself. The answer in JSON has the three as the daemon wrote them. Of a daemon that isn't ready the
// names may not be known.
func askState(ctx context.Context, daemon *client.Client) (state daemonState, said json.RawMessage, err error) {
	parts := map[string]json.RawMessage{}
	if state.Status, parts["status"], err = client.Ask[api.Status](ctx, daemon, "/api/v1/status", nil); err != nil {
		return state, nil, err
	}
	if state.Limits, parts["limits"], err = client.Ask[api.Limits](ctx, daemon, "/api/v1/limits", nil); err != nil {
		return state, nil, err
	}
	state.Names, parts["names"], err = client.Ask[api.Names](ctx, daemon, "/api/v1/names", nil)
	if client.Unreachable(err) {
		state.Names.Unknown, err = true, nil
		delete(parts, "names")
	}
	if err != nil {
		return state, nil, err
	}
	said, err = json.Marshal(parts)
	return state, said, err
}

func (s *statusCommand) ask(ctx context.Context, daemon *client.Client) (rows.View, error) {
	state, said, err := askState(ctx, daemon)
	if err != nil {
		return nil, err
	}
	facts := state.facts()
	if f := rows.Format(s.output); f == rows.Wide || f == rows.CSV {
		facts = slices.Concat(facts, useFacts(state.Limits, 0), counterFacts(state.Status.Counts))
	} else {
		facts = append(facts, useFacts(state.Limits, nearlyAll)...)
	}
	return rows.List[fact]{Columns: factColumns(), Rows: facts, Said: said}, nil
}

// fact is one thing that a daemon says of itself.
type fact struct {
	about, is string
	raw       string // as a program reads it; "" when that is what it is
	note      string
	bad       bool
}

func factColumns() []rows.Column[fact] {
	return []rows.Column[fact]{
		rows.Text("WHAT", func(f fact) string { return f.about }),
		rows.Said("IS", func(f fact) string { return f.is }, func(f fact) string {
			if f.raw == "" {
				return f.is
			}
			return f.raw
		}).Styled(func(f fact) screen.Style {
			if f.bad {
				return screen.Red
			}
			return screen.Plain
		}),
		rows.Text("NOTE", func(f fact) string { return f.note }).Blank(),
	}
}

// amount is a fact that is a number.
func amount(about string, n int64, note string) fact {
	return fact{about: about, is: words.Count(n), raw: strconv.FormatInt(n, 10), note: note}
}

// facts are a daemon at a glance.
func (d daemonState) facts() []fact {
	s := d.Status
	all := []fact{readiness(s), {about: "version", is: s.Version}, lateness(s), coverage(d.Names),
		amount("observed changes", int64(s.OpenWindows), ""),
		amount("tracked series", int64(s.TrackedSeries), ""),
		amount("queued inputs", int64(s.QueuedInputs), ""),
		amount("unapplied facts", s.Unapplied.Count, oldest(s.Now, s.Unapplied.Oldest)),
		ledgerFact(s),
	}
	for _, q := range s.Outbox {
		all = append(all, queueFact(s.Now, q))
	}
	return append(all, limitFacts(d.Limits, s.Now)...)
}
