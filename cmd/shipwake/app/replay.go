package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/shipwake/shipwake/cmd/shipwake/app/replay"
	"github.com/shipwake/shipwake/correlate/engine"
)

func newReplay() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "replay CASE…",
		Short: "Say what the daemon would have said about recorded cases",
		Long: `Reads folders with facts.jsonl and *.otlp.jsonl, drives the daemon's own engine by their event time, and writes one
JSON object a line: verdicts and regressions, in the order they were decided.

The exit code is 0 when every case could be read, whatever the verdicts, and 1 with the file and line number otherwise.`,
		Example: `  shipwake replay cases/slow-release cases/two-at-once
  shipwake replay --out verdicts.jsonl cases/*`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, cases []string) error {
			if file == "" {
				return replayTo(cmd.Context(), cases, cmd.OutOrStdout())
			}
			return replayInto(cmd.Context(), cases, file)
		},
	}
	cmd.Flags().StringVar(&file, "out", "", "write to this `file` instead of the standard output")
	return cmd
}

func replayTo(ctx context.Context, cases []string, out io.Writer) error {
	buffered := bufio.NewWriter(out)
	return errors.Join(replay.Run(ctx, cases, buffered, engine.DefaultConfig()), buffered.Flush())
}

func replayInto(ctx context.Context, cases []string, file string) error {
	out, err := os.Create(file)
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	return errors.Join(replayTo(ctx, cases, out), out.Close())
}
