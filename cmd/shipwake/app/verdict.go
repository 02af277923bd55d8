package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/shipwake/shipwake/cmd/shipwake/app/client"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/span"
	"github.com/shipwake/shipwake/sinks/api"
)

// askEvery is how often a waiting command asks again.
const askEvery = time.Second

// verdictCommand asks for one change's verdict.
type verdictCommand struct {
	asking
	oneChange
	output  string
	wait    time.Duration
	history bool
}

func newVerdict() *cobra.Command {
	v := &verdictCommand{}
	cmd := &cobra.Command{
		Use:   "verdict {ID | --service NAME --version VERSION}",
		Short: "Say what a change did, and why; the exit code is the answer",
		Long: `Asks the running daemon what a change did and prints the evidence.

The exit code is the answer, for use in a pipeline:
  0  healthy
  1  regressed
  2  inconclusive
  3  unknown: no such change, no verdict in time, or the daemon could not be asked`,
		Example: `  shipwake verdict checkout-4711
  shipwake verdict --service checkout --version v2 --wait 20m`,
		Args: func(cmd *cobra.Command, args []string) error {
			if err := cobra.MaximumNArgs(1)(cmd, args); err != nil {
				return &exitError{exitUnknown, err}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			v.take(args)
			return v.run(cmd.Context(), cmd.OutOrStdout())
		},
	}
	flags := cmd.Flags()
	v.oneChange.addFlags(flags)
	span.Var(flags, &v.wait, "wait", 0, "wait so long for the change and for a verdict, e.g. 20m; healthy takes 15m and more")
	flags.BoolVar(&v.history, "history", false, "also say when and why the record of the change became what it is")
	v.asking.addFlags(flags)
	flags.StringVar(&v.output, "output", "text", "`format`: text or json")
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &exitError{exitUnknown, err} })
	return cmd
}

// run prints the verdict and returns its exit code as an error.
func (v *verdictCommand) run(ctx context.Context, out io.Writer) error {
	answer, err := v.ask(ctx)
	if err != nil {
		return &exitError{exitUnknown, err}
	}
	if err := v.print(out, answer); err != nil {
		return &exitError{exitUnknown, err}
	}
	code := exitCode(answer.said.Change.Verdict)
	if code == exitHealthy {
		return nil
	}
	return &exitError{code: code}
}

func exitCode(v *correlate.Verdict) int {
	switch {
	case v == nil:
		return exitUnknown
	case v.Outcome == correlate.Healthy:
		return exitHealthy
	case v.Outcome == correlate.Regressed:
		return exitRegressed
	}
	return exitInconclusive
}

func (v *verdictCommand) print(out io.Writer, answer verdictAnswer) error {
	if v.output == "json" {
		return printJSON(out, answer.text)
	}
	said := why(answer.said)
	if v.history {
		said += history(answer.said.Revisions)
	}
	_, err := io.WriteString(out, said)
	return err
}

// printJSON writes what the daemon said, indented.
func printJSON(out io.Writer, said json.RawMessage) error {
	var text bytes.Buffer
	if err := json.Indent(&text, said, "", "  "); err != nil {
		return err
	}
	text.WriteByte('\n')
	_, err := text.WriteTo(out)
	return err
}

// verdictAnswer is what the daemon said of a change: as far as this program understands it, and as it was said.
type verdictAnswer struct {
	said api.Change
	text json.RawMessage
}

func (v *verdictCommand) check() error {
	if err := v.oneChange.check(); err != nil {
		return err
	}
	switch {
	case v.output != "text" && v.output != "json":
		return fmt.Errorf("--output %s: want text or json", v.output)
	case v.wait < 0:
		return fmt.Errorf("--wait %s: must not be negative", v.wait)
	}
	return nil
}

// ask asks until there is an answer that will do, or time is up; then whatever is known is the answer.
func (v *verdictCommand) ask(ctx context.Context) (verdictAnswer, error) {
	if err := v.check(); err != nil {
		return verdictAnswer{}, err
	}
	daemon, err := v.daemon()
	if err != nil {
		return verdictAnswer{}, err
	}
	defer daemon.Close()
	until := time.Now().Add(v.wait)
	for {
		answer, err := v.find(ctx, daemon)
		if err == nil && decided(answer.said.Change.Verdict) {
			return answer, nil
		}
		if time.Until(until) < askEvery {
			return answer, err
		}
		select {
		case <-ctx.Done():
			return answer, ctx.Err()
		case <-time.After(askEvery):
		}
	}
}

// decided: an inconclusive verdict may still become something better until the window closes.
func decided(v *correlate.Verdict) bool {
	return v != nil && (v.Final || v.Outcome != correlate.Inconclusive)
}

// find asks once. By service and version it takes the newest change.
func (v *verdictCommand) find(ctx context.Context, daemon *client.Client) (verdictAnswer, error) {
	id := v.id
	if id == "" {
		found, err := daemon.Changes(ctx, url.Values{
			"service": {v.service}, "version": {v.version}, "environment": {v.environment}, "limit": {"1"},
		})
		if err != nil {
			return verdictAnswer{}, err
		}
		if len(found.Changes) == 0 {
			return verdictAnswer{}, fmt.Errorf("%w: nobody reported %s %s in %s", client.ErrNotFound, v.service, v.version, v.environment)
		}
		id = found.Changes[0].ID
	}
	answer, err := fetch(ctx, daemon, id)
	if into := answer.said.Change.MergedInto; err == nil && into != "" && into != id {
		return fetch(ctx, daemon, into)
	}
	return answer, err
}

func fetch(ctx context.Context, daemon *client.Client, id string) (answer verdictAnswer, err error) {
	if answer.text, err = daemon.ChangeText(ctx, id); err != nil {
		return verdictAnswer{}, err
	}
	if err := json.Unmarshal(answer.text, &answer.said); err != nil {
		return verdictAnswer{}, fmt.Errorf("the daemon answered what can't be read: %w", err)
	}
	return answer, nil
}
