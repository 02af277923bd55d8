package app

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/shipwake/shipwake/cmd/shipwake/app/demo"
)

func newDemo() *cobra.Command {
	var exit bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See it work: a small shop, five deploys and a rollback, about a minute",
		Long: `Starts a daemon on free ports with a temporary data directory, and a small shop of services instrumented with
OpenTelemetry under load. Tells the daemon 90 days of the past, then deploys: something healthy, something that fails,
something slow, two things at the same time, and a rollback. Shows what Shipwake finds, and keeps running until Ctrl-C.

The exit code is 1 when a verdict differs from what the demo injected, or can't be told because this machine was too
busy for the shop to keep its rate. Colours are for terminals; NO_COLOR=1 turns them off.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			screen := terminal(cmd.OutOrStdout())
			return demo.Run(ctx, demo.Options{
				Daemon: runDemoDaemon, Out: cmd.OutOrStdout(), Terminal: screen, Colours: colours(screen), Exit: exit,
			})
		},
	}
	cmd.Flags().BoolVar(&exit, "exit", false, "end after the last verdict")
	return cmd
}

// runDemoDaemon runs the daemon as from the command line, with the demo's configuration over the default one.
func runDemoDaemon(ctx context.Context, sets []string, dataDir string) error {
	d := &daemon{
		configFlags: configFlags{configs: []string{builtinDefault, builtinDemo}, sets: sets},
		dataDir:     dataDir,
		ownSignals:  true,
	}
	return d.run(ctx)
}

// terminal says whether a writer is a screen that can be drawn over.
func terminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// colours says whether to write in colours: on a screen, unless its user wants none (https://no-color.org).
func colours(screen bool) bool { return screen && os.Getenv("NO_COLOR") == "" }
