package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/words"
	"github.com/shipwake/shipwake/sinks/api"
)

// noteCommand tells the daemon what a person says.
type noteCommand struct {
	asking
	said api.Said
}

func newNote() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "note",
		Short: "Say what you know of a verdict, a change or an incident",
		Long: `Tells the running daemon what a person knows: a verdict was seen, it was not this change (or it was), a change has a label, an
incident has another cause. What was judged stays; DORA numbers, incidents, the gate, metrics and messages follow what people say.

Who says it is whom the daemon authenticates, and needs the role operator. Each is taken back by the same with --withdraw.`,
		Example: `  shipwake note ack checkout-7 --reason "looking into it"
  shipwake note overrule checkout-7 --reason "the cache of the cart was cold" --caused-by cart-3
  shipwake note label checkout-7 class=emergency
  shipwake note link PD-12 cart-3 --reason "same stack trace"
  shipwake note overrule checkout-7 --withdraw`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		noteOf(correlate.NoteAcknowledge, "ack CHANGE", "The verdict was seen: it is told again only when it gets worse"),
		noteOf(correlate.NoteOverrule, "overrule CHANGE", "It was not this change"),
		noteOf(correlate.NoteConfirm, "confirm CHANGE", "It was this change"),
		noteOf(correlate.NoteLabel, "label CHANGE NAME=VALUE", "The change has a label, whatever its sender says"),
		noteOf(correlate.NoteLink, "link INCIDENT {CHANGE | none}", "A change, or none, caused the incident"),
	)
	return cmd
}

// noteOf is the command for one kind of note.
func noteOf(kind correlate.NoteKind, use, short string) *cobra.Command {
	n := &noteCommand{said: api.Said{Kind: kind}}
	cmd := &cobra.Command{
		Use: use, Short: short, Args: cobra.MaximumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := n.take(args); err != nil {
				return err
			}
			return n.run(cmd.Context(), cmd.OutOrStdout())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&n.said.Reason, "reason", "", "`why`")
	flags.BoolVar(&n.said.Withdrawn, "withdraw", false, "take back what was said on this")
	if kind == correlate.NoteOverrule {
		flags.StringVar(&n.said.CausedBy, "caused-by", "", "the `change` that did it instead")
	}
	n.asking.addFlags(flags)
	return cmd
}

// take reads the arguments: what it is about, and for some kinds what is said of it.
func (n *noteCommand) take(args []string) error {
	if len(args) == 0 {
		return errors.New("of what? Give the id of a change, or of an incident for link")
	}
	about, rest := args[0], strings.Join(args[1:], "")
	switch n.said.Kind {
	case correlate.NoteLink:
		n.said.Incident, n.said.CausedBy = about, rest
		if rest == "" && !n.said.Withdrawn {
			return errors.New("to what? Give the id of the change that caused it, or none")
		}
		return nil
	case correlate.NoteLabel:
		var found bool
		n.said.Change = about
		n.said.Label, n.said.Value, found = strings.Cut(rest, "=")
		if n.said.Label == "" || (!found && !n.said.Withdrawn) {
			return errors.New("which label? Give NAME=VALUE, such as class=emergency; to withdraw it, NAME")
		}
		return nil
	}
	n.said.Change = about
	if rest != "" {
		return fmt.Errorf("unknown argument %q; a text goes with --reason", rest)
	}
	return nil
}

func (n *noteCommand) run(ctx context.Context, out io.Writer) error {
	daemon, err := n.daemon()
	if err != nil {
		return err
	}
	defer daemon.Close()
	kept, err := daemon.Say(ctx, n.said)
	if err != nil {
		return noAnswer(err)
	}
	_, err = fmt.Fprintln(out, words.Note(kept.Note))
	return err
}
