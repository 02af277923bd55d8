// Package app answers: how is the program put together, and what can one ask of it?
//
// It is wiring and commands: it lists the components, turns flags into configuration, and prints answers. It is the
// only package that sees both sides, and it decides nothing about changes.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/shipwake/shipwake/cmd/shipwake/app/complete"
)

// Main runs the command line and returns the exit code. It returns when the command is done or ctx ends.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	ran, err := root.ExecuteContextC(ctx)
	var exit *exitError
	switch {
	case err == nil:
		return 0
	case !errors.As(err, &exit):
		exit = &exitError{code: exitFailed, err: err}
	}
	if exit.err != nil {
		fmt.Fprintln(stderr, "shipwake:", explainFlag(exit.err, ran))
	}
	return exit.code
}

// exitError is an exit code with something to say, or without when err is nil.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// Commands is the command line, for what is made of its help.
func Commands() *cobra.Command { return newRoot() }

func newRoot() *cobra.Command {
	d := &daemon{}
	root := &cobra.Command{
		Use:   "shipwake",
		Short: "Shipwake tells what each deployment did to your services",
		Long: `Shipwake takes in changes (deploys, rollbacks, flag flips), incidents and OpenTelemetry data, judges every
change (healthy, regressed or inconclusive, with the evidence), and keeps your DORA numbers.

Without a command it runs the daemon. With no arguments at all that is the built-in configuration:

  127.0.0.1:4317   OTLP over gRPC         point OTEL_EXPORTER_OTLP_ENDPOINT here
  127.0.0.1:4318   OTLP over HTTP         or here
  127.0.0.1:8787   webhooks               /hooks/{generic,github,gitlab,argocd,…}: GET /hooks/ lists them
  127.0.0.1:8788   pages and answers      /  /metrics  /api/v1/changes  /-/healthy  /-/ready`,
		Example: `  shipwake demo                                  see it work, in about a minute
  shipwake                                       run the daemon
  shipwake init                                  set up an installation of your own, by five questions
  shipwake config > shipwake.yaml                or by hand, from the built-in configuration
  shipwake --config shipwake.yaml                run with it
  shipwake verdict checkout-4711 --wait 20m      did my deploy hurt? (exit code 0: healthy, 1: regressed)`,
		Version:       versionLine(),
		Args:          noArguments,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return d.run(cmd.Context()) },
	}
	root.SetVersionTemplate("{{.Version}}\n")
	d.addFlags(root)
	root.AddCommand(
		newInit(), newDemo(), newDoctor(), newValidate(), newConfig(), newComponents(),
		newChange(), newIncident(), newCheck(), newNote(), newCommits(), newImport(), newSource(),
		newVerdict(), newGate(), newChanges(), newRegressions(), newIncidents(), newRollbacks(), newDORA(), newTop(),
		newStatus(), newNames(), newQuarantine(), newOutbox(), newSink(), newPrometheus(), newExport(), newReplay(), newBackup(),
		newProfiles(), newHealthcheck(), newVersion(),
	)
	complete.Tree(root, daemonOf)
	return root
}

// noArguments refuses arguments, and says so in words when one was probably meant as a command.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		if watch := cmd.Flag("watch"); watch != nil && watch.Changed && (&watching{}).Set(args[0]) == nil {
			return fmt.Errorf("--watch %s: an interval is written --watch=%s", args[0], args[0])
		}
		return fmt.Errorf("unknown command %q; %s --help lists the commands", args[0], cmd.CommandPath())
	}
	return nil
}
