package app

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"syscall"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/featuregate"
	"go.opentelemetry.io/collector/otelcol"

	"github.com/shipwake/shipwake/collector/host"
	"github.com/shipwake/shipwake/internal/systemd"
)

// daemon is the command that runs the Collector with our components.
type daemon struct {
	configFlags
	// dataDir is where the ledger is kept; "" leaves it to the configuration.
	dataDir string
	// ownSignals: the caller ends the daemon by its context, so SIGINT and SIGTERM are not the daemon's business.
	ownSignals bool
	health     host.Health // nil: nobody is told
}

func (d *daemon) addFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&d.configs, "config", nil,
		"configuration `file` or URI; several are merged, later ones win (default "+builtinDefault+")")
	flags.StringArrayVar(&d.sets, "set", nil, "set one `key=value` of the configuration, e.g. extensions.correlate.lateness=1m")
	d.addEnvFiles(flags)
	flags.StringVar(&d.dataDir, "data-dir", os.Getenv("SHIPWAKE_DATA_DIR"),
		"`directory` of the ledger, instead of the configured one (also $SHIPWAKE_DATA_DIR)")
	gates := flag.NewFlagSet("", flag.ContinueOnError)
	featuregate.GlobalRegistry().RegisterFlags(gates)
	flags.AddGoFlagSet(gates)
	flags.Lookup("feature-gates").Hidden = true
}

// run runs the daemon until ctx ends or a signal stops it. SIGHUP reads the configuration again.
func (d *daemon) run(ctx context.Context) error {
	if !d.ownSignals {
		// The Collector hears signals only once all components have started: one that came before would kill the daemon.
		var stop context.CancelFunc
		ctx, stop = signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
		defer stop()
		defer d.tellSystemd(ctx)()
	}
	set, err := d.settings()
	if err != nil {
		return err
	}
	collector, err := otelcol.NewCollector(set)
	if err != nil {
		return err
	}
	err = collector.Run(ctx)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil // while it started
	}
	return redact(explain(err, set))
}

// tellSystemd has the service manager told how the daemon is, until ctx ends or the function is called that it returns.
func (d *daemon) tellSystemd(ctx context.Context) (end func()) {
	ctx, stop := context.WithCancel(ctx)
	notifier := systemd.New(ctx.Done())
	d.health = notifier
	var done sync.WaitGroup
	done.Go(notifier.Run)
	return func() { stop(); done.Wait() }
}

// validate reads and checks the configuration without starting anything.
func (d *daemon) validate(ctx context.Context) error {
	set, err := d.settings()
	if err != nil {
		return err
	}
	collector, err := otelcol.NewCollector(set)
	if err != nil {
		return err
	}
	return redact(explain(collector.DryRun(ctx), set))
}

func (d *daemon) settings() (otelcol.CollectorSettings, error) {
	uris, err := d.uris()
	if err != nil {
		return otelcol.CollectorSettings{}, err
	}
	set, err := settings(uris, d.dataDir, d.health, d.envFiles...)
	set.DisableGracefulShutdown = true // see run
	return set, err
}

// settings is how the Collector is embedded. The factories are made once and given out at every reload, because the
// reducers and counters that they hold must outlive the components.
func settings(uris []string, dataDir string, health host.Health, envFiles ...string) (otelcol.CollectorSettings, error) {
	factories, err := newFactories(dataDir, health)
	if err != nil {
		return otelcol.CollectorSettings{}, fmt.Errorf("listing the components: %w", err)
	}
	info, _ := debug.ReadBuildInfo()
	return otelcol.CollectorSettings{
		BuildInfo: component.BuildInfo{
			Command:     "shipwake",
			Description: "Shipwake, an OpenTelemetry Collector that judges changes",
			Version:     number(info),
		},
		Factories:              func() (otelcol.Factories, error) { return factories, nil },
		ConfigProviderSettings: otelcol.ConfigProviderSettings{ResolverSettings: resolver(uris, envFiles...)},
		LoggingOptions:         logging(),
	}, nil
}

func newValidate() *cobra.Command {
	d := &daemon{}
	cmd := &cobra.Command{
		Use:   "validate",
		Short: "Check the configuration without running anything",
		Long: `Reads the configuration as the daemon would, makes its components and starts none of them. It names the key that is wrong and
what would be right; the exit code is then 1.`,
		Example: `  shipwake validate --config shipwake.yaml
  shipwake validate --config builtin:default --config mine.yaml --set=extensions.correlate.lateness=1m`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := d.validate(cmd.Context()); err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), "The configuration is valid.")
			return nil
		},
	}
	d.addFlags(cmd)
	return cmd
}

func newConfig() *cobra.Command {
	return &cobra.Command{
		Use:   "config",
		Short: "Print the built-in configuration, with comments",
		Long: `Prints the configuration of a daemon that was given none, to begin your own with. Each key has a comment that says what it
does; docs/reference/config.md lists all there are.`,
		Example: `  shipwake config > shipwake.yaml`,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := cmd.OutOrStdout().Write(defaultConfig)
			return err
		},
	}
}

// newComponents is the Collector's own listing, and which way the configured pipelines take in requests.
func newComponents() *cobra.Command {
	d := &daemon{}
	cmd := &cobra.Command{
		Use:     "components",
		Short:   "List the Collector components in this binary",
		Long:    "List the Collector components in this binary, and how the OTLP receivers of the configuration read requests in\nprotobuf: direct, or decoded because of what stands in their pipelines.",
		Example: `  shipwake components --config shipwake.yaml`,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			set, err := d.settings()
			if err != nil {
				return err
			}
			list := otelcol.NewCommand(set)
			list.SetArgs([]string{"components"})
			list.SetOut(cmd.OutOrStdout())
			if err := list.ExecuteContext(cmd.Context()); err != nil {
				return err
			}
			return redact(explain(writeWays(cmd.Context(), cmd.OutOrStdout(), set), set))
		},
	}
	d.addFlags(cmd)
	return cmd
}
