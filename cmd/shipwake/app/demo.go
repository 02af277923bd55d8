package app

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/shipwake/shipwake/cmd/shipwake/app/demo"
)

func newDemo() *cobra.Command {
	var exit bool
	var company companyFlags
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See it work: a small shop, five deploys and a rollback, about a minute",
		Long: `Starts a daemon on free ports with a temporary data directory, and a small shop of services instrumented with
OpenTelemetry under load. Tells the daemon 90 days of the past, then deploys: something healthy, something that fails,
something slow, two things at the same time, and a rollback. Shows what Shipwake finds, and keeps running until Ctrl-C.

The exit code is 1 when a verdict differs from what the demo injected, or can't be told because this machine was too
busy for the shop to keep its rate. Colours are for terminals; NO_COLOR=1 turns them off.

With --month it is a month of a made-up company instead: 40 services of 12 teams with deploys, canaries, rollbacks, flags,
incidents, late and corrected facts and quiet nights, lived through by the daemon's own engine in about a minute. It leaves a
ledger, which the daemon then runs on, and the data of a Prometheus that would have scraped it every minute. Of telemetry
there is what is measured around changes and troubles, in buckets of 30 seconds; in the last hours, of all services. The same
--seed and --until make the same month.`,
		Example: `  shipwake demo
  shipwake demo --exit
  shipwake demo --month`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			screen := terminal(cmd.OutOrStdout())
			o := demo.Options{Daemon: runDemoDaemon, Out: cmd.OutOrStdout(), Terminal: screen, Colours: colours(screen), Exit: exit}
			if company.month {
				return company.show(ctx, o)
			}
			return demo.Run(ctx, o)
		},
	}
	cmd.Flags().BoolVar(&exit, "exit", false, "end after the last verdict, or once the month is over")
	company.add(cmd)
	return cmd
}

// companyFlags say what to show of a made-up company.
type companyFlags struct {
	month bool
	dir   string
	seed  uint64
	days  int
	until string
}

func (c *companyFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&c.month, "month", false, "a month of a company of 40 services, in about a minute")
	flags.StringVar(&c.dir, "dir", "", "`directory` that keeps the month's ledger and Prometheus' data, instead of a temporary one")
	flags.Uint64Var(&c.seed, "seed", 1, "another `number` is another month")
	flags.IntVar(&c.days, "days", 30, "how many `days` the month has, at most 90")
	flags.StringVar(&c.until, "until", "", "when the month ends, as an RFC 3339 `time`, instead of now")
}

func (c *companyFlags) show(ctx context.Context, o demo.Options) error {
	const most = 90
	if c.days < 1 || c.days > most {
		return fmt.Errorf("--days %d: want 1 to %d", c.days, most)
	}
	until := time.Now()
	if c.until != "" {
		var err error
		if until, err = time.Parse(time.RFC3339, c.until); err != nil {
			return fmt.Errorf("--until: %q: want a time as 2026-11-30T14:00:00Z", c.until)
		}
	}
	o.Daemon = runMonthDaemon
	info, _ := debug.ReadBuildInfo()
	return demo.Month(ctx, demo.MonthOptions{Options: o, Dir: c.dir, Seed: c.seed, Until: until, Days: c.days, Version: number(info)})
}

// runMonthDaemon runs the daemon with the default configuration.
func runMonthDaemon(ctx context.Context, sets []string, dataDir string) error {
	d := &daemon{configFlags: configFlags{configs: []string{builtinDefault}, sets: sets}, dataDir: dataDir, ownSignals: true}
	return d.run(ctx)
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
