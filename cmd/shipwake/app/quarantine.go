package app

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/shipwake/shipwake/cmd/shipwake/app/client"
	"github.com/shipwake/shipwake/cmd/shipwake/app/rows"
	"github.com/shipwake/shipwake/sinks/api"
)

// quarantineCommand asks what is held.
type quarantineCommand struct {
	listing
}

func newQuarantine() *cobra.Command {
	q := &quarantineCommand{}
	cmd := &cobra.Command{
		Use:   "quarantine",
		Short: "List the deliveries that are kept and not applied, and why",
		Long: `Asks the running daemon which deliveries it keeps without applying them, newest first.

Each was authentic and could not be mapped, or is dated in the future. It is read again when its source or the naming rules
change, or when its time has come, and then applied as if it had been read when it was received.`,
		Example: `  shipwake quarantine --limit 20`,
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return q.show(cmd, &q.asking, question{ask: q.ask}) },
	}
	flags := cmd.Flags()
	q.listing.addFlags(flags)
	return cmd
}

func (q *quarantineCommand) ask(ctx context.Context, daemon *client.Client) (rows.View, error) {
	now := time.Now()
	query, err := q.query(now)
	if err != nil {
		return nil, err
	}
	held, said, err := client.Ask[api.Quarantine](ctx, daemon, "/api/v1/quarantine", query)
	if err != nil {
		return nil, err
	}
	return rows.List[api.Held]{Columns: heldColumns(now), Rows: held.Held, Said: said, Empty: "Nothing is held."}, nil
}

func heldColumns(now time.Time) []rows.Column[api.Held] {
	return []rows.Column[api.Held]{
		rows.Time("RECEIVED", now, func(h api.Held) time.Time { return h.ReceivedAt }),
		rows.Text("SOURCE", func(h api.Held) string { return h.Source }),
		rows.Text("EVENT", func(h api.Held) string { return h.Event }),
		rows.Text("ID", func(h api.Held) string { return h.ID }).Middle().AtLeast(12),
		rows.Count("BYTES", func(h api.Held) int64 { return h.Bytes }).InWide(),
		rows.Time("READ AGAIN", now, func(h api.Held) time.Time {
			if h.Due == nil {
				return time.Time{}
			}
			return *h.Due
		}).Unknown(func(api.Held) string { return "by another version" }),
		rows.Text("PROBLEM", func(h api.Held) string { return h.Problem }).AtLeast(24),
	}
}
