package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/shipwake/shipwake/cmd/shipwake/app/rows"
	"github.com/shipwake/shipwake/correlate/ledger/sqlite"
	"github.com/shipwake/shipwake/correlate/words"
)

// outboxCommand looks through the messages that were not delivered.
type outboxCommand struct {
	looking
	dataDir, queue string
	parked, all    bool
	limit          int
}

func newOutbox() *cobra.Command {
	o := &outboxCommand{}
	cmd := &cobra.Command{
		Use:   "outbox",
		Short: "Look through the messages that were not delivered; send them again, or drop them",
		Long: `Shows what waits for a receiver and what was set aside because its receiver didn't take it, from the ledger in the data
directory, whether the daemon runs or not. Run it as the user of the daemon, on the same machine.

A message that was set aside is tried again by itself when the daemon starts or reads its configuration anew. What retry puts
back, a daemon that runs takes up within a minute.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.list(cmd) },
	}
	standard := builtinDataDir
	if dir := os.Getenv("SHIPWAKE_DATA_DIR"); dir != "" {
		standard = dir
	}
	cmd.PersistentFlags().StringVar(&o.dataDir, "data-dir", standard, "`directory` of the ledger (also $SHIPWAKE_DATA_DIR)")
	o.addListFlags(cmd.Flags())
	cmd.PersistentFlags().StringVar(&o.queue, "queue", "", "only the messages of a queue, a `name` such as slack/ops")
	cmd.AddCommand(o.newList(), o.newShow(), o.newRetry(), o.newDrop())
	return cmd
}

func (o *outboxCommand) newList() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List what waits and what was set aside, oldest first", Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.list(cmd) },
	}
	o.addListFlags(cmd.Flags())
	return cmd
}

func (o *outboxCommand) addListFlags(flags *pflag.FlagSet) {
	flags.BoolVar(&o.parked, "parked", false, "only what was set aside")
	flags.IntVar(&o.limit, "limit", 100, "at most so many; 0: all")
	o.looking.addFlags(flags)
}

func (o *outboxCommand) newShow() *cobra.Command {
	return &cobra.Command{
		Use: "show KEY", Short: "Print a message as it is kept", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.print(cmd.Context(), args[0], cmd.OutOrStdout())
		},
	}
}

func (o *outboxCommand) newRetry() *cobra.Command {
	cmd := &cobra.Command{
		Use: "retry [KEY…]", Short: "Put what was set aside back into its queue",
		Example: "  shipwake outbox retry --all --queue slack/ops\n  shipwake outbox retry msg_4f0f1c6c9d1f4b0d9a7f6a3f0a8f2d11",
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.each(cmd.Context(), args, cmd.OutOrStdout(), "will be tried again", (*sqlite.Desk).Retry)
		},
	}
	cmd.Flags().BoolVar(&o.all, "all", false, "all that was set aside")
	return cmd
}

func (o *outboxCommand) newDrop() *cobra.Command {
	cmd := &cobra.Command{
		Use: "drop [KEY…]", Short: "Give up messages for good, as if they had been delivered",
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.each(cmd.Context(), args, cmd.OutOrStdout(), "dropped", (*sqlite.Desk).Drop)
		},
	}
	cmd.Flags().BoolVar(&o.all, "all", false, "all that was set aside; what waits must be named")
	return cmd
}

// list shows messages, once or again and again.
func (o *outboxCommand) list(cmd *cobra.Command) error {
	if err := rows.Format(o.output).Check(); err != nil {
		return fmt.Errorf("--output: %w", err)
	}
	if !o.watch.on {
		return o.once(cmd, o.letters)
	}
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return o.again(ctx, cmd, o.letters, nil, question{})
}

func (o *outboxCommand) letters(ctx context.Context) (rows.View, error) {
	desk, err := sqlite.OpenDesk(ctx, o.dataDir)
	if err != nil {
		return nil, err
	}
	letters, err := desk.Letters(ctx, sqlite.LetterFilter{Sink: o.queue, Parked: o.parked, Limit: o.limit})
	if err = errors.Join(err, desk.Close()); err != nil {
		return nil, err
	}
	said, err := json.Marshal(listedLetters(letters))
	return rows.List[sqlite.Letter]{Columns: letterColumns(time.Now()), Rows: letters, Said: said, Empty: "Everything was delivered."}, err
}

// listedLetter is a message in JSON, without its body.
type listedLetter struct {
	Queue    string    `json:"queue"`
	Key      string    `json:"key"`
	About    string    `json:"about"`
	QueuedAt time.Time `json:"queued_at"`
	ParkedAt time.Time `json:"parked_at,omitzero"` // when it was set aside; absent while it waits
}

func listedLetters(all []sqlite.Letter) any {
	list := make([]listedLetter, len(all))
	for i, l := range all {
		list[i] = listedLetter{l.Sink, l.Key, l.Subject, l.QueuedAt.UTC(), l.ParkedAt.UTC()}
	}
	return map[string]any{"messages": list}
}

func letterColumns(now time.Time) []rows.Column[sqlite.Letter] {
	type letter = sqlite.Letter
	return []rows.Column[letter]{
		rows.Time("QUEUED", now, func(l letter) time.Time { return l.QueuedAt }),
		rows.Text("QUEUE", func(l letter) string { return l.Sink }),
		rows.Text("STATE", func(l letter) string {
			if l.ParkedAt.IsZero() {
				return "waits"
			}
			return "set aside"
		}),
		rows.Time("SET ASIDE", now, func(l letter) time.Time { return l.ParkedAt }).InWide(),
		rows.Text("KEY", func(l letter) string { return l.Key }).AtLeast(36),
		rows.Text("ABOUT", func(l letter) string { return l.Subject }).Middle().AtLeast(12),
	}
}

func stateOf(l sqlite.Letter) string {
	if l.ParkedAt.IsZero() {
		return "waits"
	}
	return "set aside " + words.Instant(l.ParkedAt)
}

func (o *outboxCommand) print(ctx context.Context, key string, out io.Writer) error {
	desk, err := sqlite.OpenDesk(ctx, o.dataDir)
	if err != nil {
		return err
	}
	letters, err := desk.Letters(ctx, sqlite.LetterFilter{Sink: o.queue, Key: key})
	if err = errors.Join(err, desk.Close()); err != nil {
		return err
	}
	if len(letters) == 0 {
		return o.unknown(key)
	}
	for _, l := range letters {
		fmt.Fprintf(out, "queue    %s\nkey      %s\nabout    %s\nqueued   %s\nstate    %s\n", rows.Visible(l.Sink), rows.Visible(l.Key), rows.Visible(l.Subject), words.Instant(l.QueuedAt), stateOf(l))
		if l.Receipt != nil {
			fmt.Fprintf(out, "receipt  %s\n", rows.Visible(string(l.Receipt)))
		}
		fmt.Fprintf(out, "\n%s\n", payloadOf(l.Payload))
	}
	return nil
}

// payloadOf lays JSON out; anything else is shown without control characters.
func payloadOf(payload []byte) string {
	var b bytes.Buffer
	if json.Indent(&b, payload, "", "  ") == nil {
		return b.String()
	}
	return rows.Visible(string(payload))
}

// each does something to the messages that are named, or to all that were set aside.
func (o *outboxCommand) each(ctx context.Context, keys []string, out io.Writer, done string,
	do func(*sqlite.Desk, context.Context, sqlite.LetterFilter) (int64, error),
) error {
	if (len(keys) > 0) == o.all {
		return errors.New("name the keys of messages, or give --all for everything that was set aside; shipwake outbox list shows them")
	}
	desk, err := sqlite.OpenDesk(ctx, o.dataDir)
	if err != nil {
		return err
	}
	n, err := o.apply(ctx, desk, keys, do)
	if err = errors.Join(err, desk.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s: %s\n", plural(n, "message"), done)
	return err
}

func (o *outboxCommand) apply(ctx context.Context, desk *sqlite.Desk, keys []string,
	do func(*sqlite.Desk, context.Context, sqlite.LetterFilter) (int64, error),
) (int64, error) {
	if o.all {
		return do(desk, ctx, sqlite.LetterFilter{Sink: o.queue, Parked: true})
	}
	var all int64
	for _, key := range keys {
		n, err := do(desk, ctx, sqlite.LetterFilter{Sink: o.queue, Key: key})
		if err == nil && n == 0 {
			err = o.unknown(key)
		}
		if err != nil {
			return all, err
		}
		all += n
	}
	return all, nil
}

func (o *outboxCommand) unknown(key string) error {
	where := "here"
	if o.queue != "" {
		where = "in the queue " + o.queue
	}
	return fmt.Errorf("no message with the key %s is %s, or it isn't set aside; shipwake outbox list shows them", strings.TrimSpace(rows.Visible(key)), where)
}

func plural(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return words.Count(n) + " " + what + "s"
}
