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

	"github.com/shipwake/shipwake/correlate/words"
	"github.com/shipwake/shipwake/sinks/api"
)

// quarantineCommand asks what is held.
type quarantineCommand struct {
	asking
	output string
	limit  int
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
		RunE:    func(cmd *cobra.Command, _ []string) error { return q.run(cmd.Context(), cmd.OutOrStdout()) },
	}
	flags := cmd.Flags()
	flags.IntVar(&q.limit, "limit", 100, "at most so many, up to 1000")
	q.addFlags(flags)
	flags.StringVar(&q.output, "output", "table", "`format`: table or json")
	return cmd
}

func (q *quarantineCommand) run(ctx context.Context, out io.Writer) error {
	if q.output != "table" && q.output != "json" {
		return fmt.Errorf("--output %s: want table or json", q.output)
	}
	daemon, err := q.daemon()
	if err != nil {
		return err
	}
	defer daemon.Close()
	held, err := daemon.Quarantine(ctx, url.Values{"limit": {strconv.Itoa(q.limit)}})
	if err != nil {
		return err
	}
	if q.output == "json" {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(held)
	}
	return quarantineTable(out, held)
}

func quarantineTable(out io.Writer, q api.Quarantine) error {
	if len(q.Held) == 0 {
		_, err := fmt.Fprintln(out, "Nothing is held.")
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "RECEIVED\tSOURCE\tEVENT\tID\tREAD AGAIN\tPROBLEM")
	for _, h := range q.Held {
		again := "by another version"
		if h.Due != nil {
			again = words.Instant(*h.Due)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", words.Instant(h.ReceivedAt), visible(h.Source), visible(h.Event), visible(h.ID), again, visible(h.Problem))
	}
	return w.Flush()
}

// visible is text from outside as a terminal may show it: without control characters, and never empty.
func visible(text string) string {
	quoted := strconv.Quote(text)
	return words.Or(quoted[1 : len(quoted)-1])
}
